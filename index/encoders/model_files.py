"""Finds a model's files on this machine, and fingerprints their contents."""

import hashlib
import json
import os
import time
from importlib.resources import files
from pathlib import Path
from tempfile import NamedTemporaryFile

from platformdirs import user_cache_path

from index.errors import EncoderError

DEFAULT_MODEL = "minilm-en-es"
"""The encoder that ships, in the folder of this name."""
_DEFAULT_WEIGHTS = "f48401deb84f1ea3f1c62f40e136f5c2876943e7b946fff8c36b59e7380bca72"
_WEIGHT_FILES = ("*.safetensors", "*.bin")
_SETTING_FILES = ("*.json", "vocab.txt", "*.model", "*.spm")
_CACHE_FILE = "fingerprints.json"
_SETTLED = 2.0  # seconds after which another change to a file surely changes its time


def go_offline() -> None:
    """Keep the Hugging Face libraries from using the network and sending telemetry. Call this before they are imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def cache_folder() -> Path:
    """Return the folder in this user's cache for exported encoders. It can be deleted at any time."""
    return user_cache_path("quipu", appauthor=False) / "encoders"


def default_folder() -> Path:
    """Return the folder of the default model."""
    return Path(str(files("index.encoders"))) / DEFAULT_MODEL


def model_folder(model: str) -> Path:
    """Return the folder of `model`: the default model, a folder, or a name in the local Hugging Face cache.

    Raises EncoderError if it is not on this machine.
    """
    if model == DEFAULT_MODEL:
        return default_folder()
    if Path(model).is_dir():
        return Path(model)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        raise EncoderError(
            f"QUIPU_MODEL names '{model}', which is neither a folder nor a model in the local Hugging Face cache. "
            f"Give the folder of a sentence-transformers model, or unset it to use {DEFAULT_MODEL}."
        ) from None


def is_at_hand(model: str) -> bool:
    """Return whether `model_folder` finds a model."""
    try:
        model_folder(model)
    except EncoderError:
        return False
    return True


def check_default(folder: Path) -> None:
    """Raise EncoderError unless the weights in the default model's folder are those that Quipu was evaluated with."""
    if sha256(folder / "model.safetensors") != _DEFAULT_WEIGHTS:
        raise EncoderError(
            f"The weights of {DEFAULT_MODEL} in {folder} are not the ones that Quipu was evaluated with: reinstall Quipu."
        )


def fingerprint(folder: Path, cache: Path | None = None) -> str:
    """Return 16 hex digits of a sha256 over the names and contents of a model's weights, tokenizer and settings, sorted by name.

    With a `cache` folder, files are hashed again only if the size or time of one of them changed. Raises EncoderError if there are
    no weights in the model's folder.
    """
    weights = sorted({path for pattern in _WEIGHT_FILES for path in folder.rglob(pattern)})
    if not weights:
        raise EncoderError(f"{folder} contains no model: there is no weights file (.safetensors) in it.")
    paths = sorted({*weights, *(path for pattern in _SETTING_FILES for path in folder.rglob(pattern))})
    stamps = [[path.relative_to(folder).as_posix(), *_stamp(path)] for path in paths]
    cached = _read(cache / _CACHE_FILE) if cache else {}
    key = str(folder.resolve())
    if isinstance(entry := cached.get(key), dict) and entry.get("files") == stamps and isinstance(entry.get("fingerprint"), str):
        return str(entry["fingerprint"])
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256(path)}\n".encode())
    short_digest = digest.hexdigest()[:16]
    newest = max(_stamp(path)[2] for path in paths) / 1e9
    if cache and time.time() - newest > _SETTLED:
        _write(cache / _CACHE_FILE, cached | {key: {"files": stamps, "fingerprint": short_digest}})
    return short_digest


def sha256(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(path: Path) -> tuple[int, int, int]:
    """Return a file's size, and the times when its content and its metadata changed, in nanoseconds."""
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _read(path: Path) -> dict[str, object]:
    try:
        cached = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return cached if isinstance(cached, dict) else {}


def _write(path: Path, cached: dict[str, object]) -> None:
    """Replace the file atomically. Ignore errors, since without it files are merely hashed again."""
    existing = {folder: entry for folder, entry in cached.items() if Path(folder).is_dir()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            json.dump(existing, file)
        Path(file.name).replace(path)
    except OSError:
        return
