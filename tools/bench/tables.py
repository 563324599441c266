"""What a benchmark gives: tables of what was measured, each value beside the baseline's of the same run."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: of which `group`, what it is and in which unit, Quipu's value, and the plain pipeline's (None: it has none)."""

    group: str
    what: str
    unit: str
    quipu: float
    plain: float | None = None

    @property
    def ratio(self) -> float | None:
        """Quipu's value divided by the plain pipeline's; None if there is nothing to divide by."""
        return self.quipu / self.plain if self.plain else None


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of one command. `note` says, in a sentence or two, what they are of."""

    command: str
    title: str
    note: str
    lines: tuple[Line, ...]

    def as_json(self) -> dict[str, Any]:
        """The table with its ratios, for a file."""
        return {**asdict(self), "lines": [{**asdict(line), "ratio": line.ratio} for line in self.lines]}


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values don't exceed, between neighbours by a straight line.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5), percentile([1.0, 2.0, 3.0], 1.0)
    (2.5, 3.0)
    """
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def recall(found: Sequence[Sequence[object]], exact: Sequence[Sequence[object]]) -> float:
    """The share of the exact results that were found, over all questions.

    >>> recall([["a", "b"], ["c", "d"]], [["b", "a"], ["c", "e"]])
    0.75
    """
    return sum(len(set(some) & set(all_)) for some, all_ in zip(found, exact, strict=True)) / sum(map(len, exact))


def timed(call: Callable[..., object], *given: object) -> float:
    """The seconds that a call takes."""
    started = time.perf_counter()
    call(*given)
    return time.perf_counter() - started


def in_turns(
    first: Callable[[Any], float], second: Callable[[Any], float], things: Sequence[Any], block: int = 1
) -> tuple[list[float], list[float]]:
    """What the two give for each thing, a block of things at a time in turns: whatever else the machine does meets both."""
    one: list[float] = []
    other: list[float] = []
    for start in range(0, len(things), block):
        part = things[start : start + block]
        one += map(first, part)
        other += map(second, part)
    return one, other


def latency(group: str, what: str, quipu: Sequence[float], plain: Sequence[float]) -> Iterator[Line]:
    """The lines of p50 and p95, in milliseconds, of what was measured in seconds."""
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        theirs = 1000 * percentile(plain, share) if plain else None
        yield Line(group, f"{what}, {name}", "ms", 1000 * percentile(quipu, share), theirs)
