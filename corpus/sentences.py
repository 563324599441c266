"""Where sentences begin and end.

The boundaries are those of `sentencex` (Wikimedia's segmenter, whose abbreviations are collected per language) on which its
English and its Spanish rules agree: a report in one language is full of the other's "U.S." and "EE. UU.". Two sentences shown
as one are a longer quote; one cut in two is a wrong quote. What both rules miss is in `_ABBREVIATIONS`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import sentencex

from corpus.document import Document

MAX_SENTENCE = 1000
"""Characters. What runs on longer (a list without a full stop, a broken text) is cut at a space, so that a quote stays readable."""

_REMEMBERED = 16_384  # characters of a block up to which its sentences are kept: what is kept takes 32 million of them at most

_ABBREVIATIONS = re.compile(
    r"(?<!\w)(?:abog|amb|approx|aprox|arts|atty|cdte|ch|cía|cnel|crnl|dip|dña|d\.\s?leg|eds?|figs|ft|hn[ao]|ibíd|leg|lit|ltda|mag|mons|ms|nro|num|núms|paras|pdt[ae]|s/|sec|sect|sgto|tít|tte|vols)"
    r"\.\s*$",
    re.IGNORECASE,
)


def split_sentences(text: str) -> tuple[tuple[int, int], ...]:
    """The sentences of one block as ranges without the white space around them; together they hold all its other characters."""
    return _split_once(text) if len(text) <= _REMEMBERED else _split(text)


def _split(text: str) -> tuple[tuple[int, int], ...]:
    flat = re.sub(r"\s", " ", text)
    ranges: list[tuple[int, int]] = []
    start = 0
    for end in sorted(_ends(flat, "en") & _ends(flat, "es")):
        piece = flat[start:end]
        numbering = not any(character.isalpha() for character in piece)
        if end < len(flat) and (numbering or _ABBREVIATIONS.search(flat, max(0, end - 20), end)):
            continue
        if trimmed := piece.strip():
            first = start + piece.index(trimmed)
            ranges.extend(_cut(flat, first, first + len(trimmed)))
        start = end
    return tuple(ranges)


_split_once = lru_cache(maxsize=2048)(_split)


def sentences(document: Document, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The whole sentences of the document that share a character with `start` to `end`, in order, as ranges of its text.

    A table row is one, unless it is longer than a sentence may be.
    """
    end = len(document.text) if end is None else end
    found = []
    for block in document.blocks_within(start, end):
        if block.end - block.start <= MAX_SENTENCE and document.row_at(block.start):
            found.append((block.start, block.end))
            continue
        for first, last in split_sentences(document.text[block.start : block.end]):
            if block.start + first < end and block.start + last > start:
                found.append((block.start + first, block.start + last))
    return found


def _ends(text: str, language: str) -> set[int]:
    return {boundary["end_index"] for boundary in sentencex.get_sentence_boundaries(language, text)} | {len(text)}


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The range itself, or its pieces of at most `MAX_SENTENCE` characters, cut at a space where there is one."""
    while end - start > MAX_SENTENCE:
        space = text.rfind(" ", start + 1, start + MAX_SENTENCE)
        stop = space if space > 0 else start + MAX_SENTENCE
        yield start, stop
        start = stop + 1 if space > 0 else stop
    yield start, end
