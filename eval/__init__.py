"""Measures. Questions with gold quotes or pages enter; a scored row per question leaves.

This room has no way to an answer of its own: it asks the `Assistant`, and searches the `Index` that the assistant searches.
"""

from eval.questions import TestQuestion, read_questions
from eval.run import AnswerRow, PageRow, answer_rows, page_rows

__all__ = ["AnswerRow", "PageRow", "TestQuestion", "answer_rows", "page_rows", "read_questions"]
