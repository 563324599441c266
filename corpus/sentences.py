"""Split text into sentences.

A boundary is one that both the English and the Spanish rules of `sentencex` find (Wikimedia's segmenter, which has a list of
abbreviations for each language), since a report in one language is full of the other's "U.S." and "EE. UU.". The choice errs
towards too few boundaries: two sentences taken for one make a longer quote, one cut in two makes a wrong quote. Abbreviations that
neither list has are in `_ABBREVIATIONS`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import sentencex

from corpus.document import Document

MAX_SENTENCE = 1000
"""Characters. A longer sentence (a list without full stops, a damaged text) is cut at a space, so that a quote stays readable."""

_LONGEST_CACHED = 16_384  # characters; with 2048 entries, the cache holds at most 32 million of them

_ABBREVIATIONS = re.compile(
    r"(?<!\w)(?:abog|amb|approx|aprox|arts|atty|cdte|ch|cía|cnel|crnl|dip|dña|d\.\s?leg|eds?|figs|ft|hn[ao]|ibíd|leg|lit|ltda|mag|mons|ms|nro|num|núms|paras|pdt[ae]|s/|sec|sect|sgto|tít|tte|vols)"
    r"\.\s*$",
    re.IGNORECASE,
)


def split_sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return the sentences of one block as (start, end), without the whitespace between them; all other characters are in one."""
    return _split_cached(text) if len(text) <= _LONGEST_CACHED else _split(text)


def _split(text: str) -> tuple[tuple[int, int], ...]:
    flat = re.sub(r"\s", " ", text)
    ranges: list[tuple[int, int]] = []
    start = 0
    for end in sorted(_ends(flat, "en") & _ends(flat, "es")):
        piece = flat[start:end]
        is_numbering = not any(character.isalpha() for character in piece)
        if end < len(flat) and (is_numbering or _ABBREVIATIONS.search(flat, max(0, end - 20), end)):
            continue
        if trimmed := piece.strip():
            first = start + piece.index(trimmed)
            ranges.extend(_cut(flat, first, first + len(trimmed)))
        start = end
    return tuple(ranges)


_split_cached = lru_cache(maxsize=2048)(_split)


def sentences(document: Document, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Return the sentences of the document that overlap `start` to `end` (None: the end of the text), whole and in order, as
    (start, end) in its text.

    A table row counts as one sentence unless it is longer than `MAX_SENTENCE`.
    """
    end = len(document.text) if end is None else end
    ranges = []
    for block in document.blocks_within(start, end):
        if block.end - block.start <= MAX_SENTENCE and document.row_at(block.start):
            ranges.append((block.start, block.end))
            continue
        for first, last in split_sentences(document.text[block.start : block.end]):
            if block.start + first < end and block.start + last > start:
                ranges.append((block.start + first, block.start + last))
    return ranges


def _ends(text: str, language: str) -> set[int]:
    """Return where sentences end by the rules of a language; the end of the text is always included."""
    return {boundary["end_index"] for boundary in sentencex.get_sentence_boundaries(language, text)} | {len(text)}


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the range in pieces of at most `MAX_SENTENCE` characters, cut at spaces where there are any."""
    while end - start > MAX_SENTENCE:
        space = text.rfind(" ", start + 1, start + MAX_SENTENCE)
        stop = space if space > 0 else start + MAX_SENTENCE
        yield start, stop
        start = stop + 1 if space > 0 else stop
    yield start, end
