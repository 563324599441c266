"""`CrossEncoder`, which scores how well each sentence of a passage answers a question, run by ONNX Runtime."""

import hashlib
import json
import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from assistant.model.passage_input import PassageInput, passage_inputs
from index import EncoderError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Tokenizer

FOLDER = Path(str(files("assistant.model")))
WEIGHTS, TOKENIZER = "cross_encoder.onnx", "tokenizer.json"
CHECKSUMS = "cross_encoder.json"
"""The sha256 of both by their names."""

_THREADS = min(4, os.cpu_count() or 1)
_LONGEST_SPAN = 30  # tokens
_CLEAR_SPAN = 0.6  # the least probability of a span that is marked


@dataclass(frozen=True, slots=True)
class SentenceScore:
    """Two logits of a sentence, that it answers the question and that it is about what is asked; and the range of the sentence that
    is the answer, or None if no range clearly is.
    """

    answers: float
    is_about: float
    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class ReadPassage:
    """The sentences of a passage, in order, and the headings above it, nearest first."""

    headings: str
    sentences: tuple[str, ...]


class CrossEncoder:
    """The trained model that `MODEL.md` in this folder describes. Safe to use from several threads."""

    def __init__(self, session: "InferenceSession", tokenizer: "Tokenizer") -> None:
        self._session, self._tokenizer = session, tokenizer
        self._threads = ThreadPoolExecutor(_THREADS)

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Self | None:
        """Return the cross-encoder whose weights and tokenizer are in this folder, or None if there are no weights.

        Raises EncoderError if a file is missing or doesn't match its checksum.
        """
        if not (folder / WEIGHTS).is_file():
            return None
        expected = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
        content = {name: path.read_bytes() if (path := folder / name).is_file() else b"" for name in (WEIGHTS, TOKENIZER)}
        for name, data in content.items():
            if hashlib.sha256(data).hexdigest() != expected[name]:
                raise EncoderError(
                    f"The cross-encoder's file {folder / name} is not the one that Quipu was measured with: reinstall Quipu."
                )
        from onnxruntime import InferenceSession

        session = InferenceSession(content[WEIGHTS], session_options(), providers=["CPUExecutionProvider"])
        return cls(session, tokenizer(folder))

    def score(self, question: str, passages: Sequence[ReadPassage]) -> list[list[SentenceScore]]:
        """Return the scores of the sentences of each passage.

        Each passage is read by itself: in a batch, its scores would depend on the other passages.
        """
        return list(self._threads.map(lambda passage: self._score(question, passage), passages))

    def _score(self, question: str, passage: ReadPassage) -> list[SentenceScore]:
        return [
            score
            for part in passage_inputs(self._tokenizer, question, passage.headings, passage.sentences)
            for score in self._run(part)
        ]

    def _run(self, part: PassageInput) -> Iterator[SentenceScore]:
        inputs = {
            "input_ids": np.array([part.ids], np.int64),
            "token_type_ids": np.array([part.types], np.int64),
            "position_ids": np.array([part.positions], np.int64),
            "attention": part.attention()[None],
        }
        logits, spans = (output[0] for output in self._session.run(None, inputs))
        markers = logits[len(part.ids) - len(part.sentences) :]
        for (answers, is_about), (start, end), offsets in zip(markers, part.sentences, part.offsets, strict=True):
            yield SentenceScore(float(answers), float(is_about), _span(offsets, spans[start:end]))


def session_options() -> "SessionOptions":
    """Return the options of a session that computes int8 products alike on every processor."""
    from onnxruntime import SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = 1  # one thread per sentence is faster than two threads for one sentence
    # Without VNNI, sums of unsigned by signed bytes saturate at 16 bits, and scores differ; this takes a slower, exact way there.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return options


def _span(offsets: Sequence[tuple[int, int]], logits: NDArray[np.float32]) -> tuple[int, int] | None:
    """Return the most probable answer range in characters of the sentence, or None if it isn't clear.

    `logits`, shape (t, 2), are those of each of its tokens to be the first and the last of the answer, and `offsets` their ranges.
    A range is clear if the geometric mean of both probabilities is more than `_CLEAR_SPAN`.
    """
    if not len(logits):
        return None
    logits = logits.astype(np.float64)
    chances = np.exp(logits - logits.max(axis=0))
    chances /= chances.sum(axis=0)
    joint = np.triu(np.outer(chances[:, 0], chances[:, 1])) - np.triu(np.outer(chances[:, 0], chances[:, 1]), _LONGEST_SPAN)
    first, last = divmod(int(joint.argmax()), len(logits))
    if not math.sqrt(joint[first, last]) > _CLEAR_SPAN:
        return None
    return offsets[first][0], offsets[last][1]


@cache
def tokenizer(folder: Path = FOLDER) -> "Tokenizer":
    """Return the cross-encoder's tokenizer, BERT's with pieces for Spanish words, without truncation and padding."""
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_file(str(folder / TOKENIZER))
    loaded.no_truncation()
    loaded.no_padding()
    return loaded


@cache
def known_words() -> frozenset[str]:
    """Return the words, folded, that the cross-encoder has a piece for: the usual ones of English and Spanish, and some that are
    usually misspelled.
    """
    return frozenset(piece for piece in tokenizer().get_vocab() if piece.isalpha())
