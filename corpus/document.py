"""`Document`, a file's text with the ranges of its parts, and `Passage`, a slice of it.

Offsets are Unicode code points in `Document.text`; ends are exclusive.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any, Self

from corpus.structure import Block, Heading, Page, PageKind, Row, Run, Table, Word

# Control and formatting characters that would change how the text around them is displayed: C0 and C1 controls, soft hyphen,
# zero-width and bidirectional controls, byte-order mark.
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_UNMAPPED = re.compile(r"[\ufffd\ue000-\uf01f\uf100-\uf8ff]+")
"""The replacement character and the private-use characters, except U+F020 to U+F0FF, where Symbol and Wingdings have bullets."""

_LIGATURES = {ord(letter): unicodedata.normalize("NFKC", letter) for letter in "ﬀﬁﬂﬃﬄﬅﬆ"}
_LINE_END_HYPHEN = re.compile(r"(?<=\w)[-\xad\u2010]\n(?=\w)")
_WORD_BEFORE = re.compile(r"[^\W\d_]+$")
_WORD_AFTER = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
_CUT_WORD = re.compile(r"[^\W\d_]*[-\xad\u2010]\n[^\W\d_]*")
_SHARING = frozenset(["and", "or", "to", "y", "e", "o", "u"])
"""Words after which a line-end hyphen is a suspended one: "short- and long-term"."""

CELLS_APART = " | "
"""The separator between the cells of a table row."""

_LONGEST_WORD = 50  # characters to look back for the first half of a hyphenated word

_KINDS: dict[str, PageKind] = {
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "slide",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "sheet",
    "text/csv": "sheet",
    "text/tab-separated-values": "sheet",
}
"""The page kind of each media type whose pages are not called pages."""


def tidy(text: str) -> str:
    """Return the text on one line: whitespace collapsed, ligatures spelled out, invisible characters removed."""
    return " ".join(_INVISIBLE.sub("", text).translate(_LIGATURES).split())


@dataclass(frozen=True, slots=True)
class Passage:
    """A range of a document that is searched as a unit.

    Only `Document.passage` makes one, so `text` is always the document's text from `start` to `end`. `page` is the page that holds
    `start`, or None.
    """

    id: str
    document_id: str
    start: int
    end: int
    heading_path: tuple[str, ...]
    page: Page | None
    text: str


@dataclass(frozen=True)
class Document:
    """The text of one file, with its structure as ranges of that text. The text never changes once the document exists.

    `id` is the first 16 hex digits of the file's SHA-256; `source` is the file's name without its folder; `language` is an ISO
    639-1 code. `pages` cover the text without gaps (a page without text is an empty range) and are empty for formats without pages.
    `blocks` are in order and don't overlap. For a PDF, `runs` map the text to the characters of its pages, and `words` map it to
    the words that OCR read there. `running_lines` counts the lines of running headers and footers that the text leaves out.
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

    def __hash__(self) -> int:
        """Hash the id alone: hashing the text and all its ranges takes a tenth of a second in a large spreadsheet."""
        return hash(self.id)

    @property
    def is_pdf(self) -> bool:
        """Whether the file is a PDF, whose pages can be drawn."""
        return self.media_type == "application/pdf"

    @property
    def page_kind(self) -> PageKind:
        """What the pages are called: "page", "slide" or "sheet"."""
        return _KINDS.get(self.media_type, "page")

    def passage(self, start: int, end: int) -> Passage:
        """Return the passage from `start` to `end`. Raises ValueError if the range is empty or not within the text."""
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"range {start}-{end} is not within a text of {len(self.text)} characters")
        page, path = self.page_at(start), self.heading_path(start)
        return Passage(f"{self.id}:{start}-{end}", self.id, start, end, path, page, self.text[start:end])

    def page_at(self, position: int) -> Page | None:
        """Return the page that holds the character at `position`, or None for a document without pages."""
        if not self.pages:
            return None
        return self.pages[bisect_right(self.pages, position, key=lambda page: page.start) - 1]

    def heading_path(self, position: int) -> tuple[str, ...]:
        """Return the texts of the headings above `position`, outermost first, leaving out any that repeats the title.

        The path of a heading's own start has its ancestors only.
        """
        path: list[str] = []
        index: int | None = bisect_right(self.headings, position, key=lambda heading: heading.start) - 1
        while index is not None and index >= 0:
            heading = self.headings[index]
            if heading.start < position:
                path.insert(0, self.shown(heading.start, heading.end))
            index = self._parents[index]
        return tuple(text for text in path if text != self.title)

    def blocks_within(self, start: int, end: int) -> Iterator[Block]:
        """Yield the blocks that overlap `start` to `end`, in order."""
        first = bisect_right(self.blocks, start, key=lambda block: block.end)
        following = (self.blocks[place] for place in range(first, len(self.blocks)))
        return takewhile(lambda block: block.start < end, following)

    def row_at(self, position: int) -> Row | None:
        """Return the table row that holds the character at `position`, or None outside tables."""
        row_and_table = self._row_and_table(position)
        return row_and_table[0] if row_and_table else None

    def table_at(self, position: int) -> Table | None:
        """Return the table that holds the character at `position`, or None outside tables."""
        row_and_table = self._row_and_table(position)
        return row_and_table[1] if row_and_table else None

    def column_names(self, position: int) -> str:
        """Return the header rows of the table at `position`, on one line; "" within those rows and outside tables."""
        row_and_table = self._row_and_table(position)
        if row_and_table is None or self.names_columns(position):
            return ""
        header_rows = takewhile(lambda row: self.names_columns(row.start), row_and_table[1].rows)
        return " ".join(self._plain(row.start, row.end) for row in header_rows)

    def names_columns(self, position: int) -> bool:
        """Return whether `position` is in a header row: a table row all of whose cells name columns."""
        row_and_table = self._row_and_table(position)
        if row_and_table is None:
            return False
        row, table = row_and_table
        return all((cell.start, cell.end) in table.columns[cell.column] for cell in row.cells)

    def shown(self, start: int, end: int) -> str:
        """Return the range as it is quoted: as `plain` does, except that each table cell follows the name of its column, as in
        "Region: Loreto | 2021: 412".
        """
        parts = []
        for block in self.blocks_within(start, end):
            first, last = max(start, block.start), min(end, block.end)
            row_and_table = self._row_and_table(block.start)
            if row_and_table is None:
                parts.append(self._plain(first, last))
            else:
                parts.append(CELLS_APART.join(map("".join, self._named_cells(*row_and_table, first, last))))
        return " ".join(part for part in parts if part)

    def cells_shown(self, start: int, end: int) -> list[tuple[str, str]]:
        """Return the cells that `start` to `end` covers in the table row at `start`, as `shown` prints them: (column name with ": "
        after it, or "", and text). Outside tables, return an empty list.
        """
        row_and_table = self._row_and_table(start)
        return list(self._named_cells(*row_and_table, start, end)) if row_and_table else []

    def plain(self, start: int, end: int) -> str:
        """Return the range on one line, without list markers and invisible characters; words cut at a line end are joined again.

        A word cut as "long-" / "term" keeps its hyphen if the document has "long-term" elsewhere, or both "long" and "term", or if
        the second part begins with a capital; but never if the document has "longterm".
        """
        parts = [self._plain(max(start, block.start), min(end, block.end)) for block in self.blocks_within(start, end)]
        return " ".join(part for part in parts if part)

    def _named_cells(self, row: Row, table: Table, start: int, end: int) -> Iterator[tuple[str, str]]:
        """Yield what `cells_shown` returns."""
        for cell in row.cells:
            text = self._plain(max(start, cell.start), min(end, cell.end)) if cell.start < end and start < cell.end else ""
            if not text:
                continue
            names = table.columns[cell.column]
            is_name = any(first < cell.end and cell.start < last for first, last in names)
            is_name = is_name or (len(row.cells) == 1 and cell.column == 0 and len(table.columns) > 1)  # a label for the rows below
            name = "" if is_name else " ".join(self._plain(*name) for name in names)
            yield f"{name}: " if name else "", text

    def _row_and_table(self, position: int) -> tuple[Row, Table] | None:
        index = bisect_right(self._rows, position, key=lambda row_and_table: row_and_table[0].start) - 1
        return self._rows[index] if index >= 0 and position < self._rows[index][0].end else None

    def _plain(self, start: int, end: int) -> str:
        """Return `plain` of a range within one block."""

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
        """The rows of all tables in text order, each with its table."""
        return sorted(((row, table) for table in self.tables for row in table.rows), key=lambda pair: pair[0].start)

    @cached_property
    def _words(self) -> frozenset[str]:
        """The document's words and hyphenated compounds, case-folded, without the halves of words cut at a line end."""
        return frozenset(_WORD.findall(_CUT_WORD.sub(" ", self.text.casefold())))

    @cached_property
    def _parents(self) -> list[int | None]:
        """For each heading, the index of its parent heading, or None."""
        parents: list[int | None] = []
        ancestors: list[int] = []
        for index, heading in enumerate(self.headings):
            while ancestors and self.headings[ancestors[-1]].level >= heading.level:
                ancestors.pop()
            parents.append(ancestors[-1] if ancestors else None)
            ancestors.append(index)
        return parents

    @cached_property
    def garbled(self) -> float:
        """The share, from 0 to 1, of visible characters without a meaning: font codes that no table maps to Unicode, so that a PDF
        looks right on the page and reads as gibberish.
        """
        visible = sum(map(len, self.text.split()))
        return sum(map(len, _UNMAPPED.findall(self.text))) / visible if visible else 0.0

    def pages_without_text(self) -> tuple[int, ...]:
        """Return the physical numbers of the pages that have no text."""
        return tuple(page.number for page in self.pages if not self.text[page.start : page.end].strip())

    def as_json(self) -> dict[str, Any]:
        """Return the document as plain values for `json.dump`; `from_json` reverses it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the document that `as_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
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
