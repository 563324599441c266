"""Answers questions. A question with its history enters; one `Answer` leaves.

This room never words anything for a screen: reasons are codes, and sentences are quoted from the documents.
"""

from assistant.answer import Answer, Citation, Reason, Sentence, Status
from assistant.assistant import Assistant
from assistant.compose import Composer
from assistant.decision import Caution
from assistant.errors import QuestionError, SettingsError
from assistant.feedback import LONGEST_COMMENT, Feedback, KeptQuestion
from assistant.open_library import open_library
from assistant.question import LONGEST_QUESTION, Question
from assistant.ranking import Evidence, Ranker, SentenceRanker
from assistant.settings import Settings
from assistant.vocabulary import Vocabulary

__all__ = [
    "LONGEST_COMMENT",
    "LONGEST_QUESTION",
    "Answer",
    "Assistant",
    "Caution",
    "Citation",
    "Composer",
    "Evidence",
    "Feedback",
    "KeptQuestion",
    "Question",
    "QuestionError",
    "Ranker",
    "Reason",
    "Sentence",
    "SentenceRanker",
    "Settings",
    "SettingsError",
    "Status",
    "Vocabulary",
    "open_library",
]
