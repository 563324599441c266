"""Keeps what was asked, if the operator wants that."""

import logging
from collections.abc import Sequence

from assistant import Answer, Feedback
from corpus import LibraryError

_log = logging.getLogger(__name__)


def keep(feedback: Feedback | None, answer: Answer, history: Sequence[str]) -> str | None:
    """Keep a question with its answer; the id to judge it by. None if nothing is kept: a reader gets the answer all the same."""
    try:
        return feedback.keep(answer, history) if feedback else None
    except LibraryError as error:
        _log.warning("A question was not kept: %s", error)
        return None
