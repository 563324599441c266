"""Real sentences that every machine has: the docstrings of the installed packages and of Python's own library.

They come in units, one for each folder at the first or second level with all below it, in the order of a hash: it looks random and
is the same each time.
"""

import ast
import hashlib
import json
import re
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

from assistant import QuestionError
from tools.bench.cache import cache_folder, write_whole
from tools.cpu_flags import usable_cores

SHORTEST, LONGEST, FEWEST_WORDS = 30, 400, 6
"""Characters of a sentence, and its words: anything shorter is mostly a name, anything longer mostly a table."""

MOST_JOINED = 3
"""Neighbouring sentences that are joined, at most, where single ones are too few."""

_AHEAD = 256  # units that the processes are given at a time


def library_folders() -> list[Path]:
    """Return the folders of Python's own library and of the installed packages."""
    return sorted({Path(sysconfig.get_paths()[name]) for name in ("stdlib", "purelib")})


def sentences(count: int) -> list[str]:
    """Return `count` distinct texts of the installed packages. Raises QuestionError if there are fewer."""
    return [text for unit in texts(count, library_folders(), cache_folder(), usable_cores()) for text in unit]


def units_in(roots: Sequence[Path]) -> list[list[Path]]:
    """Return the Python files below these folders, grouped by the first two folders of their path, in the order of its hash."""
    units: dict[str, dict[str, Path]] = {}
    for root in roots:
        for path in root.rglob("*.py"):
            place = path.relative_to(root)
            if not {"site-packages", "dist-packages"}.intersection(place.parts) and path.is_file():
                units.setdefault("/".join(place.parts[:-1][:2]), {})[place.as_posix()] = path
    ordered = sorted(units, key=lambda unit: hashlib.sha256(unit.encode()).hexdigest())
    return [[path for _, path in sorted(units[unit].items())] for unit in ordered]


def sentences_of(source: str) -> list[str]:
    """Return the sentences of a program's docstrings in order, each on one line; none if it isn't valid Python.

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
    docstrings = filter(None, (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds)))
    parts = (" ".join(part.split()) for text in docstrings for part in re.split(r"(?<=[.!?])\s+|\n\s*\n", text))
    return [part for part in parts if SHORTEST <= len(part) <= LONGEST and part.count(" ") >= FEWEST_WORDS - 1]


def windows(sentences: Sequence[str], size: int) -> list[str]:
    """Return each run of `size` neighbouring sentences as one text.

    >>> windows(["a.", "b.", "c."], 2)
    ['a. b.', 'b. c.']
    """
    return [" ".join(sentences[first : first + size]) for first in range(len(sentences) - size + 1)]


def texts(count: int, roots: Sequence[Path], cache: Path, processes: int = 1) -> Iterator[list[str]]:
    """Yield distinct texts by unit, `count` in all: the sentences of all units, then pairs and triples if those are too few.

    Raises QuestionError if even these are.
    """
    units = units_in(roots)
    seen: set[str] = set()
    for size in range(1, MOST_JOINED + 1):
        for unit in _sentences_by_unit(units, cache, processes):
            new = [text for text in dict.fromkeys(windows(unit, size)) if text not in seen][: count - len(seen)]
            seen.update(new)
            if new:
                yield new
            if len(seen) == count:
                return
    raise QuestionError(f"{count:,} texts were asked for, and the packages of this Python have {len(seen):,}: ask for fewer.")


def _sentences_by_unit(units: Sequence[list[Path]], cache: Path, processes: int) -> Iterator[list[str]]:
    extract = partial(_sentences_of_unit, cache / "texts")
    if processes == 1:
        yield from map(extract, units)
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for first in range(0, len(units), _AHEAD):
            yield from pool.map(extract, units[first : first + _AHEAD], chunksize=8)


def _sentences_of_unit(cache: Path, paths: Sequence[Path]) -> list[str]:
    """Return the distinct sentences of these files, from the cache as long as no file has changed its size."""
    sizes = json.dumps([(path.as_posix(), path.stat().st_size) for path in paths])
    cached = cache / f"{hashlib.sha256(sizes.encode()).hexdigest()[:32]}.json"
    try:
        return [str(text) for text in json.loads(cached.read_bytes())]
    except (OSError, ValueError):
        found = list(dict.fromkeys(chain.from_iterable(sentences_of(_source(path)) for path in paths)))
        write_whole(cached, json.dumps(found, ensure_ascii=True).encode())
        return found


def _source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
