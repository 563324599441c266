"""The encoder run by sentence-transformers and torch: slower, and the reference for an exported one."""

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np

from index.encoders.model_files import DEFAULT_MODEL, check_default, fingerprint, go_offline, model_folder
from index.encoders.protocol import Vectors
from index.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class SentenceTransformerEncoder:
    """A sentence-transformers model run by torch: the original of an export, and the fallback for a model that can't be exported.

    The constructor takes a loaded model; `load` finds one on this machine.
    """

    def __init__(self, model: "SentenceTransformer", name: str, fingerprint: str) -> None:
        self.model = model
        self._lock = threading.Lock()  # fast tokenizers can't be used from two threads at once
        self._cached_questions = lru_cache(maxsize=64)(
            self._question_rows
        )  # a question is encoded for the search, and again to rank sentences
        self.name = name
        self.fingerprint = fingerprint
        self.arithmetic = "sentence-transformers fp32"
        self.notice = ""
        self.limit = int(model.max_seq_length or model.tokenizer.model_max_length)
        self.dimension = int(model.get_embedding_dimension() or 0)

    @classmethod
    def load(cls, model: str = DEFAULT_MODEL) -> "SentenceTransformerEncoder":
        """Load the encoder named `model`: the default, a model's folder, or a name in the local Hugging Face cache.

        Raises EncoderError if the model is not on this machine or can't be loaded, or if the default model has unexpected weights.
        """
        go_offline()
        folder = model_folder(model)
        digest = fingerprint(folder)
        if model == DEFAULT_MODEL:
            check_default(folder)
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        try:
            loaded = SentenceTransformer(str(folder), local_files_only=True, trust_remote_code=False)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise EncoderError(f"The model in {folder} can't be loaded by sentence-transformers: {error}") from error
        return cls(loaded, model, digest)

    def questions(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.questions`. The rows are read-only, since they are cached."""
        return self._cached_questions(tuple(texts))

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """See `Encoder.passages`."""
        rows = []
        for start in range(0, len(texts), _REPORT_EVERY):
            batch = texts[start : start + _REPORT_EVERY]
            rows.append(self._unit_rows(self.model.encode_document, batch))
            if progress is not None:
                progress(len(batch))
        return np.concatenate(rows) if rows else np.empty((0, self.dimension), np.float32)

    def count_tokens(self, text: str) -> int:
        """See `Encoder.count_tokens`."""
        with self._lock:
            return len(self.model.tokenizer(text, verbose=False)["input_ids"])

    def _question_rows(self, texts: tuple[str, ...]) -> Vectors:
        rows = self._unit_rows(self.model.encode_query, texts)
        rows.flags.writeable = False
        return rows

    def _unit_rows(self, encode: Callable[..., object], texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        with self._lock:
            vectors = encode(list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
        return cast(Vectors, np.ascontiguousarray(vectors, dtype=np.float32))


_REPORT_EVERY = 64  # passages between two reports of progress
