"""Times the steps of a question at the seams between the parts, without changing any of them."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pkgutil import resolve_name
from typing import Any
from unittest.mock import patch

SEAMS = {
    "understand the question": "assistant.assistant:understand",
    "find passages, fuse them": "index:Index.search",
    "nearest by vectors": "index:LocalStore.dense",
    "nearest by words": "index:LocalStore.lexical",
    "choose and weigh sentences": "assistant:SentenceReader.read",
    "reader model": "assistant.model:CrossEncoder.read",
    "decide": "assistant.assistant:decide",
    "compose": "assistant.assistant:compose",
}
"""The steps by name, and the function of each. The encoder's are added by `stopwatch`, since there are several encoders."""

ENCODE = "encode the question"
SENTENCES = "encode sentences"
_ENCODES = {ENCODE: "questions", SENTENCES: "passages"}
PARSERS_VERSION = "reader model"
WHOLE = "all the rest"


@contextmanager
def stopwatch(encoder: object, seams: Mapping[str, str] = SEAMS) -> Iterator[dict[str, float]]:
    """Gives a dictionary in which the seconds of each step add up while the block runs; what a step called is not counted twice.

    For questions that are asked one after the other in one thread.
    """
    seconds: dict[str, float] = defaultdict(float)
    within = [0.0]  # per step that is under way, the seconds of the steps that it called

    def timing(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the function takes and gives
            started = time.perf_counter()
            within.append(0.0)
            try:
                return call(*given, **named)
            finally:
                taken = time.perf_counter() - started
                seconds[name] += taken - within.pop()
                within[-1] += taken

        return timed

    with ExitStack() as stack:
        steps: list[tuple[str, Any, str]] = [(name, type(encoder), attribute) for name, attribute in _ENCODES.items()]
        for name, place in seams.items():
            owner, _, attribute = place.rpartition("." if "." in place.partition(":")[2] else ":")
            steps.append((name, resolve_name(owner), attribute))
        for name, held, attribute in steps:
            stack.enter_context(patch.object(held, attribute, timing(name, getattr(held, attribute))))
        yield seconds
