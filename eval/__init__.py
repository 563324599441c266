"""Measures quality. Questions with gold quotes or pages enter; a scored run leaves: a row per question, and figures of all rows.

This room has no private way to an answer: it asks the `Assistant`, and searches as the assistant does.
"""

from eval.compare import Change, compare
from eval.confidence import Bin
from eval.drafts import drafts
from eval.figures import MORE_IS_NOT_BETTER, Curves, Figure, curves, figures
from eval.questions import TestQuestion, read_questions, shipped_questions
from eval.run import QuestionResult, QuotedRange, ask_all
from eval.run_file import read_run, run_file
from eval.sets import QuestionSet, read_sets, shipped_sets
from eval.squad import Article, LeftOut, read_squad

__all__ = [
    "MORE_IS_NOT_BETTER",
    "Article",
    "Bin",
    "Change",
    "Curves",
    "Figure",
    "LeftOut",
    "QuestionResult",
    "QuestionSet",
    "QuotedRange",
    "TestQuestion",
    "ask_all",
    "compare",
    "curves",
    "drafts",
    "figures",
    "read_questions",
    "read_run",
    "read_sets",
    "read_squad",
    "run_file",
    "shipped_questions",
    "shipped_sets",
]
