"""Real sentences, which a machine has anyway: those of the docstrings of the installed packages and of Python's library.

They are taken by units (a package's folder with all below it), in an order that looks like chance and is the same each time. What
was taken, and the vectors of it, are kept in the user's cache, a file per unit: a long run that was stopped goes on where it was.
"""

import ast
import hashlib
import io
import json
import os
import re
import sysconfig
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from assistant import QuestionError, SettingsError
from index import Encoder
from tools.bench.machine import processors

SHORTEST, LONGEST, FEWEST_WORDS = 30, 400, 6
"""Characters of a sentence, and its words: what is shorter is mostly a name, what is longer mostly a table."""

WINDOWS = 3
"""Where single sentences don't suffice, neighbouring ones are taken together, up to so many."""

_AHEAD = 256  # units whose texts are taken together, by all processors


def bench_cache() -> Path:
    """The folder where texts and vectors are kept between runs."""
    return user_cache_path("quipu", appauthor=False) / "bench"


def library_folders() -> list[Path]:
    """Where Python's own library and the installed packages are."""
    return sorted({Path(sysconfig.get_paths()[name]) for name in ("stdlib", "purelib")})


def sentences(most: int) -> list[str]:
    """Distinct texts of the installed packages, `most` in all. Raises QuestionError if there are fewer."""
    return [text for unit in texts(most, library_folders(), bench_cache(), processors()) for text in unit]


def units_in(roots: Sequence[Path]) -> list[list[Path]]:
    """The Python files below these folders by unit: the first two folders of their path. Units are ordered by the hash of that."""
    units: dict[str, dict[str, Path]] = {}
    for root in roots:
        for path in root.rglob("*.py"):
            place = path.relative_to(root)
            if not {"site-packages", "dist-packages"}.intersection(place.parts) and path.is_file():
                units.setdefault("/".join(place.parts[:-1][:2]), {})[place.as_posix()] = path
    ordered = sorted(units, key=lambda unit: hashlib.sha256(unit.encode()).hexdigest())
    return [[path for _, path in sorted(units[unit].items())] for unit in ordered]


def sentences_of(source: str) -> list[str]:
    """The sentences of a program's docstrings, in their order, without line breaks; none of what isn't Python.

    >>> sentences_of('"It gives the number of rows there are. Short."')
    ['It gives the number of rows there are.']
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = filter(None, (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds)))
    parts = (" ".join(part.split()) for text in found for part in re.split(r"(?<=[.!?])\s+|\n\s*\n", text))
    return [part for part in parts if SHORTEST <= len(part) <= LONGEST and part.count(" ") >= FEWEST_WORDS - 1]


def windows(sentences: Sequence[str], size: int) -> list[str]:
    """Each run of `size` neighbouring sentences, as one text.

    >>> windows(["a.", "b.", "c."], 2)
    ['a. b.', 'b. c.']
    """
    return [" ".join(sentences[first : first + size]) for first in range(len(sentences) - size + 1)]


def texts(most: int, roots: Sequence[Path], cache: Path, processes: int = 1) -> Iterator[list[str]]:
    """Distinct texts by unit, `most` in all: sentences of all units, and then their pairs and triples if these don't suffice.

    Raises QuestionError if there are fewer.
    """
    units = units_in(roots)
    seen: set[str] = set()
    for size in range(1, WINDOWS + 1):
        for unit in _taken(units, cache, processes):
            new = [text for text in dict.fromkeys(windows(unit, size)) if text not in seen][: most - len(seen)]
            seen.update(new)
            if new:
                yield new
            if len(seen) == most:
                return
    raise QuestionError(f"{most:,} texts were asked for, and the packages of this Python have {len(seen):,}: ask for fewer.")


def _taken(units: Sequence[list[Path]], cache: Path, processes: int) -> Iterator[list[str]]:
    """The sentences of each unit, in order."""
    take = partial(_of_unit, cache / "texts")
    if processes == 1:
        yield from map(take, units)
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for first in range(0, len(units), _AHEAD):
            yield from pool.map(take, units[first : first + _AHEAD], chunksize=8)


def _of_unit(cache: Path, paths: Sequence[Path]) -> list[str]:
    """The sentences of these files, each once; from the cache if they were taken before and no file has another size since."""
    named = json.dumps([(path.as_posix(), path.stat().st_size) for path in paths])
    kept = cache / f"{hashlib.sha256(named.encode()).hexdigest()[:32]}.json"
    try:
        return [str(text) for text in json.loads(kept.read_bytes())]
    except (OSError, ValueError):
        found = list(dict.fromkeys(chain.from_iterable(sentences_of(_source(path)) for path in paths)))
        _keep(kept, json.dumps(found, ensure_ascii=True).encode())
        return found


def _source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def vectors(found: Iterable[Sequence[str]], encoder: Encoder, cache: Path, tell: Callable[[int], None]) -> NDArray[np.float16]:
    """A unit row per text, (n, d), encoded a list at a time unless the cache has it. `tell` hears how many texts are done."""
    folder = cache / "vectors" / re.sub(r"\W+", "-", f"{encoder.fingerprint} {encoder.arithmetic}")
    rows = [np.empty((0, encoder.dimension), np.float16)]
    for part in found:
        kept = folder / f"{hashlib.sha256(json.dumps(list(part)).encode()).hexdigest()[:32]}.npy"
        try:
            row = np.load(kept, allow_pickle=False)
            if row.shape != (len(part), encoder.dimension) or row.dtype != np.float16:
                raise ValueError(f"{kept} isn't what was written")
        except (OSError, ValueError, EOFError):
            row = encoder.passages(part).astype(np.float16)
            packed = io.BytesIO()
            np.save(packed, row, allow_pickle=False)
            _keep(kept, packed.getvalue())
        rows.append(row)
        tell(len(part))
    return np.concatenate(rows)


def _keep(path: Path, data: bytes) -> None:
    """Put a file into the cache, all at once. Raises SettingsError if that can't be written."""
    unfinished = path.with_name(f".new-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as error:
        raise SettingsError(
            f"{path.parent} can't be written: {error.strerror}. Set XDG_CACHE_HOME to a folder of your own."
        ) from None
