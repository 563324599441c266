"""Walks the element tree of a page and appends its text to a draft."""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from lxml import etree

from corpus.draft import Draft, raised
from corpus.parsers.note_marks import note_mark, with_note_mark
from corpus.parsers.tables.grid import Grid
from corpus.parsers.web.html_notes import Notes
from corpus.parsers.web.html_tables import cell_span, is_data_table

HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(HEADINGS) | set(
    """
    address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form header hgroup
    hr html legend li main menu ol p pre section summary table tbody td tfoot th thead tr ul
    """.split()
)
_ROW_GROUPS = frozenset(("thead", "tbody", "tfoot"))
_PAGE = "\ufdd0"  # marks the start of a page in collected text; a noncharacter, so never text itself
_AROUND_PAGES = re.compile(rf" ?(?:{_PAGE} ?)+")
_DROPPED = str.maketrans("", "", "\xad" + _PAGE)  # a soft hyphen only says where a line may break


class PageStart(NamedTuple):
    """Where a page of a book begins in the draft's text, and the label printed on it."""

    label: str | None
    start: int


class HtmlWalker:
    """Appends the text of element trees to a draft. Inline text is collected until a block begins or ends, tables until they end.

    `left_out` are elements whose text is dropped. `notes` are appended after the block with the link that refers to them. `pages`
    maps elements at which a printed page begins to its label; `starts` collects where those pages begin in the draft.
    """

    def __init__(
        self,
        draft: Draft,
        left_out: Collection[etree._Element],
        notes: Notes | None = None,
        pages: Mapping[etree._Element, str | None] | None = None,
    ) -> None:
        self.starts: list[PageStart] = []
        self._draft = draft
        self._notes = notes or {}
        self._left_out = {*left_out, *self._notes.values()}
        self._pages = pages or {}
        self._collected: list[str] = []
        self._labels: list[str | None] = []  # of the pages that begin in the collected text
        self._open_sups = 0  # open <sup> elements
        self._links: list[tuple[etree._Element, int]] = []  # open links to notes and back, each with its start in `_collected`
        self._pending: list[tuple[str, etree._Element]] = []  # notes to append after this block: (mark, note)
        self._referenced: set[etree._Element] = set()
        self._in_note = False
        self._mark = ""  # of the current note, until its first block
        self._clear_table()

    def _clear_table(self) -> None:
        """Reset the state of the table being read."""
        self._table: etree._Element | None = None
        self._cell: etree._Element | None = None
        self._nested = 0  # tables open within the cell
        self._grid = Grid()
        self._rows = 0
        self._page_rows: list[tuple[int, str | None]] = []

    def append_tree(self, root: etree._Element) -> None:
        """Append all text under `root`, without recursion: a hostile page may nest thousands of elements."""
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if element in self._left_out and element is not root:
                if event == "start":
                    walk.skip_subtree()
            elif event == "start":
                self._start(element, element.tag)
                self._collect(element.text)
            else:
                self._end(element, element.tag)
            if event == "end" and element is not root:
                self._collect(element.tail)
        self._flush()

    def append_unreferenced_notes(self) -> None:
        """Append the notes that no text appended so far refers to."""
        for link in self._notes:
            self._refer(link, "")
            self._append_notes()

    def _collect(self, text: str | None) -> None:
        if text:
            text = text.translate(_DROPPED)
            self._collected.append(raised(text) if self._open_sups else text)

    def _start(self, element: etree._Element, tag: str) -> None:
        self._open_sups += tag == "sup"
        if self._table is not None:
            self._start_in_table(element, tag)
        elif (tag == "table" and is_data_table(element)) or (tag == "tr" and next(element.iterancestors("table"), None) is None):
            self._flush()
            self._table = element
            if tag == "tr":
                self._begin_row(element)
        elif tag in BLOCKS:
            self._flush()
        elif tag == "br":
            self._collected.append(" ")
        if element in self._pages and not self._in_note:
            self._collected.append(_PAGE)
            self._labels.append(self._pages[element])
        if element in self._notes or (self._in_note and tag == "a" and element.get("href")):
            self._links.append((element, len(self._collected)))

    def _start_in_table(self, element: etree._Element, tag: str) -> None:
        if self._nested == 0 and tag in ("td", "th", "tr", "caption"):
            self._flush() if self._cell is None else self._end_cell()
            if tag == "tr":
                self._begin_row(element)
            elif tag != "caption":
                self._cell = element
        else:
            self._nested += tag == "table"
            self._collected.append(" " if tag in BLOCKS or tag == "br" else "")

    def _begin_row(self, row: etree._Element) -> None:
        parent = row.getparent()
        self._grid.begin_row(is_header=parent is not None and parent.tag == "thead")
        self._rows += 1

    def _end(self, element: etree._Element, tag: str) -> None:
        self._open_sups -= tag == "sup"
        if self._links and self._links[-1][0] is element:
            self._end_link(*self._links.pop())
        if self._table is not None:
            self._end_in_table(element, tag)
        elif tag in BLOCKS:
            self._flush(HEADINGS.get(tag, 0))

    def _end_link(self, link: etree._Element, start: int) -> None:
        """Put a note's mark in place of its link's words. The arrow that leads back from a note is dropped."""
        pieces = self._collected[start:]
        words = "".join(pieces).replace(_PAGE, "")
        if link in self._notes:
            mark = note_mark(words)
            self._collected[start:] = [*(piece for piece in pieces if piece == _PAGE), mark]
            self._refer(link, mark)
        elif not any(map(str.isalnum, words)):
            del self._collected[start:]

    def _refer(self, link: etree._Element, mark: str) -> None:
        """Make a note pending at the first reference to it."""
        note = self._notes[link]
        if note not in self._referenced:
            self._referenced.add(note)
            self._pending.append((mark, note))

    def _end_in_table(self, element: etree._Element, tag: str) -> None:
        if element is self._table:
            self._end_table()
        elif element is self._cell:
            self._end_cell()
        elif self._nested == 0 and tag in _ROW_GROUPS:
            self._grid.end_row_group()
        elif self._nested == 0 and tag == "caption":
            self._flush()
        else:
            self._nested -= tag == "table"
            self._collected.append(" " if tag in BLOCKS else "")

    def _end_cell(self) -> None:
        cell, self._cell = self._cell, None
        if cell is None:
            return
        if self._rows == 0:
            self._begin_row(cell)
        self._page_rows.extend((self._rows - 1, label) for label in self._labels)
        self._labels.clear()
        text = self._take().replace(_PAGE, "")
        self._grid.add_cell(
            text, columns=cell_span(cell, "colspan"), rows=cell_span(cell, "rowspan"), is_header_cell=cell.tag == "th"
        )

    def _end_table(self) -> None:
        self._flush() if self._cell is None else self._end_cell()
        starts = self._grid.append_to(self._draft)
        self.starts.extend(PageStart(label, starts[row]) for row, label in self._page_rows)
        self._clear_table()
        self._append_notes()

    def _take(self) -> str:
        """Return the collected text with single spaces, and clear it."""
        text = " ".join("".join(self._collected).split())
        self._collected.clear()
        return _AROUND_PAGES.sub(_without_outer_spaces, text).strip() if _PAGE in text else text

    def _flush(self, level: int = 0) -> None:
        """Append the collected text as a block, followed by the notes that it refers to."""
        pieces = self._take().split(_PAGE)
        text = "".join(pieces)
        if text and self._mark:
            text, self._mark = with_note_mark(text, self._mark), ""
        blocks_before = len(self._draft.blocks)
        self._draft.block(text, level)
        start = self._draft.blocks[-1].start if len(self._draft.blocks) > blocks_before else self._draft.length
        for label, piece in zip(self._labels, pieces, strict=False):
            start = min(start + len(piece), self._draft.length)
            self.starts.append(PageStart(label, start))
        self._labels.clear()
        if self._table is None:
            self._append_notes()

    def _append_notes(self) -> None:
        """Append the pending notes, and those that they refer to."""
        if self._in_note:
            return
        outer_state = self._open_sups, self._links
        self._in_note = True
        while self._pending:
            self._mark, note = self._pending.pop(0)
            self._open_sups, self._links = 0, []
            self.append_tree(note)
        self._open_sups, self._links = outer_state
        self._in_note, self._mark = False, ""


def _without_outer_spaces(match: re.Match[str]) -> str:
    """Return the page marks of a match, with one space before them if it has any."""
    return " " * (" " in match[0]) + _PAGE * match[0].count(_PAGE)
