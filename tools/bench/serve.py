"""How much memory a server uses, and how fast it answers under load."""

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
from tools.bench.docstrings import sentences
from tools.bench.machine import memory
from tools.bench.processes import (
    ShowStep,
    baseline_command,
    clean_environment,
    index_shipped_report,
    last_error_line,
    quipu_command,
    running,
)
from tools.bench.results import BenchmarkResult, Measurement, latency
from tools.bench.sample_library import questions

_SENTENCES = 20_000  # that questions are made of
_BLOCK = 80  # questions that one server answers before the other does
_TIMEOUT = 60.0  # seconds for one answer


def serve(clients: int, count: int, show: ShowStep) -> BenchmarkResult:
    """Measure servers of the report that ships: their memory after `count` questions, and then their answers to as many, put by one
    client and by many.
    """
    show("indexing the report that ships")
    asked = questions(sentences(_SENTENCES), 3 * count)
    each = len(asked) // 3  # fewer than `count`, if the sentences yield no more
    measurements: list[Measurement] = []
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        index_shipped_report(folder, load_encoder())
        for part in ("quipu", "baseline"):
            (folder / part).mkdir()
        with (
            served(quipu_command("serve", "--port", "0"), clean_environment(folder / "home"), folder / "quipu") as (ours, our_pid),
            served(baseline_command("serve", folder / "plain"), dict(os.environ), folder / "baseline") as (theirs, their_pid),
        ):
            servers = (ours, theirs)
            show("questions to warm up")
            for address in servers:
                load(address, asked[:each], 1)
            our_memory, their_memory = memory(our_pid), memory(their_pid)
            measurements += [Measurement("memory", name.upper(), "MB", our_memory[name], their_memory[name]) for name in our_memory]
            for number, some in ((1, asked[each : 2 * each]), (clients, asked[2 * each :])):
                group = f"{number} {'client' if number == 1 else 'clients'}"
                show(f"questions by {group}")
                seconds: dict[str, list[float]] = {address: [] for address in servers}
                whole = dict.fromkeys(servers, 0.0)
                for first in range(0, len(some), _BLOCK):
                    for address in servers:
                        answer_times, block_time = load(address, some[first : first + _BLOCK], number)
                        seconds[address] += answer_times
                        whole[address] += block_time
                measurements.append(Measurement(group, "questions", "1/s", len(some) / whole[ours], len(some) / whole[theirs]))
                measurements += latency(group, "answer", seconds[ours], seconds[theirs])
    note = (
        f"`quipu serve` and all that it starts, on the report that ships, after {each} different questions and then under load of "
        "`POST /api/ask`, in turns; most of the questions are about other things than the report. The baseline is a FastAPI "
        "application that returns the ten nearest passages, and reads none."
    )
    return BenchmarkResult(f"serve --clients {clients} --questions {count}", "Serving", note, tuple(measurements))


@contextmanager
def served(command: Sequence[str], environment: dict[str, str], folder: Path) -> Iterator[tuple[str, int]]:
    """Run a server while the block runs; yield its address and its process id. Raises LibraryError if it doesn't start."""
    with running(command, environment, folder) as process:
        assert process.stdout is not None  # noqa: S101 - for the types: there is a pipe
        for line in process.stdout:
            if address := re.search(r"http://[\d.]+:\d+", line):
                threading.Thread(target=process.stdout.read, daemon=True).start()  # so that the pipe never fills
                yield address.group(), process.pid
                return
        raise LibraryError(f"The server didn't start: {last_error_line(folder)}")


def load(address: str, asked: Sequence[str], clients: int) -> tuple[list[float], float]:
    """Put all the questions, shared among so many clients at once, each on its own connection.

    Returns the seconds of each question, and of all together. Raises LibraryError if one isn't answered.
    """
    waiting = iter(asked)
    lock = threading.Lock()

    def client(_: int) -> list[float]:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=_TIMEOUT)
        times: list[float] = []
        while True:
            with lock:
                question = next(waiting, None)
            if question is None:
                connection.close()
                return times
            started = time.perf_counter()
            try:
                connection.request("POST", "/api/ask", json.dumps({"question": question}), {"Content-Type": "application/json"})
                response = connection.getresponse()
                body = response.read()
            except (OSError, HTTPException) as error:
                raise LibraryError(f"{address} gave no answer: {error}") from None
            if response.status != 200:
                raise LibraryError(f"{address} answered {response.status}: {body[:200].decode(errors='replace')}")
            times.append(time.perf_counter() - started)

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        times = [seconds for some in pool.map(client, range(clients)) for seconds in some]
    return times, time.perf_counter() - started
