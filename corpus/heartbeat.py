"""A sign of life from a parser, for whoever waits for it."""

from collections.abc import Callable

_sign: Callable[[], None] | None = None


def alive() -> None:
    """Say, within a worker, that a file is still being read, so that its reader isn't taken to hang. Does nothing elsewhere."""
    if _sign is not None:
        _sign()


def show_life_by(sign: Callable[[], None]) -> None:
    """Have `alive` call this."""
    global _sign
    _sign = sign
