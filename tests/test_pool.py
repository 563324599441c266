"""Parsing several files at once, and fetching them ahead: their order, how many are held, and what is left running."""

import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import pytest

from corpus import Document, DocumentError, ProcessPool, ReadOptions, result_if_done
from corpus.isolation.prefetch import Prefetcher
from tests.misbehaving import PROGRAM

PROJECT = Path(__file__).parent.parent


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessPool]:
    """Two workers that execute the order in a text file."""
    monkeypatch.setattr("corpus.isolation.process._PROGRAM", PROGRAM)
    with ProcessPool(ReadOptions(), 2) as pool:
        yield pool


def hanging(pool: ProcessPool, fifo: Path) -> tuple[Future[Document], int]:
    """Start parsing a file that hangs; return its future and the id of its worker's process."""
    os.mkfifo(fifo)
    begun = pool.begin(partial(pool.parse, f"hang {fifo}".encode(), "x.txt"))
    return begun, int(fifo.read_text())


class Numbers:
    """Numbers to fetch, each its own weight; `queue` receives those fetched."""

    def __init__(self, *numbers: int) -> None:
        self.numbers, self.queue = numbers, SimpleQueue[int]()

    def __iter__(self) -> Iterator[int]:
        for number in self.numbers:
            self.queue.put(number)
            yield number

    def prefetch(self, most: int = 3, heaviest: int = 100) -> Prefetcher[int]:
        return Prefetcher(self, most, lambda number: number, heaviest)

    def seen(self, *numbers: int) -> bool:
        """Return whether exactly these numbers are fetched next."""
        return [self.queue.get(timeout=10) for _ in numbers] == list(numbers) and self.queue.empty()


def test_one_process_serves_files_in_turn_and_a_second_joins_when_it_is_busy(order: ProcessPool, tmp_path: Path) -> None:
    alone = {order.parse(b"pid", "x.txt").text for _ in range(3)}
    assert len(alone) == 1
    begun, pid = hanging(order, tmp_path / "pid")
    assert alone == {f"pid: {pid}"}
    assert order.parse(b"pid", "y.txt").text not in alone
    assert result_if_done(begun) is None


def test_closing_abandons_what_is_being_parsed(order: ProcessPool, tmp_path: Path) -> None:
    begun, pids = zip(*(hanging(order, tmp_path / name) for name in "ab"), strict=True)
    waiting = [os.pidfd_open(pid) for pid in pids]
    later = order.begin(partial(order.parse, b"pid", "later.txt"))
    order.prefetch(iter([1]), int)
    order.close()
    assert later.cancelled()
    assert all(isinstance(task.exception(), DocumentError) for task in begun)
    for descriptor in waiting:
        assert select.select([descriptor], [], [], 10)[0] == [descriptor]
        os.close(descriptor)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("quipu-")]
    with pytest.raises(DocumentError, match=r"^x.txt was not read: reading was stopped.$"):
        order.parse(b"pid", "x.txt")


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys; from corpus import ProcessPool; from corpus.isolation import process\n"
        "process._PROGRAM = sys.argv[1]; pool = ProcessPool(workers=2)\n"
        "begun = [pool.begin(lambda fifo=fifo: pool.parse(b'hang ' + fifo.encode(), 'x.txt')) for fifo in sys.argv[2:]]\n"
        "begun[0].result()"
    )
    fifos = [tmp_path / name for name in "ab"]
    for fifo in fifos:
        os.mkfifo(fifo)
    parent = subprocess.Popen([sys.executable, "-c", program, PROGRAM, *map(str, fifos)], cwd=PROJECT)
    waiting = [os.pidfd_open(int(fifo.read_text())) for fifo in fifos]
    parent.kill()
    parent.wait()
    for descriptor in waiting:
        assert select.select([descriptor], [], [], 10)[0] == [descriptor]
        os.close(descriptor)


def test_items_come_in_order_and_only_so_many_are_held() -> None:
    numbers = Numbers(*range(9))
    prefetched = numbers.prefetch(most=3)
    assert numbers.seen(0, 1, 2)
    assert next(prefetched) == 0  # held until the next is asked for
    assert numbers.queue.empty()
    assert next(prefetched) == 1
    assert numbers.seen(3)
    assert list(prefetched) == [2, 3, 4, 5, 6, 7, 8]
    prefetched.join()


def test_nothing_is_fetched_while_the_held_items_are_too_heavy() -> None:
    numbers = Numbers(60, 50, 500, 1, 2, 3)
    prefetched = numbers.prefetch(most=3, heaviest=100)
    assert numbers.seen(60, 50)
    assert (next(prefetched), next(prefetched)) == (60, 50)
    assert numbers.seen(500)
    assert next(prefetched) == 500  # too heavy even alone, so it is fetched with nothing beside it
    assert numbers.queue.empty()
    assert list(prefetched) == [1, 2, 3]


def test_an_error_is_raised_in_its_turn() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    prefetched = Prefetcher(numbers(), 3, int, 100)
    assert next(prefetched) == 1
    with pytest.raises(ValueError, match="no more"):
        next(prefetched)
    assert list(prefetched) == []


def test_nothing_is_fetched_after_a_stop() -> None:
    numbers = Numbers(*range(9))
    prefetched = numbers.prefetch(most=2)
    assert numbers.seen(0, 1)
    prefetched.stop()
    prefetched.join()
    assert list(prefetched) == [0, 1]
