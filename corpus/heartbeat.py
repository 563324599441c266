"""The signs of life that a parser gives, so that the process waiting for it can tell slow from hung."""

from collections.abc import Callable

_callback: Callable[[], None] | None = None


def alive() -> None:
    """Signal that a file is still being parsed.

    Parsers call this after each page or batch of rows. Outside a worker it does nothing.
    """
    if _callback is not None:
        _callback()


def on_alive(callback: Callable[[], None]) -> None:
    """Register the function that `alive` calls."""
    global _callback
    _callback = callback
