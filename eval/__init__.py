"""Measures. Questions with gold quotes or pages enter; a scored run leaves: a row per question, and figures derived from them.

This room has no way to an answer of its own: it asks the `Assistant`, and searches the `Index` that the assistant searches.
"""

from eval.calibration import Bin
from eval.drafts import drafts
from eval.figures import LESS_IS_BETTER, Change, Curves, Figure, compare, curves, figures, read_run, run_file
from eval.questions import TestQuestion, read_questions, shipped_questions
from eval.run import GoldPlace, QuestionResult, ask_all
from eval.squad import Article, LeftOut, read_squad

__all__ = [
    "LESS_IS_BETTER",
    "Article",
    "Bin",
    "Change",
    "Curves",
    "Figure",
    "GoldPlace",
    "LeftOut",
    "QuestionResult",
    "TestQuestion",
    "ask_all",
    "compare",
    "curves",
    "drafts",
    "figures",
    "read_questions",
    "read_run",
    "read_squad",
    "run_file",
    "shipped_questions",
]
