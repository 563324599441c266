"""The reader in use: a cross-encoder, run by ONNX Runtime, that reads a question and a sentence together."""

import hashlib
import json
import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from assistant.model.pairs import Pair, encode
from index import EncoderError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

FOLDER = Path(str(files("assistant.model")))
WEIGHTS = "cross_encoder.onnx"

_THREADS = min(4, os.cpu_count() or 1)
_LONGEST_SPAN = 30  # tokens
_CLEAR_SPAN = 0.5  # the probability that a span needs to be marked


@dataclass(frozen=True, slots=True)
class SentenceScore:
    """How far a sentence answers, as a logit; and the range of it that is the answer, where there is a clear one."""

    logit: float
    span: tuple[int, int] | None


class CrossEncoder:
    """The trained reader (see `MODEL.md` beside this file). The constructor takes loaded parts; `load` finds them."""

    def __init__(self, session: "InferenceSession", tokenizer: "Tokenizer") -> None:
        self._session, self._tokenizer = session, tokenizer
        self._threads = ThreadPoolExecutor(_THREADS)

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Self | None:
        """The reader whose weights are in this folder; None if there are none.

        Raises EncoderError if the weights aren't the ones that were measured.
        """
        weights = folder / WEIGHTS
        if not weights.is_file():
            return None
        data = weights.read_bytes()
        expected = json.loads((folder / "cross_encoder.json").read_text(encoding="utf-8"))["sha256"]
        if hashlib.sha256(data).hexdigest() != expected:
            raise EncoderError(
                f"The reader's weights in {weights} are not the ones that Quipu was measured with: install Quipu anew."
            )
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = 1  # a sentence to a thread is faster than two threads to a sentence
        return cls(InferenceSession(data, options, providers=["CPUExecutionProvider"]), tokenizer())

    def read(self, question: str, sentences: Sequence[tuple[str, tuple[str, str]]]) -> list[SentenceScore]:
        """A reading of each sentence, given with what stands around it (see `pairs.context`).

        Each is read by itself: what stands beside it in a batch would change its numbers.
        """
        return list(self._threads.map(lambda sentence: self._read(question, *sentence), sentences))

    def _read(self, question: str, text: str, around: tuple[str, str]) -> SentenceScore:
        pair = encode(self._tokenizer, question, text, around)
        ids = np.array([pair.ids], np.int64)
        fed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.array([pair.types], np.int64)}
        logits, spans = self._session.run(None, fed)
        return SentenceScore(float(logits[0]), _span(pair, spans[0]))


def _span(pair: Pair, logits: NDArray[np.float32]) -> tuple[int, int] | None:
    """The most probable range of the sentence, if it has more than half of the probability; (t, 2) logits."""
    within = logits[pair.first : pair.first + len(pair.offsets)].astype(np.float64)
    if not len(within):
        return None
    chances = np.exp(within - within.max(axis=0))
    chances /= chances.sum(axis=0)
    joint = np.triu(np.outer(chances[:, 0], chances[:, 1])) - np.triu(np.outer(chances[:, 0], chances[:, 1]), _LONGEST_SPAN)
    first, last = divmod(int(joint.argmax()), len(within))
    if not math.sqrt(joint[first, last]) > _CLEAR_SPAN:
        return None
    return pair.offsets[first][0], pair.offsets[last][1]


@cache
def tokenizer() -> "Tokenizer":
    """Return the tokenizer that the cross-encoder was trained with, that of all-MiniLM-L6-v2, without truncation and padding."""
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found
