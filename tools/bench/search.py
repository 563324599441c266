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
from tools.bench.cache import cache_folder, cached_vectors
from tools.bench.docstrings import library_folders, texts
from tools.bench.engines import BEST, DEPTH, KINDS
from tools.bench.processes import ShowStep, count_steps, last_error_line, running
from tools.bench.results import BenchmarkResult, Measurement, latency, recall
from tools.bench.sample_library import questions
from tools.cpu_flags import usable_cores

SIZES = (10_000, 100_000)
"""Sizes of library, in passages, unless others are named."""

MOST_ENCODED = 100_000
"""Texts that are encoded, unless another number is named; a larger library is filled up with mixed ones."""

SHARE = 0.7
"""The weight of the second text's vector in a mixed one."""

_BLOCK = 20  # questions that one engine answers before the other does
_ENGINES = ("quipu", "baseline")
_MIXED_AT_ONCE = 50_000
_CHECKOUT = Path(__file__).parents[2]


def search(sizes: Sequence[int], count: int, encoded: int, show: ShowStep) -> BenchmarkResult:
    """Measure build, memory, latency and recall at these sizes, by `count` questions for each kind of search, in turns.

    At most `encoded` texts are encoded; `mixed` makes the rest.
    """
    measurements: list[Measurement] = []
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        asked = _prepare(folder, max(sizes), count, encoded, show)
        for size in sorted(set(sizes)):
            measurements += _measure(folder, size, asked, show)
    note = (
        "Vectors of real sentences: those of the docstrings of the installed packages and of Python's own library and, where these "
        f"are too few, two and three neighbouring ones joined; by {load_encoder().arithmetic}. Beyond {encoded:,} texts, each is "
        f"two of them drawn at random: the first's vector plus {SHARE} times the second's. {asked} different questions for "
        f"each line, {DEPTH} results each. Recall is of the {BEST} nearest, against exact search in single precision. Resident "
        "memory is what a process has gained after all questions since before it opened the index."
    )
    chosen = "".join(f" --sizes {size}" for size in sizes) + (f" --encoded {encoded}" if encoded != MOST_ENCODED else "")
    command = f"search{chosen} --questions {count}"
    return BenchmarkResult(command, "Search by the size of the library", note, tuple(measurements))


def _prepare(folder: Path, most: int, count: int, encoded: int, show: ShowStep) -> int:
    """Write the texts, vectors and questions for the engines, and return how many questions there are."""
    show("collecting sentences from the installed packages")
    units = list(texts(min(most, encoded), library_folders(), cache_folder(), usable_cores()))
    encoder = load_encoder()
    counter = count_steps(show, "encoding sentences", min(most, encoded))
    rows = cached_vectors(units, encoder, cache_folder(), counter)
    all_texts = [text for unit in units for text in unit]
    asked = questions(all_texts, count)
    all_texts, rows = mixed(all_texts, rows, most)
    np.save(folder / "vectors.npy", rows, allow_pickle=False)
    (folder / "texts.json").write_text(json.dumps(all_texts), encoding="utf-8")
    (folder / "questions.json").write_text(json.dumps(asked), encoding="utf-8")
    np.save(folder / "questions.npy", np.concatenate([encoder.questions([text]) for text in asked]), allow_pickle=False)
    return len(asked)


def mixed(texts: list[str], rows: NDArray[np.float16], most: int) -> tuple[list[str], NDArray[np.float16]]:
    """Return the texts and their unit rows, (n, d), filled up to `most` with mixed ones: two of the texts, drawn with a fixed seed,
    and the first's row plus `SHARE` times the second's, made of unit length. Their median cosine with the first is about .8.
    """
    pairs = np.random.default_rng(0).integers(len(texts), size=(max(0, most - len(texts)), 2))
    all_rows = np.empty((len(texts) + len(pairs), rows.shape[1]), np.float16)
    all_rows[: len(texts)] = rows
    for start in range(0, len(pairs), _MIXED_AT_ONCE):
        first, second = pairs[start : start + _MIXED_AT_ONCE].T
        sums = rows[first].astype(np.float32) + SHARE * rows[second].astype(np.float32)
        place = len(texts) + start
        all_rows[place : place + len(sums)] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return texts + [f"{texts[first]} {texts[second]}" for first, second in pairs.tolist()], all_rows


def _measure(folder: Path, size: int, count: int, show: ShowStep) -> list[Measurement]:
    """Measure both engines at one size."""
    group = f"{size:,}"
    built = {}
    for name in _ENGINES:
        show(f"{group} passages: building, {name}")
        with _engine(name, folder, size) as order:
            built[name] = order("build")
    measurements = [
        Measurement(group, what, unit, built["quipu"][key], built["baseline"][key])
        for what, unit, key in (("build", "s", "seconds"), ("on disk", "MB", "megabytes"))
    ]
    with ExitStack() as stack:
        engines = {name: stack.enter_context(_engine(name, folder, size)) for name in _ENGINES}
        opening = {name: order("load")["seconds"] for name, order in engines.items()}
        measurements.append(Measurement(group, "open", "s", opening["quipu"], opening["baseline"]))
        for kind, (by_vectors, _, _) in KINDS.items():
            show(f"{group} passages: searching {kind}")
            seconds: dict[str, list[float]] = {name: [] for name in _ENGINES}
            found: dict[str, list[list[int]]] = {name: [] for name in _ENGINES}
            for first in range(0, count, _BLOCK):
                for name, order in engines.items():
                    reply = order("ask", kind, first, min(first + _BLOCK, count))
                    seconds[name] += reply["seconds"]
                    found[name] += reply["found"]
            measurements += latency(group, kind, seconds["quipu"], seconds["baseline"])
            if by_vectors and kind != "by both":
                share = recall(found["quipu"], found["baseline"])
                measurements.append(Measurement(group, f"{kind}, recall@{BEST}", "", share, 1.0))
        megabytes = {name: order("resident")["megabytes"] for name, order in engines.items()}
    measurements.append(Measurement(group, "resident memory", "MB", megabytes["quipu"], megabytes["baseline"]))
    return measurements


@contextmanager
def _engine(name: str, folder: Path, size: int) -> Iterator[Callable[..., dict[str, Any]]]:
    """Run an engine in a folder of its own; yield a function that gives it an order and returns its reply.

    The function raises LibraryError if the engine has ended.
    """
    place = folder / name
    place.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tools.bench.engines", name, str(folder), str(size)]
    with running(command, {**os.environ, "PYTHONPATH": str(_CHECKOUT)}, place) as process:
        assert process.stdin is not None  # noqa: S101 - for the types: there are pipes
        assert process.stdout is not None  # noqa: S101
        orders, replies = process.stdin, process.stdout

        def order(*words: object) -> dict[str, Any]:
            try:
                orders.write(json.dumps(words) + "\n")
                orders.flush()
                reply: dict[str, Any] = json.loads(replies.readline())
            except (OSError, ValueError):
                reason = last_error_line(place) or "there may not be enough memory"
                raise LibraryError(f"The {name} engine ended at '{words[0]}': {reason}") from None
            return reply

        yield order
