"""Takes what an iterator gives before it is asked for, in a thread of its own, within bounds."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class Prefetcher(Generic[_Item]):
    """Iterates over `items` in their order, at most `most` of them ahead, and none while those ahead weigh more than `heaviest`.

    What was given last counts, too, until the next is asked for: it is still at work. `weight` is asked again whenever one is
    taken, since what an item holds may grow. An error of `items` comes at its place. `stop` it; else its thread stays.
    """

    def __init__(self, items: Iterable[_Item], most: int, weight: Callable[[_Item], int], heaviest: int) -> None:
        self._items, self._most, self._weight, self._heaviest = items, most, weight, heaviest
        self._held: deque[_Item] = deque()  # those ahead; the first is the one that was given last, if `_is_given`
        self._is_given = self._is_stopped = self._has_ended = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="quipu-ahead", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[_Item]:
        """See the class."""
        return self

    def __next__(self) -> _Item:
        """The next item; waits for it."""
        with self._changed:
            if self._is_given:
                self._held.popleft()
                self._is_given = False
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._held or self._has_ended)
            if self._held:
                self._is_given = True
                return self._held[0]
            error, self._error = self._error, None
            raise error or StopIteration

    def stop(self) -> None:
        """Take no more items. The one that is just being taken is the last."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until no item is being taken any more."""
        self._thread.join()

    def _run(self) -> None:
        try:
            taken = iter(self._items)
            while self._may_take():
                item = next(taken)
                with self._changed:
                    self._held.append(item)
                    self._changed.notify_all()
                del item  # it is held only as long as it is ahead
        except StopIteration:
            pass
        except BaseException as error:  # whoever iterates is told of it
            self._error = error
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _may_take(self) -> bool:
        """Waits until there is room for another; whether one is still wanted."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._has_room())
            return not self._is_stopped

    def _has_room(self) -> bool:
        held = len(self._held)
        return not held or (held < self._most and sum(map(self._weight, self._held)) <= self._heaviest)
