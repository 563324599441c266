"""Understands a question: whether it asks anything, in which language, about what, and what it takes from earlier questions."""

from assistant.question.history import is_elliptical
from assistant.question.names import is_acronym, is_named, name_forms
from assistant.question.question import LONGEST_QUESTION, Phrasing, Question, encodable, parts_of, understand

__all__ = [
    "LONGEST_QUESTION",
    "Phrasing",
    "Question",
    "encodable",
    "is_acronym",
    "is_elliptical",
    "is_named",
    "name_forms",
    "parts_of",
    "understand",
]
