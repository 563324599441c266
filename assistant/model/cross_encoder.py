"""`CrossEncoder`, which scores how well a sentence answers a question, run by ONNX Runtime."""

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
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Tokenizer

FOLDER = Path(str(files("assistant.model")))
WEIGHTS = "cross_encoder.onnx"

_THREADS = min(4, os.cpu_count() or 1)
_LONGEST_SPAN = 30  # tokens
_CLEAR_SPAN = 0.5  # the least probability of a span that is marked


@dataclass(frozen=True, slots=True)
class SentenceScore:
    """The logit that a sentence answers, and the range of the sentence that is the answer, or None if no range clearly is."""

    logit: float
    span: tuple[int, int] | None


class CrossEncoder:
    """The trained model that `MODEL.md` in this folder describes. Safe to use from several threads."""

    def __init__(self, session: "InferenceSession", tokenizer: "Tokenizer") -> None:
        self._session, self._tokenizer = session, tokenizer
        self._threads = ThreadPoolExecutor(_THREADS)

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Self | None:
        """Return the cross-encoder whose weights are in this folder, or None if there are none.

        Raises EncoderError if the weights don't match their checksum.
        """
        weights = folder / WEIGHTS
        if not weights.is_file():
            return None
        data = weights.read_bytes()
        expected = json.loads((folder / "cross_encoder.json").read_text(encoding="utf-8"))["sha256"]
        if hashlib.sha256(data).hexdigest() != expected:
            raise EncoderError(
                f"The cross-encoder's weights in {weights} are not the ones that Quipu was measured with: reinstall Quipu."
            )
        from onnxruntime import InferenceSession

        return cls(InferenceSession(data, session_options(), providers=["CPUExecutionProvider"]), tokenizer())

    def score(self, question: str, sentences: Sequence[tuple[str, tuple[str, str]]]) -> list[SentenceScore]:
        """Return the score of each sentence, given as (text, context as `pairs.context` returns it).

        Each is scored by itself: in a batch, its score would depend on the other sentences.
        """
        return list(self._threads.map(lambda sentence: self._score(question, *sentence), sentences))

    def _score(self, question: str, text: str, around: tuple[str, str]) -> SentenceScore:
        pair = encode(self._tokenizer, question, text, around)
        ids = np.array([pair.ids], np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.array([pair.types], np.int64)}
        logits, spans = self._session.run(None, inputs)
        return SentenceScore(float(logits[0]), _span(pair, spans[0]))


def session_options() -> "SessionOptions":
    """Return the options of a session that computes int8 products alike on every processor."""
    from onnxruntime import SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = 1  # one thread per sentence is faster than two threads for one sentence
    # Without VNNI, sums of unsigned by signed bytes saturate at 16 bits, and scores differ; this takes a slower, exact way there.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return options


def _span(pair: Pair, logits: NDArray[np.float32]) -> tuple[int, int] | None:
    """Return the most probable answer range in characters of the sentence, or None if it isn't clear.

    `logits`, shape (t, 2), are those of each token to be the first and the last of the answer. A range is clear if the geometric
    mean of both probabilities is more than `_CLEAR_SPAN`.
    """
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
    """Return the cross-encoder's tokenizer, that of all-MiniLM-L6-v2, without truncation and padding."""
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    loaded.no_truncation()
    loaded.no_padding()
    return loaded
