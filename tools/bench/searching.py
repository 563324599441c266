"""How search grows with the library."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index import LibraryError, load_encoder
from tools.bench.engines import BEST, DEPTH, KINDS
from tools.bench.machine import processors
from tools.bench.processes import Tell, counting, last_words, running
from tools.bench.sample_library import questions
from tools.bench.tables import Line, Table, latency, recall
from tools.bench.texts import bench_cache, library_folders, texts, vectors

SIZES = (10_000, 100_000)
"""Passages, unless others are asked for."""

MOST_ENCODED = 100_000
"""Texts that are encoded, unless more are wanted; a larger library is filled up with mixed ones."""

_BLOCK = 20  # questions that one engine answers before the other does
_ENGINES = ("quipu", "baseline")
_MIXED_AT_ONCE = 50_000

SHARE = 0.7
"""Of the second text's vector in a mixed one."""


def search(sizes: Sequence[int], count: int, encoded: int, tell: Tell) -> Table:
    """Build, memory, latency and recall at these sizes, by `count` questions for each kind of search. The engines take turns.

    At most `encoded` texts are encoded; see `mixed` for what is beyond.
    """
    lines: list[Line] = []
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        asked = _prepare(folder, max(sizes), count, encoded, tell)
        for size in sorted(set(sizes)):
            lines += _at(folder, size, asked, tell)
    note = (
        "Vectors of real sentences: those of the docstrings of the installed packages and of Python's library and, where they "
        f"don't suffice, of two and of three neighbouring ones; by {load_encoder().arithmetic}. Beyond {encoded:,} texts, each is "
        f"two of them taken by chance: the first's vector with {SHARE} times the second's. {asked} different questions for "
        f"each line, {DEPTH} results each. Recall is of the {BEST} nearest, against exact search in single precision. Resident "
        "memory is what a process has more after all questions than before it opened the index."
    )
    chosen = "".join(f" --sizes {size}" for size in sizes) + (f" --encoded {encoded}" if encoded != MOST_ENCODED else "")
    return Table(f"search{chosen} --questions {count}", "Search by the size of the library", note, tuple(lines))


def _prepare(folder: Path, most: int, count: int, encoded: int, tell: Tell) -> int:
    """Write texts, vectors and questions for the engines. Gives how many questions there are."""
    tell("taking sentences from the installed packages")
    units = list(texts(min(most, encoded), library_folders(), bench_cache(), processors()))
    encoder = load_encoder()
    rows = vectors(units, encoder, bench_cache(), counting(tell, "encoding sentences", min(most, encoded)))
    found = [text for unit in units for text in unit]
    asked = questions(found, count)
    found, rows = mixed(found, rows, most)
    np.save(folder / "vectors.npy", rows, allow_pickle=False)
    (folder / "texts.json").write_text(json.dumps(found), encoding="utf-8")
    (folder / "questions.json").write_text(json.dumps(asked), encoding="utf-8")
    np.save(folder / "questions.npy", np.concatenate([encoder.questions([text]) for text in asked]), allow_pickle=False)
    return len(asked)


def mixed(found: list[str], rows: NDArray[np.float16], most: int) -> tuple[list[str], NDArray[np.float16]]:
    """The texts and their unit rows, (n, d), with as many more as make `most`: two of the texts, taken by chance with a fixed seed,
    and the first's row with `SHARE` times the second's, made of unit length. Their median cosine with the first is about .8.
    """
    pairs = np.random.default_rng(0).integers(len(found), size=(max(0, most - len(found)), 2))
    whole = np.empty((len(found) + len(pairs), rows.shape[1]), np.float16)
    whole[: len(found)] = rows
    for start in range(0, len(pairs), _MIXED_AT_ONCE):
        first, second = pairs[start : start + _MIXED_AT_ONCE].T
        sums = rows[first].astype(np.float32) + SHARE * rows[second].astype(np.float32)
        place = len(found) + start
        whole[place : place + len(sums)] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return found + [f"{found[first]} {found[second]}" for first, second in pairs.tolist()], whole


def _at(folder: Path, size: int, count: int, tell: Tell) -> list[Line]:
    """The figures of one size."""
    group = f"{size:,}"
    built = {}
    for name in _ENGINES:
        tell(f"{group} passages: building, {name}")
        with _engine(name, folder, size) as order:
            built[name] = order("build")
    lines = [
        Line(group, what, unit, built["quipu"][key], built["baseline"][key])
        for what, unit, key in (("build", "s", "seconds"), ("on disk", "MB", "megabytes"))
    ]
    with ExitStack() as stack:
        open_ = {name: stack.enter_context(_engine(name, folder, size)) for name in _ENGINES}
        opened = {name: order("load")["seconds"] for name, order in open_.items()}
        lines.append(Line(group, "open", "s", opened["quipu"], opened["baseline"]))
        for kind, (by_vectors, _, _) in KINDS.items():
            tell(f"{group} passages: searching {kind}")
            seconds: dict[str, list[float]] = {name: [] for name in _ENGINES}
            found: dict[str, list[list[int]]] = {name: [] for name in _ENGINES}
            for first in range(0, count, _BLOCK):
                for name, order in open_.items():
                    given = order("ask", kind, first, min(first + _BLOCK, count))
                    seconds[name] += given["seconds"]
                    found[name] += given["found"]
            lines += latency(group, kind, seconds["quipu"], seconds["baseline"])
            if by_vectors and kind != "by both":
                lines.append(Line(group, f"{kind}, recall@{BEST}", "", recall(found["quipu"], found["baseline"]), 1.0))
        taken = {name: order("resident")["megabytes"] for name, order in open_.items()}
    lines.append(Line(group, "resident memory", "MB", taken["quipu"], taken["baseline"]))
    return lines


@contextmanager
def _engine(name: str, folder: Path, size: int) -> Iterator[Callable[..., dict[str, Any]]]:
    """Starts an engine, in a folder of its own; gives what it answers to an order. That raises LibraryError if it doesn't."""
    place = folder / name
    place.mkdir(exist_ok=True)
    words = [sys.executable, "-m", "tools.bench.engines", name, str(folder), str(size)]
    with running(words, dict(os.environ), place) as process:
        assert process.stdin is not None  # noqa: S101 - for the types: there are pipes
        assert process.stdout is not None  # noqa: S101
        asks, answers = process.stdin, process.stdout

        def order(*words: object) -> dict[str, Any]:
            try:
                asks.write(json.dumps(words) + "\n")
                asks.flush()
                said: dict[str, Any] = json.loads(answers.readline())
            except (OSError, ValueError):
                reason = last_words(place) or "there may not be memory enough"
                raise LibraryError(f"The {name} engine ended at '{words[0]}': {reason}") from None
            return said

        yield order
