"""Where words stand in a document, whatever their case and accents, and however a line's end cut them."""

import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant import Citation
from corpus import Document
from index import fold
from ui.web.blocks import around

MOST_FOUND = 100
"""Places that a search within a document shows."""

_AROUND = 60  # characters on either side of such a place
_PLAIN = re.compile(r"[\t-\r\x20-\x7e]+")
_UNSEEN = ("Cc", "Cf")  # Unicode's controls and format characters
_HYPHENS = "\u2010\u2011\u00ad"


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A place that holds what was looked for: its text, and what stands around it."""

    citation: Citation
    before: str
    text: str
    after: str


def found_in(document: Document, sought: str) -> Iterator[TextMatch]:
    """The first places, up to a hundred, where the words sought stand in the document."""
    words = [_pattern(word) for word in _folded(sought)[0].split()]
    if not words:
        return
    folded, places = _folded(document.text)
    for count, match in enumerate(re.finditer(r"\s+".join(words), folded)):
        if count == MOST_FOUND:
            return
        start, end = places[match.start()], places[match.end() - 1] + 1
        while unicodedata.combining(document.text[end : end + 1] or " "):
            end += 1
        before, after = around(document, start, end, _AROUND)
        yield TextMatch(
            Citation.of(count + 1, document, start, end),
            document.plain(before, start) if before < start else "",
            document.plain(start, end),
            document.plain(end, after) if end < after else "",
        )


def _pattern(word: str) -> str:
    """What finds a folded word, also where a line's end cuts it; a hyphen may be that of the cut."""
    return r"(?:-\n)?".join(re.escape(part) for part in word).replace(r"(?:-\n)?\-(?:-\n)?", r"-\n?")


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """The text as it is compared, without what can't be seen, and for each of its characters where that stands in the text."""
    parts: list[str] = []
    places = array("L")
    place = 0
    while place < len(text):
        if plain := _PLAIN.match(text, place):
            parts.append(plain[0].lower())
            places.extend(range(place, plain.end()))
            place = plain.end()
            continue
        letters = _folded_letter(text[place], text[place + 1 : place + 2])
        parts.append(letters)
        places.extend([place] * len(letters))
        place += 1
    return "".join(parts), places


def _folded_letter(letter: str, following: str) -> str:
    if letter.isspace():
        return letter
    if letter in _HYPHENS and (letter != "\u00ad" or following == "\n"):
        return "-"
    return "" if unicodedata.category(letter) in _UNSEEN else fold(letter)
