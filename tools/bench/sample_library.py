"""A library of real sentences to ask, and questions that it answers."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.questions import read_questions, shipped_questions
from index import Encoder, Home, Vectors, add
from tools.bench.texts import vectors

PER_DOCUMENT = 50
"""Passages of a document."""

PER_PASSAGE = 8
"""Sentences of a passage, at the most, on average."""

_CHARACTERS = 480  # of a passage: about 150 tokens
_ENCODED = 64  # passages at a time
_ASKED = re.compile(
    r"(?:Add|Apply|Build|Calculate|Change|Check|Compute|Convert|Copy|Create|Delete|Draw|Estimate|Extract|Find|Get|Load|Make|Merge|"
    r"Open|Parse|Plot|Read|Register|Remove|Replace|Save|Send|Set|Split|Store|Test|Update|Wait|Write) [^:`*<>_\"]{24,120}\."
)
"""Sentences that say what something does, of which a question can be made."""


def passages(sentences: Sequence[str], most: int) -> list[str]:
    """Passages of about 150 tokens: as many neighbouring sentences as it takes. At most `most` of them."""
    found: list[str] = []
    held: list[str] = []
    for sentence in sentences:
        held.append(sentence)
        if sum(map(len, held)) >= _CHARACTERS:
            found.append(" ".join(held))
            held = []
            if len(found) == most:
                break
    return found


def questions(sentences: Sequence[str], most: int) -> list[str]:
    """The test questions about the report that ships, and some that are made of sentences, as many of each sort as there are of it
    in `most`; in an order that is the same each time.

    >>> "How do I open a file?" in made_of("Open a file.")
    True
    """
    shipped = [asked.question for asked in read_questions(shipped_questions()) if asked.lang == "en" and not asked.history]
    made = [made_of(sentence) for sentence in sentences if _ASKED.fullmatch(sentence)]
    wanted = max(0, most - len(shipped))
    spread = made[:: max(1, len(made) // max(1, wanted))][:wanted]
    step = max(1, len(spread) // max(1, len(shipped)))
    mixed = list(spread)
    for place, question in enumerate(shipped):
        mixed.insert(min(len(mixed), place * (step + 1)), question)
    return list(dict.fromkeys(mixed))[:most]


def made_of(sentence: str) -> str:
    """A question that a sentence which says what something does would answer.

    >>> made_of("Compute the norm of a vector.")
    'How do I compute the norm of a vector?'
    """
    return f"How do I {sentence[0].lower()}{sentence[1:].rstrip('.')}?"


def write_documents(folder: Path, texts: Sequence[str]) -> Iterator[Path]:
    """Write HTML files of fifty passages each, every passage under a heading of its own, so that it stays one."""
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, len(texts), PER_DOCUMENT):
        parts = [
            f"<h2>{html.escape(' '.join(text.split()[:4]))}</h2>\n<p>{html.escape(text)}</p>\n"
            for text in texts[first : first + PER_DOCUMENT]
        ]
        path = folder / f"part-{first // PER_DOCUMENT + 1:05}.html"
        path.write_text(f"<html lang=en><title>Part {first // PER_DOCUMENT + 1}</title>\n{''.join(parts)}</html>", encoding="utf-8")
        yield path


class KeepingEncoder:
    """An encoder whose passages' vectors come from the cache, if they are there; `rows` are all that it gave."""

    def __init__(self, encoder: Encoder, cache: Path, tell: Callable[[int], None]) -> None:
        self.inner, self._cache, self._tell = encoder, cache, tell
        self.rows: list[NDArray[np.float32]] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the encoder's
        return getattr(self.inner, name)

    def passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """See `Encoder.passages`; in half precision, and then of unit length again."""

        def tell(done: int) -> None:
            self._tell(done)
            if progress is not None:
                progress(done)

        parts = [texts[first : first + _ENCODED] for first in range(0, len(texts), _ENCODED)]
        full = vectors(parts, self.inner, self._cache, tell).astype(np.float32)
        full /= np.linalg.norm(full, axis=1, keepdims=True)
        self.rows.append(full)
        return full


def fill(home: Home, encoder: Encoder, texts: Sequence[str], folder: Path) -> None:
    """Add documents of these passages to a home."""
    add(home, list(write_documents(folder, texts)), encoder)
