"""Answers. A question with its history enters; one `Answer` leaves.

This room never words anything for a screen: reasons are codes, and the sentences are the documents' own.
"""

from assistant.answer import Answer, Citation, Reason, Sentence, Status
from assistant.assistant import Assistant
from assistant.evidence import Evidence, Reader, SentenceReader
from assistant.feedback import Feedback, Kept
from assistant.settings import Settings

__all__ = [
    "Answer",
    "Assistant",
    "Citation",
    "Evidence",
    "Feedback",
    "Kept",
    "Reader",
    "Reason",
    "Sentence",
    "SentenceReader",
    "Settings",
    "Status",
]
