"""Answers. A question with its history enters; one `Answer` leaves.

This room never words anything for a screen: reasons are codes, and the sentences are the documents' own.
"""

from assistant.answer import Answer, Citation, Reason, Sentence, Status
from assistant.assistant import Assistant
from assistant.evidence import Evidence, Reader, SentenceReader
from assistant.feedback import Feedback, Kept
from assistant.question import Question
from assistant.refusal import Caution
from assistant.settings import Settings

__all__ = [
    "Answer",
    "Assistant",
    "Caution",
    "Citation",
    "Evidence",
    "Feedback",
    "Kept",
    "Question",
    "Reader",
    "Reason",
    "Sentence",
    "SentenceReader",
    "Settings",
    "Status",
]
