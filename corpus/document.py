"""A document and the ranges within it. Offsets are Unicode code points in `Document.text`, end exclusive."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any, Self

from corpus.structure import Block, Heading, Page, PageKind, Row, Run, Table, Word

# Control and formatting characters that would change how the text around them is shown: C0/C1, soft hyphen,
# zero-width and bidirectional controls, byte-order mark.
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_UNMAPPED = re.compile(r"[\ufffd\ue000-\uf01f\uf100-\uf8ff]+")
"""The replacement character, and those of private use but for the codes of the fonts Symbol and Wingdings: bullets."""

_LIGATURES = {ord(letter): unicodedata.normalize("NFKC", letter) for letter in "ﬀﬁﬂﬃﬄﬅﬆ"}
_LINE_END_HYPHEN = re.compile(r"(?<=\w)[-\xad\u2010]\n(?=\w)")
_WORD_BEFORE = re.compile(r"[^\W\d_]+$")
_WORD_AFTER = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
_CUT_WORD = re.compile(r"[^\W\d_]*[-\xad\u2010]\n[^\W\d_]*")
_SHARING = frozenset(["and", "or", "to", "y", "e", "o", "u"])
"""What follows a word that shares its second part with the next: "short- and long-term"."""

CELLS_APART = " | "
"""What stands between the cells of a row that is shown."""

_LONGEST_WORD = 50  # characters that are looked back over

_KINDS: dict[str, PageKind] = {
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "slide",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "sheet",
    "text/csv": "sheet",
    "text/tab-separated-values": "sheet",
}
"""What the pages of a format are, by its media type; pages otherwise."""


def tidy(text: str) -> str:
    """The text on one line, with single spaces, with letters for ligatures, and without what can't be seen."""
    return " ".join(_INVISIBLE.sub("", text).translate(_LIGATURES).split())


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
    empty for formats without pages; `blocks` are in order and don't overlap. `runs` and `words` tie the text of a PDF to its pages:
    to their characters, and to what OCR read there. `running_lines` counts the headers and footers that were left out.
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
    words: tuple[Word, ...] = ()
    tables: tuple[Table, ...] = ()
    running_lines: int = 0

    @property
    def is_pdf(self) -> bool:
        """Whether its pages can be drawn."""
        return self.media_type == "application/pdf"

    @property
    def page_kind(self) -> PageKind:
        """What its pages are."""
        return _KINDS.get(self.media_type, "page")

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
        following = (self.blocks[place] for place in range(first, len(self.blocks)))
        return takewhile(lambda block: block.start < end, following)

    def row_at(self, position: int) -> Row | None:
        """The table row that holds the character at `position`; None if it is in no table."""
        found = self._row_and_table(position)
        return found[0] if found else None

    def table_at(self, position: int) -> Table | None:
        """The table that a row with the character at `position` belongs to; None if it is in none."""
        found = self._row_and_table(position)
        return found[1] if found else None

    def column_names(self, position: int) -> str:
        """What names the columns of the table that holds `position`, on one line; "" in the rows that do so, and elsewhere."""
        found = self._row_and_table(position)
        if found is None or self.names_columns(position):
            return ""
        rows = takewhile(lambda row: self.names_columns(row.start), found[1].rows)
        return " ".join(self._plain(row.start, row.end) for row in rows)

    def names_columns(self, position: int) -> bool:
        """Whether `position` is in a row of a table that only names its columns."""
        found = self._row_and_table(position)
        return found is not None and all((cell.start, cell.end) in found[1].columns[cell.column] for cell in found[0].cells)

    def shown(self, start: int, end: int) -> str:
        """The range as it is quoted and searched: as `plain` has it, but for table rows. They read cell by cell, each with the
        name of its column: "Region: Loreto | 2021: 412".
        """
        parts = []
        for block in self.blocks_within(start, end):
            first, last = max(start, block.start), min(end, block.end)
            found = self._row_and_table(block.start)
            parts.append(
                self._plain(first, last) if found is None else CELLS_APART.join(map("".join, self._named(*found, first, last)))
            )
        return " ".join(part for part in parts if part)

    def cells_shown(self, start: int, end: int) -> list[tuple[str, str]]:
        """The cells of the table row at `start` as `shown` has them, up to `end`: the name of the column, with a colon and a space
        after it, or "", and the text. An empty list if there is no row.
        """
        found = self._row_and_table(start)
        return list(self._named(*found, start, end)) if found else []

    def plain(self, start: int, end: int) -> str:
        """The range on one line, without list markers and invisible characters, and with the words joined that were cut at a line's
        end.

        A word cut as "long-" / "term" keeps its hyphen if the document has "long-term" elsewhere, or both "long" and "term", or if
        the second part begins with a capital; unless it has "longterm".
        """
        parts = [self._plain(max(start, block.start), min(end, block.end)) for block in self.blocks_within(start, end)]
        return " ".join(part for part in parts if part)

    def _named(self, row: Row, table: Table, start: int, end: int) -> Iterator[tuple[str, str]]:
        """See `cells_shown`."""
        for cell in row.cells:
            text = self._plain(max(start, cell.start), min(end, cell.end)) if cell.start < end and start < cell.end else ""
            if not text:
                continue
            names = table.columns[cell.column]
            is_name = any(first < cell.end and cell.start < last for first, last in names)
            is_name = is_name or (len(row.cells) == 1 and cell.column == 0 and len(table.columns) > 1)  # it names rows below it
            name = "" if is_name else " ".join(self._plain(*name) for name in names)
            yield f"{name}: " if name else "", text

    def _row_and_table(self, position: int) -> tuple[Row, Table] | None:
        place = bisect_right(self._rows, position, key=lambda found: found[0].start) - 1
        return self._rows[place] if place >= 0 and position < self._rows[place][0].end else None

    def _plain(self, start: int, end: int) -> str:
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
    def _rows(self) -> list[tuple[Row, Table]]:
        """All table rows in the text's order, each with its table."""
        return sorted(((row, table) for table in self.tables for row in table.rows), key=lambda found: found[0].start)

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

    @cached_property
    def garbled(self) -> float:
        """The share of the visible characters that stand for nothing: a font's codes that no table maps to letters, by which a PDF
        is drawn rightly and reads wrongly.
        """
        visible = sum(map(len, self.text.split()))
        return sum(map(len, _UNMAPPED.findall(self.text))) / visible if visible else 0.0

    def pages_without_text(self) -> tuple[int, ...]:
        """The physical numbers of the pages that gave no text."""
        return tuple(page.number for page in self.pages if not self.text[page.start : page.end].strip())

    def as_json(self) -> dict[str, Any]:
        """The document as plain values for `json.dump`; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The document that `as_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        ranges: dict[str, Callable[..., Any]] = {
            "pages": Page,
            "headings": Heading,
            "blocks": Block,
            "runs": Run,
            "words": Word,
            "tables": Table.from_json,
        }
        parts = {name: tuple(kind(*row) for row in values[name]) for name, kind in ranges.items()}
        return cls(**{**values, **parts})
