"""Runs Quipu and the baseline as processes of their own, with nobody's settings."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from assistant import Assistant, SentenceRanker
from corpus import encoded_text, read, shipped, split
from index import Encoder, Home, LibraryError, Vectors, default_folder
from tools.bench import baseline

ShowStep = Callable[[str], None]
"""Shows, in a few words, what a benchmark is doing."""


def count_steps(show: ShowStep, what: str, total: int) -> Callable[[int], None]:
    """Return a function that takes how many more are done, and shows how many are in all."""
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        show(f"{what}: {done:,} of {total:,}")

    return count


def quipu_command(*arguments: str) -> list[str]:
    """Return the command line of `quipu` with these arguments."""
    return [sys.executable, "-m", "ui", *arguments]


def baseline_command(command: str, folder: Path, *arguments: str) -> list[str]:
    """Return the command line of the baseline, whose process loads nothing of Quipu. `baseline.py` lists its commands."""
    return [sys.executable, "-P", str(Path(baseline.__file__)), command, str(default_folder()), str(folder), *arguments]


def load_baseline(passages: Sequence[str] = (), vectors: Vectors | None = None) -> baseline.Baseline:
    """Load the baseline in this process, without the progress bar that transformers would show."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    return baseline.Baseline(str(default_folder()), passages, vectors)


def clean_environment(home: Path) -> dict[str, str]:
    """Return the environment of a Quipu with this home, default settings, and no limit on questions."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUIPU_")}
    return {**kept, "QUIPU_HOME": str(home), "QUIPU_RATE": "999999/second", "QUIPU_ORIGIN_RATE": "999999/second"}


def index_shipped_report(folder: Path, encoder: Encoder) -> None:
    """Index the report that ships: for Quipu in `folder/home`, and the same passages for the baseline in `folder/plain`."""
    Assistant(Home(folder / "home"), encoder, SentenceRanker.load(encoder)).scope()
    (folder / "plain").mkdir()
    texts = [
        encoded_text(document, passage, encoder.count_tokens, encoder.limit)
        for document in map(read, shipped())
        for passage in split(document, encoder.count_tokens, encoder.limit)
    ]
    load_baseline(texts, encoder.passages(texts)).save(folder / "plain")


class FinishedProcess(NamedTuple):
    """The seconds from a process's start to its first output and to its end, and its whole output."""

    until_output: float
    until_end: float
    output: str


def run(command: Sequence[str], environment: dict[str, str], folder: Path) -> FinishedProcess:
    """Run a process in `folder` until it ends.

    Raises LibraryError with the last line of its standard error if it fails.
    """
    started = time.perf_counter()
    with running(command, environment, folder) as process:
        assert process.stdout is not None  # noqa: S101 - for the types: there is a pipe
        first = process.stdout.read(1)
        until_output = time.perf_counter() - started
        output = first + process.stdout.read()
        exit_code = process.wait()
    until_end = time.perf_counter() - started
    if exit_code:
        raise LibraryError(f"{' '.join(command[1:4])} ended with {exit_code}: {last_error_line(folder)}")
    return FinishedProcess(until_output, until_end, output)


def last_error_line(folder: Path) -> str:
    """Return the last line that a process run in this folder wrote to its standard error, at most 300 characters of it."""
    written = (folder / "errors.txt").read_text(errors="replace").strip()
    return written[written.rfind("\n") + 1 :][-300:]


@contextmanager
def running(command: Sequence[str], environment: dict[str, str], folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run a process in `folder` while the block runs, and then kill it. Its standard error goes to `errors.txt` there."""
    with (
        (folder / "errors.txt").open("w") as errors,
        subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def busy_process() -> Iterator[None]:
    """Keep one core busy with another process while the block runs."""
    program = f"import os\nwhile os.getppid() == {os.getpid()}: sum(range(10**5))"  # so that it never outlives this process
    with subprocess.Popen([sys.executable, "-c", program]) as spinning:  # noqa: S603 - our own command
        try:
            yield
        finally:
            spinning.kill()
