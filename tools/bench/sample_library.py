"""A library of real sentences, and questions that it answers."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from assistant import Assistant, SentenceRanker
from eval import read_questions, shipped_questions
from index import Encoder, Home, Vectors, add, load_encoder
from tools.bench.cache import cache_folder, cached_vectors
from tools.bench.docstrings import sentences
from tools.bench.processes import ShowStep, count_steps

PER_DOCUMENT = 50
"""Passages of a document."""

PER_PASSAGE = 8
"""Sentences that suffice for a passage, on average."""

_CHARACTERS = 480  # of a passage: about 150 tokens
_ENCODED = 64  # passages at a time
_INSTRUCTION = re.compile(
    r"(?:Add|Apply|Build|Calculate|Change|Check|Compute|Convert|Copy|Create|Delete|Draw|Estimate|Extract|Find|Get|Load|Make|Merge|"
    r"Open|Parse|Plot|Read|Register|Remove|Replace|Save|Send|Set|Split|Store|Test|Update|Wait|Write) [^:`*<>_\"]{24,120}\."
)
"""Sentences that say what a function does, which make a question."""


def passages(sentences: Sequence[str], most: int) -> list[str]:
    """Join neighbouring sentences into passages of about 150 tokens, `most` at most."""
    joined: list[str] = []
    pending: list[str] = []
    for sentence in sentences:
        pending.append(sentence)
        if sum(map(len, pending)) >= _CHARACTERS:
            joined.append(" ".join(pending))
            pending = []
            if len(joined) == most:
                break
    return joined


def questions(sentences: Sequence[str], most: int) -> list[str]:
    """Return at most `most` questions: the English test questions about the report that ships, spread among questions made of the
    sentences. The order is the same each time.
    """
    shipped = [asked.question for asked in read_questions(shipped_questions()) if asked.lang == "en" and not asked.history]
    made = [question_from(sentence) for sentence in sentences if _INSTRUCTION.fullmatch(sentence)]
    wanted = max(0, most - len(shipped))
    spread = made[:: max(1, len(made) // max(1, wanted))][:wanted]
    step = max(1, len(spread) // max(1, len(shipped)))
    mixed = list(spread)
    for place, question in enumerate(shipped):
        mixed.insert(min(len(mixed), place * (step + 1)), question)
    return list(dict.fromkeys(mixed))[:most]


def question_from(sentence: str) -> str:
    """Return a question that this sentence, which says what a function does, answers.

    >>> question_from("Compute the norm of a vector.")
    'How do I compute the norm of a vector?'
    """
    return f"How do I {sentence[0].lower()}{sentence[1:].rstrip('.')}?"


def write_documents(folder: Path, texts: Sequence[str]) -> Iterator[Path]:
    """Write HTML files of fifty passages each; yield their paths. Each passage has a heading of its own, so that it stays one."""
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, len(texts), PER_DOCUMENT):
        parts = [
            f"<h2>{html.escape(' '.join(text.split()[:4]))}</h2>\n<p>{html.escape(text)}</p>\n"
            for text in texts[first : first + PER_DOCUMENT]
        ]
        path = folder / f"part-{first // PER_DOCUMENT + 1:05}.html"
        path.write_text(f"<html lang=en><title>Part {first // PER_DOCUMENT + 1}</title>\n{''.join(parts)}</html>", encoding="utf-8")
        yield path


def add_passages(home: Home, encoder: Encoder, texts: Sequence[str], folder: Path) -> None:
    """Write documents of these passages into `folder`, and add them to a home."""
    add(home, list(write_documents(folder, texts)), encoder)


class CachedEncoder:
    """An encoder that takes the vectors of passages from the cache where it has them. `rows` holds all that it returned."""

    def __init__(self, encoder: Encoder, cache: Path, count: Callable[[int], None]) -> None:
        self.inner, self._cache, self._count = encoder, cache, count
        self.rows: list[NDArray[np.float32]] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else the encoder has
        return getattr(self.inner, name)

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """See `Encoder.passages`. The cache keeps half precision, so rows are made of unit length again."""

        def count(done: int) -> None:
            self._count(done)
            if progress is not None:
                progress(done)

        parts = [texts[first : first + _ENCODED] for first in range(0, len(texts), _ENCODED)]
        rows = cached_vectors(parts, self.inner, self._cache, count).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        self.rows.append(rows)
        return rows


@contextmanager
def sample_assistant(size: int, count: int, show: ShowStep) -> Iterator[tuple[Assistant, CachedEncoder, list[str]]]:
    """Open an assistant over about `size` passages; yield it with the encoder that holds their vectors, and `count` questions."""
    show("collecting sentences from the installed packages")
    found = sentences(size * PER_PASSAGE)
    encoder = CachedEncoder(load_encoder(), cache_folder(), count_steps(show, "encoding passages", size))
    with TemporaryDirectory() as temporary:
        home = Home(Path(temporary) / "home")
        add_passages(home, cast(Encoder, encoder), passages(found, size), Path(temporary) / "documents")
        # The assistant gets the encoder itself: sentences are encoded for each question, and must not come from the cache.
        yield Assistant(home, encoder.inner, SentenceRanker.load(encoder.inner)), encoder, questions(found, count)
