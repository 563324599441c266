"""The search within a document: finds words whatever their case and accents, also where a line break hyphenates them."""

import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant import Citation
from corpus import Document
from index import fold
from ui.document_blocks import surrounding_range

MOST_MATCHES = 100
"""Matches that a search within a document shows."""

_AROUND = 60  # characters shown on either side of a match
_PLAIN = re.compile(r"[\t-\r\x20-\x7e]+")
_INVISIBLE = ("Cc", "Cf")  # Unicode's control and format characters
_HYPHENS = "\u2010\u2011\u00ad"


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A match: a citation of it, its text, and the text before and after it."""

    citation: Citation
    before: str
    text: str
    after: str


def matches_in(document: Document, sought: str) -> Iterator[TextMatch]:
    """Yield the first matches of the words `sought` in the document, `MOST_MATCHES` at most."""
    patterns = [_pattern(word) for word in _folded(sought)[0].split()]
    if not patterns:
        return
    folded, positions = _folded(document.text)
    for count, match in enumerate(re.finditer(r"\s+".join(patterns), folded)):
        if count == MOST_MATCHES:
            return
        start, end = positions[match.start()], positions[match.end() - 1] + 1
        while unicodedata.combining(document.text[end : end + 1] or " "):
            end += 1
        before, after = surrounding_range(document, start, end, _AROUND)
        yield TextMatch(
            Citation.of(count + 1, document, start, end),
            document.plain(before, start) if before < start else "",
            document.plain(start, end),
            document.plain(end, after) if end < after else "",
        )


def _pattern(word: str) -> str:
    """Return a pattern for a folded word that also matches it hyphenated at a line break, even at a hyphen of its own."""
    return r"(?:-\n)?".join(re.escape(part) for part in word).replace(r"(?:-\n)?\-(?:-\n)?", r"-\n?")


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Return the text folded for comparison, without invisible characters, and each folded character's position in the text."""
    parts: list[str] = []
    positions = array("L")
    position = 0
    while position < len(text):
        if plain := _PLAIN.match(text, position):
            parts.append(plain[0].lower())
            positions.extend(range(position, plain.end()))
            position = plain.end()
            continue
        letters = _folded_letter(text[position], text[position + 1 : position + 2])
        parts.append(letters)
        positions.extend([position] * len(letters))
        position += 1
    return "".join(parts), positions


def _folded_letter(letter: str, following: str) -> str:
    if letter.isspace():
        return letter
    if letter in _HYPHENS and (letter != "\u00ad" or following == "\n"):
        return "-"
    return "" if unicodedata.category(letter) in _INVISIBLE else fold(letter)
