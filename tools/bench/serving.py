"""What serving takes, and how it bears load."""

import json
import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from index import LibraryError, load_encoder
from tools.bench.machine import memory
from tools.bench.processes import Tell, last_words, own_environment, plain, prepare_shipped, quipu, running
from tools.bench.sample_library import questions
from tools.bench.tables import Line, Table, latency
from tools.bench.texts import sentences

_SENTENCES = 20_000  # of which questions are made
_BLOCK = 80  # questions that one server answers before the other does
_SECONDS = 60.0  # that a server has to answer


def serve(clients: int, count: int, tell: Tell) -> Table:
    """Servers of the report that ships: what they take in memory after `count` questions, and as many by one client and by many."""
    tell("indexing the report that ships")
    asked = questions(sentences(_SENTENCES), 3 * count)
    each = len(asked) // 3  # fewer than `count`, if the sentences give no more
    lines: list[Line] = []
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepare_shipped(folder, load_encoder())
        for part in ("quipu", "baseline"):
            (folder / part).mkdir()
        with (
            served(quipu("serve", "--port", "0"), own_environment(folder / "home"), folder / "quipu") as (ours, mine),
            served(plain("serve", folder / "plain"), dict(os.environ), folder / "baseline") as (theirs, its),
        ):
            servers = (ours, theirs)
            tell("questions to warm up")
            for address in servers:
                load(address, asked[:each], 1)
            taken, bare = memory(mine), memory(its)
            lines += [Line("memory", name.upper(), "MB", taken[name], bare[name]) for name in taken]
            for number, some in ((1, asked[each : 2 * each]), (clients, asked[2 * each :])):
                group = f"{number} {'client' if number == 1 else 'clients'}"
                tell(f"questions by {group}")
                seconds: dict[str, list[float]] = {address: [] for address in servers}
                whole = dict.fromkeys(servers, 0.0)
                for first in range(0, len(some), _BLOCK):
                    for address in servers:
                        taken_, all_ = load(address, some[first : first + _BLOCK], number)
                        seconds[address] += taken_
                        whole[address] += all_
                lines.append(Line(group, "questions", "1/s", len(some) / whole[ours], len(some) / whole[theirs]))
                lines += latency(group, "answer", seconds[ours], seconds[theirs])
    note = (
        f"`quipu serve` with all it starts, on the report that ships, after {each} different questions and then under load of "
        "`POST /api/ask`, in turns; most of the questions are about other things than the report. The baseline is a FastAPI "
        "application that gives the ten nearest passages, and reads none."
    )
    return Table(f"serve --clients {clients} --questions {count}", "Serving", note, tuple(lines))


@contextmanager
def served(words: Sequence[str], environment: dict[str, str], folder: Path) -> Iterator[tuple[str, int]]:
    """The address and the process of a server that runs while the block does. Raises LibraryError if it doesn't begin to."""
    with running(words, environment, folder) as process:
        assert process.stdout is not None  # noqa: S101 - for the types: there is a pipe
        for line in process.stdout:
            if address := re.search(r"http://[\d.]+:\d+", line):
                threading.Thread(target=process.stdout.read, daemon=True).start()  # so that the pipe never fills
                yield address.group(), process.pid
                return
        raise LibraryError(f"The server didn't start: {last_words(folder)}")


def load(address: str, asked: Sequence[str], clients: int) -> tuple[list[float], float]:
    """The seconds of each question when so many clients ask all of them at once, each on its connection, and those of them all.

    Raises LibraryError if one isn't answered.
    """
    waiting = iter(asked)
    lock = threading.Lock()

    def client(_: int) -> list[float]:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=_SECONDS)
        taken: list[float] = []
        while True:
            with lock:
                question = next(waiting, None)
            if question is None:
                connection.close()
                return taken
            started = time.perf_counter()
            try:
                connection.request("POST", "/api/ask", json.dumps({"question": question}), {"Content-Type": "application/json"})
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, HTTPException) as error:
                raise LibraryError(f"{address} gave no answer: {error}") from None
            if answer.status != 200:
                raise LibraryError(f"{address} said {answer.status}: {said[:200].decode(errors='replace')}")
            taken.append(time.perf_counter() - started)

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        taken = [seconds for some in pool.map(client, range(clients)) for seconds in some]
    return taken, time.perf_counter() - started
