"""Count events by key within a sliding window of time, in a bounded amount of memory."""

import time
from math import floor

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

_BUCKETS = 2**14


class SlidingWindow:
    """Counts the recent events of each key, and says when the rate allows another. Not safe to use from several threads.

    It keeps two counters a key (the library's sliding window counter): the library's exact moving window keeps the time of each
    event, and in memory it never drops a key.
    """

    def __init__(self, rate: RateLimitItem, storage: MemoryStorage, name: str) -> None:
        self._rate, self._storage, self._name = rate, storage, name
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    def wait(self, key: str) -> int:
        """Return the seconds until another event is allowed; 0 means now."""
        expiry, most = self._rate.get_expiry(), self._rate.amount
        before, left, now, until = self._storage.get_sliding_window(self._rate.key_for(self._name, key), expiry)
        if before * left / expiry + now < most:
            return 0
        seconds = left - (most - now) * expiry / before if now < most else until - expiry
        return 1 + floor(seconds + 0.001)  # more than the library's rounding errors

    def take(self, key: str) -> None:
        """Count an event."""
        self._limiter.hit(self._rate, self._name, key)

    def give_back(self, key: str) -> None:
        """Uncount an event that was just counted."""
        now = time.time()
        _, counter = self._storage.sliding_window_keys(self._rate.key_for(self._name, key), self._rate.get_expiry(), now)
        if self._storage.get(counter):
            self._storage.decr(counter)


def bucket(key: str) -> str:
    """Return one of a fixed number of keys, so that a flood of keys chosen by strangers fills no memory.

    Which one can't be predicted from outside, since Python's hash of a string differs from process to process.
    """
    return str(hash(key) % _BUCKETS)
