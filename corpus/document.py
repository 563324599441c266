"""A document and the ranges within it. Offsets are Unicode code points in `Document.text`, end exclusive."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import islice, takewhile
from typing import Any, NamedTuple, Self

# Control and formatting characters that would change how the text around them is shown: C0/C1, soft hyphen,
# zero-width and bidirectional controls, byte-order mark.
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_LINE_END_HYPHEN = re.compile(r"(?<=\w)-\n(?=\w)")
_WORD_BEFORE = re.compile(r"[^\W\d_]+$")
_WORD_AFTER = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
_CUT_WORD = re.compile(r"[^\W\d_]*-\n[^\W\d_]*")
_SHARING = frozenset(["and", "or", "to", "y", "e", "o", "u"])
"""What follows a word that shares its second part with the next: "short- and long-term"."""

_LONGEST_WORD = 50  # characters that are looked back over


def tidy(text: str) -> str:
    """The text on one line, with single spaces and without what can't be seen."""
    return " ".join(_INVISIBLE.sub("", text).split())


class Page(NamedTuple):
    """A page: its physical number from 1, the label printed on it (or None), and its range of the text."""

    number: int
    label: str | None
    start: int
    end: int


class Heading(NamedTuple):
    """A heading: its level (1 is the highest) and its range of the text."""

    level: int
    start: int
    end: int


class Block(NamedTuple):
    """A paragraph, heading, list item or table row: no sentence runs from one block into the next."""

    start: int
    end: int


class Run(NamedTuple):
    """Characters `text_start` to `text_start + length`, which are the PDF's characters from `source` on `page` (both from 0
    for `source`, from 1 for `page`), one for one.
    """

    text_start: int
    length: int
    page: int
    source: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A range of a document that is searched as one. Made only by `Document.passage`, so `text` can't drift from its range."""

    id: str
    document_id: str
    start: int
    end: int
    heading_path: tuple[str, ...]
    page: Page | None
    text: str


@dataclass(frozen=True)
class Document:
    """A read file. `id` is the first 16 hex digits of the file's sha256; `text` is never rewritten once it exists.

    `source` is the file's name without a folder. `pages` tile the text (a page without text is an empty range) and are
    empty for formats without pages; `blocks` are in order and don't overlap; `runs` are empty except for PDF.
    """

    id: str
    title: str
    source: str
    media_type: str
    language: str
    text: str
    pages: tuple[Page, ...]
    headings: tuple[Heading, ...]
    blocks: tuple[Block, ...]
    runs: tuple[Run, ...]

    def passage(self, start: int, end: int) -> Passage:
        """The passage of this range. Raises ValueError if the range is empty or outside the text."""
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"range {start}-{end} is not within a text of {len(self.text)} characters")
        page, path = self.page_at(start), self.heading_path(start)
        return Passage(f"{self.id}:{start}-{end}", self.id, start, end, path, page, self.text[start:end])

    def page_at(self, position: int) -> Page | None:
        """The page that holds the character at `position`; None for a document without pages."""
        if not self.pages:
            return None
        return self.pages[bisect_right(self.pages, position, key=lambda page: page.start) - 1]

    def heading_path(self, position: int) -> tuple[str, ...]:
        """The headings that `position` stands under, outermost first, without one that repeats the title.

        A heading stands under those above it, not under itself.
        """
        path: list[str] = []
        place: int | None = bisect_right(self.headings, position, key=lambda heading: heading.start) - 1
        while place is not None and place >= 0:
            heading = self.headings[place]
            if heading.start < position:
                path.insert(0, self.shown(heading.start, heading.end))
            place = self._parents[place]
        return tuple(text for text in path if text != self.title)

    def blocks_within(self, start: int, end: int) -> Iterator[Block]:
        """The blocks that share a character with `start` to `end`, in order."""
        first = bisect_right(self.blocks, start, key=lambda block: block.end)
        return takewhile(lambda block: block.start < end, islice(self.blocks, first, None))

    def shown(self, start: int, end: int) -> str:
        """The range as it is shown and searched: on one line, without list markers and invisible characters, and with the words
        joined that were cut at a line's end.

        A word cut as "long-" / "term" keeps its hyphen if the document has "long-term" elsewhere, or both "long" and "term", or if
        the second part begins with a capital; unless it has "longterm".
        """
        parts = [self._tidied(max(start, block.start), min(end, block.end)) for block in self.blocks_within(start, end)]
        return " ".join(part for part in parts if part)

    def _tidied(self, start: int, end: int) -> str:
        def join(match: re.Match[str]) -> str:
            cut = start + match.start()
            before = _WORD_BEFORE.search(self.text, max(start, cut - _LONGEST_WORD), cut)
            after = _WORD_AFTER.match(self.text, start + match.end())
            if before is None or after is None:
                return "-"
            first, second = before[0].casefold(), after[0].casefold()
            if second in _SHARING:
                return "- "
            if first + second in self._words:
                return ""
            is_compound = f"{first}-{second}" in self._words or {first, second} <= self._words or after[0][0].isupper()
            return "-" if is_compound else ""

        text = _LINE_END_HYPHEN.sub(join, self.text[start:end])
        return tidy(text)

    @cached_property
    def _words(self) -> frozenset[str]:
        """The document's words and hyphenated compounds, in lower case; the parts of a word that is cut are none."""
        return frozenset(_WORD.findall(_CUT_WORD.sub(" ", self.text.casefold())))

    @cached_property
    def _parents(self) -> list[int | None]:
        """Per heading, the place of the one that it stands under."""
        parents: list[int | None] = []
        above: list[int] = []
        for place, heading in enumerate(self.headings):
            while above and self.headings[above[-1]].level >= heading.level:
                above.pop()
            parents.append(above[-1] if above else None)
            above.append(place)
        return parents

    def pages_without_text(self) -> tuple[int, ...]:
        """The physical numbers of the pages that gave no text."""
        return tuple(page.number for page in self.pages if not self.text[page.start : page.end].strip())

    def as_json(self) -> dict[str, Any]:
        """The document as plain values for `json.dump`; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The document that `as_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        ranges = {"pages": Page, "headings": Heading, "blocks": Block, "runs": Run}
        parts = {name: tuple(kind(*row) for row in values[name]) for name, kind in ranges.items()}
        return cls(**{**values, **parts})
