"""Shows in the terminal how an `add` or a `rebuild` goes."""

from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """A progress bar for the file at hand; nothing where the console is no terminal. Use it in a `with`."""

    def __init__(self, console: Console, unit: str = "passages") -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def reading(self, name: str, number: int, total: int) -> None:
        """See `index.Progress`."""
        self._progress.reset(self._task, description=escape(f"{number}/{total} {name}"), total=None)

    def encoding(self, passages: int) -> None:
        """See `index.Progress`."""
        self._progress.update(self._task, total=passages)

    def encoded(self, passages: int) -> None:
        """See `index.Progress`."""
        self._progress.advance(self._task, passages)
