"""How search grows with the library."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from corpus import LibraryError
from eval.bench.engines import BEST, DEPTH, KINDS
from eval.bench.figures import Line, Table, latency, recall
from eval.bench.library import questions
from eval.bench.machine import processors
from eval.bench.running import Tell, running
from eval.bench.texts import bench_cache, library_folders, texts, vectors
from index import load_encoder

SIZES = (10_000, 100_000)
"""Passages, unless others are asked for."""

_BLOCK = 20  # questions that one engine answers before the other does
_ENGINES = ("quipu", "baseline")


def search(sizes: Sequence[int], count: int, tell: Tell) -> Table:
    """Build, memory, latency and recall at these sizes, by `count` questions for each kind of search. The engines take turns."""
    lines: list[Line] = []
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        asked = _prepare(folder, max(sizes), count, tell)
        for size in sorted(sizes):
            lines += _at(folder, size, asked, tell)
    note = (
        "Vectors of real sentences: those of the docstrings of the installed packages and of Python's library and, where they "
        f"don't suffice, of two and of three neighbouring ones; by {load_encoder().arithmetic}. {asked} different questions for "
        f"each line, {DEPTH} results each. Recall is of the {BEST} nearest, against exact search in single precision. Resident "
        "memory is what a process has more after all questions than before it opened the index."
    )
    chosen = "" if tuple(sizes) == SIZES else "".join(f" --sizes {size}" for size in sizes)
    return Table(f"search{chosen}", "Search by the size of the library", note, tuple(lines))


def _prepare(folder: Path, most: int, count: int, tell: Tell) -> int:
    """Write texts, vectors and questions for the engines. Gives how many questions there are."""
    tell("taking sentences from the installed packages")
    units = list(texts(most, library_folders(), bench_cache(), processors()))
    encoder, done = load_encoder(), 0

    def encoded(more: int) -> None:
        nonlocal done
        done += more
        tell(f"encoding sentences: {done:,} of {most:,}")

    np.save(folder / "vectors.npy", vectors(units, encoder, bench_cache(), encoded), allow_pickle=False)
    found = [text for unit in units for text in unit]
    asked = questions(found, count)
    (folder / "texts.json").write_text(json.dumps(found), encoding="utf-8")
    (folder / "questions.json").write_text(json.dumps(asked), encoding="utf-8")
    np.save(folder / "questions.npy", np.concatenate([encoder.questions([text]) for text in asked]), allow_pickle=False)
    return len(asked)


def _at(folder: Path, size: int, count: int, tell: Tell) -> list[Line]:
    """The figures of one size."""
    group = f"{size:,}"
    built = {}
    for name in _ENGINES:
        tell(f"{group} passages: building, {name}")
        with _engine(name, folder, size) as process:
            built[name] = _order(process, "build")
    lines = [
        Line(group, what, unit, built["quipu"][key], built["baseline"][key])
        for what, unit, key in (("build", "s", "seconds"), ("on disk", "MB", "megabytes"))
    ]
    with ExitStack() as stack:
        open_ = {name: stack.enter_context(_engine(name, folder, size)) for name in _ENGINES}
        opened = {name: _order(process, "load")["seconds"] for name, process in open_.items()}
        lines.append(Line(group, "open", "s", opened["quipu"], opened["baseline"]))
        for kind, (by_vectors, _, _) in KINDS.items():
            tell(f"{group} passages: searching {kind}")
            seconds: dict[str, list[float]] = {name: [] for name in _ENGINES}
            found: dict[str, list[list[int]]] = {name: [] for name in _ENGINES}
            for first in range(0, count, _BLOCK):
                for name, process in open_.items():
                    given = _order(process, "ask", kind, first, min(first + _BLOCK, count))
                    seconds[name] += given["seconds"]
                    found[name] += given["found"]
            lines += latency(group, kind, seconds["quipu"], seconds["baseline"])
            if by_vectors and kind != "by both":
                lines.append(Line(group, f"{kind}, recall@{BEST}", "", recall(found["quipu"], found["baseline"]), 1.0))
        taken = {name: _order(process, "resident")["megabytes"] for name, process in open_.items()}
    lines.append(Line(group, "resident memory", "MB", taken["quipu"], taken["baseline"]))
    return lines


@contextmanager
def _engine(name: str, folder: Path, size: int) -> Iterator["subprocess.Popen[str]"]:
    """An engine's process, in a folder of its own."""
    (folder / name).mkdir(exist_ok=True)
    words = [sys.executable, "-m", "eval.bench.engines", name, str(folder), str(size)]
    with running(words, dict(os.environ), folder / name) as process:
        yield process


def _order(process: "subprocess.Popen[str]", *order: object) -> dict[str, Any]:
    """What an engine answers to an order. Raises LibraryError if it doesn't."""
    assert process.stdin is not None  # noqa: S101 - for the types: there are pipes
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        said: dict[str, Any] = json.loads(process.stdout.readline())
    except (OSError, ValueError):
        raise LibraryError(f"An engine ended with {process.wait()} at '{order[0]}': there may not be memory enough.") from None
    return said
