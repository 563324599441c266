"""Shows how an `add` or a `rebuild` goes: by a bar in a terminal, else by a line now and then, as a log wants it."""

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

_LOOKED_BACK = 300.0  # seconds from which the speed is told: what is known already goes by faster than what is new
_APART = 1.0  # seconds from one sample to the next
_FIRST = 5.0  # seconds before which no time is told
_EVERY = 60.0  # seconds from one line to the next


class _Sample(NamedTuple):
    """How far it was at a time: how much of all lay behind, from 0 to 1, and how many passages."""

    time: float
    done: float
    units: int


class Bar:
    """How much of all files is done, how many passages a second, and how long the rest takes, by the files' sizes. Use it in a
    `with`. On a console that is no terminal it is a line a minute. `clock` gives seconds.
    """

    def __init__(self, console: Console, unit: str = "passages", clock: Callable[[], float] = monotonic) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"))
        self._console, self._unit, self._clock = console, unit, clock
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("", total=1.0, said="")
        self._begins, self._share = 0.0, 1.0  # of the document at hand
        self._encoded, self._of = 0, 0  # passages of it
        self._files, self._units = "", 0
        self._told = clock()
        self._samples = deque([_Sample(self._told, 0.0, 0)])

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def reading(self, name: str, number: int, total: int, done: float, share: float) -> None:
        """See `index.Progress`."""
        self._begins, self._share, self._encoded, self._of = done, share, 0, 0
        self._files = f"file {number:,} of {total:,}, "
        self._progress.update(self._task, description=escape(f"{number:,}/{total:,} {name}"))
        self._show()

    def encoding(self, passages: int) -> None:
        """See `index.Progress`."""
        self._encoded, self._of = 0, passages

    def encoded(self, passages: int) -> None:
        """See `index.Progress`."""
        self._encoded += passages
        self._units += passages
        self._show()

    def _show(self) -> None:
        now = _Sample(self._clock(), self._begins + self._share * self._encoded / max(1, self._of), self._units)
        while len(self._samples) > 1 and self._samples[1].time <= now.time - _LOOKED_BACK:
            self._samples.popleft()
        if now.time - self._samples[-1].time >= _APART:
            self._samples.append(now)
        said = ", ".join([f"{now.done:.0%}", f"{now.units:,} {self._unit}", *_pace(self._samples[0], now)])
        self._progress.update(self._task, completed=now.done, said=said)
        if not self._console.is_terminal and now.time - self._told >= _EVERY:
            self._told = now.time
            self._console.print(f"{self._files}{said}")


def _pace(before: _Sample, now: _Sample) -> list[str]:
    """How many a second, and how long the rest takes, as they can be told."""
    took, done, units = now.time - before.time, now.done - before.done, now.units - before.units
    if took < _FIRST:
        return []
    left = [f"{lasting(took * (1 - now.done) / done)} left"] if done > 0 else []
    return [f"{units / took:.1f} a second", *left]


def lasting(seconds: float) -> str:
    """A time in words, as exact as it needs to be.

    >>> lasting(41.7), lasting(61), lasting(8000)
    ('42 s', '1 min', '2 h 13 min')
    """
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
