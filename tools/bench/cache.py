"""Keeps texts and vectors in the user's cache folder, a file per unit, so that a run that was stopped goes on from there."""

import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from assistant import SettingsError
from index import Encoder


def cache_folder() -> Path:
    """Return the folder of the benchmarks within the user's cache."""
    return user_cache_path("quipu", appauthor=False) / "bench"


def cached_vectors(
    units: Iterable[Sequence[str]], encoder: Encoder, cache: Path, count: Callable[[int], None]
) -> NDArray[np.float16]:
    """Return a unit row per text of all units, (n, d), encoding those units that the cache lacks or holds damaged.

    Calls `count` with the number of texts of each finished unit.
    """
    folder = cache / "vectors" / re.sub(r"\W+", "-", f"{encoder.fingerprint} {encoder.arithmetic}")
    rows = [np.empty((0, encoder.dimension), np.float16)]
    for unit in units:
        path = folder / f"{hashlib.sha256(json.dumps(list(unit)).encode()).hexdigest()[:32]}.npy"
        try:
            row = np.load(path, allow_pickle=False)
            if row.shape != (len(unit), encoder.dimension) or row.dtype != np.float16:
                raise ValueError(f"{path} holds {row.dtype} of shape {row.shape}")
        except (OSError, ValueError, EOFError):
            row = encoder.passages(unit).astype(np.float16)
            packed = io.BytesIO()
            np.save(packed, row, allow_pickle=False)
            write_whole(path, packed.getvalue())
        rows.append(row)
        count(len(unit))
    return np.concatenate(rows)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file of the cache in one step, so that no other process sees half of it. Raises SettingsError if it can't."""
    unfinished = path.with_name(f".new-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as error:
        raise SettingsError(
            f"Can't write to {path.parent}: {error.strerror}. Set XDG_CACHE_HOME to a folder that you may write to."
        ) from None
