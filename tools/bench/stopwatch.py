"""Times the steps of a question at the borders between the parts, without changing any of them."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from assistant import Assistant, SentenceRanker, assistant
from assistant.model import CrossEncoder
from index import Index, LocalStore

CROSS_ENCODER = "cross-encoder"
ENCODE_QUESTION = "encode the question"
REST = "all the rest"


def steps_of(asked: Assistant) -> dict[str, tuple[Any, str]]:
    """Return the steps of a question to this assistant by name: the object or module whose function a step is, and its name."""
    return {
        "understand the question": (assistant, "understand"),
        "find passages, fuse them": (Index, "search"),
        "nearest by vectors": (LocalStore, "dense"),
        "nearest by words": (LocalStore, "lexical"),
        "weigh sentences": (SentenceRanker, "rank"),
        CROSS_ENCODER: (CrossEncoder, "score"),
        ENCODE_QUESTION: (type(asked.encoder), "questions"),
        "decide": (assistant, "decide"),
        "compose": (asked, "_compose"),
    }


@contextmanager
def stopwatch(steps: Mapping[str, tuple[Any, str]]) -> Iterator[dict[str, float]]:
    """Yield a dictionary that adds up the seconds of each step while the block runs, less those of the steps that it calls.

    `steps` are as `steps_of` returns them. It is meant for questions asked one after the other in one thread.
    """
    seconds: dict[str, float] = defaultdict(float)
    called = [0.0]  # for each step under way, the seconds of the steps that it called

    def timing(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the function takes and returns
            started = time.perf_counter()
            called.append(0.0)
            try:
                return call(*arguments, **named)
            finally:
                taken = time.perf_counter() - started
                seconds[name] += taken - called.pop()
                called[-1] += taken

        return timed

    with ExitStack() as stack:
        for name, (owner, attribute) in steps.items():
            stack.enter_context(patch.object(owner, attribute, timing(name, getattr(owner, attribute))))
        yield seconds
