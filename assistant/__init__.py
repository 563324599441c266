"""Answers. A question with its history enters; one `Answer` leaves.

This room never words anything for a screen: reasons are codes, and the sentences are the documents' own.
"""

from assistant.answer import Answer, Citation, Reason, Sentence, Status
from assistant.assistant import Assistant
from assistant.evidence import Evidence, Reader, SentenceReader
from assistant.feedback import LONGEST_COMMENT, Feedback, Kept
from assistant.question import LONGEST_QUESTION, Question
from assistant.refusal import Caution
from assistant.settings import Settings

__all__ = [
    "LONGEST_COMMENT",
    "LONGEST_QUESTION",
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
