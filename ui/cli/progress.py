"""Show the progress of `add`, `rebuild` and `eval`: a bar in a terminal, and a line a minute elsewhere, such as in a log."""

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

_WINDOW = 300.0  # seconds that the speed is measured over: files already in the library go by faster than new ones
_SAMPLE_INTERVAL = 1.0  # seconds
_WARM_UP = 5.0  # seconds before a speed is shown
_LINE_INTERVAL = 60.0  # seconds


class _Sample(NamedTuple):
    """The progress at one time: the share that is done, from 0 to 1, and the number of passages."""

    time: float
    done: float
    units: int


class Bar:
    """A progress bar with the share that is done by file size, the passages a second, and the time left.

    Use it as a context manager. On a console that is not a terminal it prints a line a minute. `clock` returns seconds.
    """

    def __init__(self, console: Console, unit: str = "passages", clock: Callable[[], float] = monotonic) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}"))
        self._console, self._unit, self._clock = console, unit, clock
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("", total=1.0, text="")
        self._begins, self._share = 0.0, 1.0  # of the current document, within everything
        self._encoded, self._of = 0, 0  # passages of the current document
        self._files, self._units = "", 0
        self._printed = clock()  # when the last line was
        self._samples = deque([_Sample(self._printed, 0.0, 0)])

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
        while len(self._samples) > 1 and self._samples[1].time <= now.time - _WINDOW:
            self._samples.popleft()
        if now.time - self._samples[-1].time >= _SAMPLE_INTERVAL:
            self._samples.append(now)
        text = ", ".join([f"{now.done:.0%}", f"{now.units:,} {self._unit}", *_pace(self._samples[0], now)])
        self._progress.update(self._task, completed=now.done, text=text)
        if not self._console.is_terminal and now.time - self._printed >= _LINE_INTERVAL:
            self._printed = now.time
            self._console.print(f"{self._files}{text}")


def _pace(before: _Sample, now: _Sample) -> list[str]:
    """Return the speed and the time left, as far as they are known."""
    took, done, units = now.time - before.time, now.done - before.done, now.units - before.units
    if took < _WARM_UP:
        return []
    left = [f"{duration(took * (1 - now.done) / done)} left"] if done > 0 else []
    return [f"{units / took:.1f} a second", *left]


def duration(seconds: float) -> str:
    """Format a time as exactly as it is useful.

    >>> duration(41.7), duration(61), duration(8000)
    ('42 s', '1 min', '2 h 13 min')
    """
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
