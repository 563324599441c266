"""Fetches items from an iterator before they are asked for, in a thread, within bounds on their number and weight."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class Prefetcher(Generic[_Item]):
    """Iterates over `items` in order, holding at most `max_items`, and fetching none while those held outweigh `max_weight`.

    The item returned last counts as held until the next is asked for, since its consumer is still working on it. `weight` is called
    again before each fetch, because what an item holds may grow. An error raised by `items` is raised in its turn. Call `stop`
    unless you iterate to the end, or the thread stays.
    """

    def __init__(self, items: Iterable[_Item], max_items: int, weight: Callable[[_Item], int], max_weight: int) -> None:
        self._items, self._max_items, self._weight, self._max_weight = items, max_items, weight, max_weight
        self._queue: deque[_Item] = deque()  # starts with the item returned last, if `_is_first_returned`
        self._is_first_returned = self._is_stopped = self._is_exhausted = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="quipu-prefetch", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[_Item]:
        """Return the prefetcher itself."""
        return self

    def __next__(self) -> _Item:
        """Return the next item, waiting for it if need be."""
        with self._changed:
            if self._is_first_returned:
                self._queue.popleft()
                self._is_first_returned = False
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._queue or self._is_exhausted)
            if self._queue:
                self._is_first_returned = True
                return self._queue[0]
            error, self._error = self._error, None
            raise error or StopIteration

    def stop(self) -> None:
        """Fetch no more items, except one that is being fetched already."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until nothing is being fetched any more."""
        self._thread.join()

    def _run(self) -> None:
        try:
            items = iter(self._items)
            while self._may_fetch():
                item = next(items)
                with self._changed:
                    self._queue.append(item)
                    self._changed.notify_all()
                del item  # only the queue may keep it alive
        except StopIteration:
            pass
        except BaseException as error:  # raised again by `__next__`
            self._error = error
        with self._changed:
            self._is_exhausted = True
            self._changed.notify_all()

    def _may_fetch(self) -> bool:
        """Wait until there is room for another item; return False if the prefetcher was stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._has_room())
            return not self._is_stopped

    def _has_room(self) -> bool:
        length = len(self._queue)
        return not length or (length < self._max_items and sum(map(self._weight, self._queue)) <= self._max_weight)
