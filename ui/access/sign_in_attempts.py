"""Limit how often a sign-in with a password may fail."""

import threading

from limits import parse
from limits.storage import MemoryStorage

from ui.access.sliding_window import SlidingWindow, bucket


class SignInAttempts:
    """Limits failed sign-ins by each of their keys: the client's address and the name. Safe to use from several threads.

    An attempt counts as failed from its beginning until it succeeds, so many at the same time don't get around the limit.
    """

    def __init__(self, rate: str = "10/minute", storage: MemoryStorage | None = None) -> None:
        self._window, self._lock = SlidingWindow(parse(rate), storage or MemoryStorage(), "attempts"), threading.Lock()

    def begin(self, *keys: str) -> int:
        """Return 0 if an attempt may be made, and count it as failed; otherwise return the seconds to wait."""
        buckets = [bucket(key) for key in keys]
        with self._lock:
            seconds = max(self._window.wait(key) for key in buckets)
            if not seconds:
                for key in buckets:
                    self._window.take(key)
        return seconds

    def succeeded(self, *keys: str) -> None:
        """Uncount the attempt that began with these keys."""
        with self._lock:
            for key in keys:
                self._window.give_back(bucket(key))
