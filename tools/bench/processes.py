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

Tell = Callable[[str], None]
"""Hears in a few words what is being done."""


def counting(tell: Tell, what: str, most: int) -> Callable[[int], None]:
    """Tells how many of them are done, when it hears how many more are."""
    done = 0

    def counted(more: int) -> None:
        nonlocal done
        done += more
        tell(f"{what}: {done:,} of {most:,}")

    return counted


def quipu(*words: str) -> list[str]:
    """The command line of `quipu`."""
    return [sys.executable, "-m", "ui", *words]


def plain(command: str, folder: Path, *words: str) -> list[str]:
    """The command line of the baseline, which loads nothing of Quipu."""
    return [sys.executable, "-P", str(Path(baseline.__file__)), command, str(default_folder()), str(folder), *words]


def plain_here(passages: Sequence[str] = (), vectors: Vectors | None = None) -> baseline.Plain:
    """The baseline in this process; without the progress bar that it would show while its model is loaded."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # of transformers
    return baseline.Plain(str(default_folder()), passages, vectors)


def own_environment(home: Path) -> dict[str, str]:
    """The environment for a Quipu of its own with this home: nobody's settings, and no limit on questions."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUIPU_")}
    return {**kept, "QUIPU_HOME": str(home), "QUIPU_RATE": "999999/second", "QUIPU_ORIGIN_RATE": "999999/second"}


def prepare_shipped(folder: Path, encoder: Encoder) -> None:
    """Index the report that ships, for Quipu in `folder/home` and for the baseline in `folder/plain`: the same passages."""
    Assistant(Home(folder / "home"), encoder, SentenceRanker.load(encoder)).index()
    (folder / "plain").mkdir()
    found = [
        encoded_text(document, passage, encoder.count_tokens, encoder.limit)
        for document in map(read, shipped())
        for passage in split(document, encoder.count_tokens, encoder.limit)
    ]
    plain_here(found, encoder.passages(found)).save(folder / "plain")


class Run(NamedTuple):
    """The seconds until a process `printed` something, those until it `ended`, and what it `said`."""

    printed: float
    ended: float
    said: str


def run(words: Sequence[str], environment: dict[str, str], folder: Path) -> Run:
    """Run a process in `folder` until it ends.

    Raises LibraryError with its last words if it failed.
    """
    started = time.perf_counter()
    with running(words, environment, folder) as process:
        assert process.stdout is not None  # noqa: S101 - for the types: there is a pipe
        first = process.stdout.read(1)
        printed = time.perf_counter() - started
        said = first + process.stdout.read()
        failed = process.wait()
    ended = time.perf_counter() - started
    if failed:
        raise LibraryError(f"{' '.join(words[1:4])} ended with {failed}: {last_words(folder)}")
    return Run(printed, ended, said)


def last_words(folder: Path) -> str:
    """The last line that a process which ran in this folder wrote to its standard error."""
    written = (folder / "errors.txt").read_text(errors="replace").strip()
    return written[written.rfind("\n") + 1 :][-300:]


@contextmanager
def running(words: Sequence[str], environment: dict[str, str], folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that runs in `folder` while the block does. Its errors are in `errors.txt` there."""
    with (
        (folder / "errors.txt").open("w") as errors,
        subprocess.Popen(  # noqa: S603 - our own words
            words, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """Another process that takes all that one processor gives while the block runs."""
    program = f"import os\nwhile os.getppid() == {os.getpid()}: sum(range(10**5))"  # so that it never outlives this process
    with subprocess.Popen([sys.executable, "-c", program]) as spinning:  # noqa: S603 - our own words
        try:
            yield
        finally:
            spinning.kill()
