"""The result of a benchmark: measurements, each with the baseline's value of the same run, and the arithmetic behind them."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value measured for Quipu, and the baseline's; None where the baseline has nothing to compare.

    `group` is what the value belongs to, such as a size of library; `what` names it.
    """

    group: str
    what: str
    unit: str
    quipu: float
    baseline: float | None = None

    @property
    def ratio(self) -> float | None:
        """Quipu's value divided by the baseline's; None if that is missing or zero."""
        return self.quipu / self.baseline if self.baseline else None


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """The measurements of one command. `note` says in a sentence or two what was measured, and on what."""

    command: str
    title: str
    note: str
    measurements: tuple[Measurement, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the result with its ratios, as `--json` writes it."""
        lines = [
            {
                "group": each.group,
                "what": each.what,
                "unit": each.unit,
                "quipu": each.quipu,
                "plain": each.baseline,
                "ratio": each.ratio,
            }
            for each in self.measurements
        ]
        return {"command": self.command, "title": self.title, "note": self.note, "lines": lines}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed, interpolated linearly.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5), percentile([1.0, 2.0, 3.0], 1.0)
    (2.5, 3.0)
    """
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def recall(found: Sequence[Sequence[object]], exact: Sequence[Sequence[object]]) -> float:
    """Return the share of the exact results that were found, over all questions.

    >>> recall([["a", "b"], ["c", "d"]], [["b", "a"], ["c", "e"]])
    0.75
    """
    return sum(len(set(some) & set(all_)) for some, all_ in zip(found, exact, strict=True)) / sum(map(len, exact))


def rounds_in_words(rounds: int) -> str:
    """Return how many rounds a value comes from, in words.

    >>> rounds_in_words(1), rounds_in_words(5)
    ('one round in turns', 'medians of 5 rounds in turns')
    """
    return "one round in turns" if rounds == 1 else f"medians of {rounds} rounds in turns"


def timed(call: Callable[..., object], *arguments: object) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - started


def in_turns(
    first: Callable[[Any], float], second: Callable[[Any], float], inputs: Sequence[Any], block: int = 1
) -> tuple[list[float], list[float]]:
    """Return what the two functions give for each input, running them in turns on `block` inputs at a time.

    Whatever else slows the machine down then slows both.
    """
    first_values: list[float] = []
    second_values: list[float] = []
    for start in range(0, len(inputs), block):
        part = inputs[start : start + block]
        first_values += map(first, part)
        second_values += map(second, part)
    return first_values, second_values


def latency(group: str, what: str, quipu: Sequence[float], baseline: Sequence[float]) -> Iterator[Measurement]:
    """Yield p50 and p95, in milliseconds, of times in seconds. Without any for the baseline, its value is None."""
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        compared = 1000 * percentile(baseline, share) if baseline else None
        yield Measurement(group, f"{what}, {name}", "ms", 1000 * percentile(quipu, share), compared)
