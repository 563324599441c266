"""Walks the elements of a page and lays their text into a draft."""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from lxml import etree

from corpus.draft import Draft, raised
from corpus.parsers.note_marks import mark, marked
from corpus.parsers.tables.grid import Grid
from corpus.parsers.web.html_notes import Notes
from corpus.parsers.web.html_tables import is_data, span

HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(HEADINGS) | set(
    """
    address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form header hgroup
    hr html legend li main menu ol p pre section summary table tbody td tfoot th thead tr ul
    """.split()
)
_GROUPS = frozenset(("thead", "tbody", "tfoot"))
_PAGE = "\ufdd0"  # stands for a page's beginning while text is gathered; no character of a text
_AROUND_PAGES = re.compile(rf" ?(?:{_PAGE} ?)+")
_NOT_WRITTEN = str.maketrans("", "", "\xad" + _PAGE)  # a soft hyphen is no letter: it says where a line may end


class PageStart(NamedTuple):
    """Where a page begins in the text, and what is printed on it."""

    label: str | None
    start: int


class Walk:
    """Lays the text of an element tree into a draft: inline text is gathered until a block begins or ends, a table's until it ends.

    `left_out` are elements that are no text; `notes` are laid after the block with the link that refers to them. `pages` are the
    elements that begin a page, with its label; where they stood is in `starts`.
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
        self._gathered: list[str] = []
        self._labels: list[str | None] = []  # of the pages that begin in what is gathered
        self._raised = 0  # superscripts that are open
        self._links: list[tuple[etree._Element, int]] = []  # to notes and back, with where in what is gathered each begins
        self._pending: list[tuple[str, etree._Element]] = []  # notes to lay after this block, with their marks
        self._referred: set[etree._Element] = set()
        self._in_note = False
        self._sign = ""  # of the note at hand, before its first block
        self._clear_table()

    def _clear_table(self) -> None:
        self._table: etree._Element | None = None
        self._cell: etree._Element | None = None
        self._nested = 0  # tables that are open within a cell
        self._grid = Grid()
        self._rows = 0
        self._page_rows: list[tuple[int, str | None]] = []

    def all_of(self, root: etree._Element) -> None:
        """Lay all text under `root`, without recursion: a hostile page may nest thousands of elements."""
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if element in self._left_out and element is not root:
                if event == "start":
                    walk.skip_subtree()
            elif event == "start":
                self._start(element, element.tag)
                self._gather(element.text)
            else:
                self._end(element, element.tag)
            if event == "end" and element is not root:
                self._gather(element.tail)
        self._flush()

    def rest(self) -> None:
        """Lay the notes that no text refers to."""
        for link in self._notes:
            self._refer(link, "")
            self._lay_notes()

    def _gather(self, text: str | None) -> None:
        if text:
            text = text.translate(_NOT_WRITTEN)
            self._gathered.append(raised(text) if self._raised else text)

    def _start(self, element: etree._Element, tag: str) -> None:
        self._raised += tag == "sup"
        if self._table is not None:
            self._start_in_table(element, tag)
        elif (tag == "table" and is_data(element)) or (tag == "tr" and next(element.iterancestors("table"), None) is None):
            self._flush()
            self._table = element
            if tag == "tr":
                self._begin_row(element)
        elif tag in BLOCKS:
            self._flush()
        elif tag == "br":
            self._gathered.append(" ")
        if element in self._pages and not self._in_note:
            self._gathered.append(_PAGE)
            self._labels.append(self._pages[element])
        if element in self._notes or (self._in_note and tag == "a" and element.get("href")):
            self._links.append((element, len(self._gathered)))

    def _start_in_table(self, element: etree._Element, tag: str) -> None:
        if self._nested == 0 and tag in ("td", "th", "tr", "caption"):
            self._flush() if self._cell is None else self._end_cell()
            if tag == "tr":
                self._begin_row(element)
            elif tag != "caption":
                self._cell = element
        else:
            self._nested += tag == "table"
            self._gathered.append(" " if tag in BLOCKS or tag == "br" else "")

    def _begin_row(self, row: etree._Element) -> None:
        parent = row.getparent()
        self._grid.row(in_head=parent is not None and parent.tag == "thead")
        self._rows += 1

    def _end(self, element: etree._Element, tag: str) -> None:
        self._raised -= tag == "sup"
        if self._links and self._links[-1][0] is element:
            self._end_link(*self._links.pop())
        if self._table is not None:
            self._end_in_table(element, tag)
        elif tag in BLOCKS:
            self._flush(HEADINGS.get(tag, 0))

    def _end_link(self, link: etree._Element, place: int) -> None:
        """Put a note's mark in the place of the link's words. The arrow by which a note leads back is no text."""
        pieces = self._gathered[place:]
        words = "".join(pieces).replace(_PAGE, "")
        if link in self._notes:
            sign = mark(words)
            self._gathered[place:] = [*(piece for piece in pieces if piece == _PAGE), sign]
            self._refer(link, sign)
        elif not any(map(str.isalnum, words)):
            del self._gathered[place:]

    def _refer(self, link: etree._Element, sign: str) -> None:
        note = self._notes[link]
        if note not in self._referred:
            self._referred.add(note)
            self._pending.append((sign, note))

    def _end_in_table(self, element: etree._Element, tag: str) -> None:
        if element is self._table:
            self._end_table()
        elif element is self._cell:
            self._end_cell()
        elif self._nested == 0 and tag in _GROUPS:
            self._grid.end_of_group()
        elif self._nested == 0 and tag == "caption":
            self._flush()
        else:
            self._nested -= tag == "table"
            self._gathered.append(" " if tag in BLOCKS else "")

    def _end_cell(self) -> None:
        cell, self._cell = self._cell, None
        if cell is None:
            return
        if self._rows == 0:
            self._begin_row(cell)
        self._page_rows.extend((self._rows - 1, label) for label in self._labels)
        self._labels.clear()
        text = self._take().replace(_PAGE, "")
        self._grid.cell(text, columns=span(cell, "colspan"), rows=span(cell, "rowspan"), is_head=cell.tag == "th")

    def _end_table(self) -> None:
        self._flush() if self._cell is None else self._end_cell()
        starts = self._grid.lay(self._draft)
        self.starts.extend(PageStart(label, starts[row]) for row, label in self._page_rows)
        self._clear_table()
        self._lay_notes()

    def _take(self) -> str:
        """What was gathered, with single spaces."""
        text = " ".join("".join(self._gathered).split())
        self._gathered.clear()
        return _AROUND_PAGES.sub(_without_outer_spaces, text).strip() if _PAGE in text else text

    def _flush(self, level: int = 0) -> None:
        """Lay what was gathered as a block, and after it the notes that it refers to."""
        pieces = self._take().split(_PAGE)
        text = "".join(pieces)
        if text and self._sign:
            text, self._sign = marked(text, self._sign), ""
        blocks = len(self._draft.blocks)
        self._draft.block(text, level)
        start = self._draft.blocks[-1].start if len(self._draft.blocks) > blocks else self._draft.length
        for label, piece in zip(self._labels, pieces, strict=False):
            start = min(start + len(piece), self._draft.length)
            self.starts.append(PageStart(label, start))
        self._labels.clear()
        if self._table is None:
            self._lay_notes()

    def _lay_notes(self) -> None:
        if self._in_note:
            return
        outside = self._raised, self._links
        self._in_note = True
        while self._pending:
            self._sign, note = self._pending.pop(0)
            self._raised, self._links = 0, []
            self.all_of(note)
        self._raised, self._links = outside
        self._in_note, self._sign = False, ""


def _without_outer_spaces(match: re.Match[str]) -> str:
    return " " * (" " in match[0]) + _PAGE * match[0].count(_PAGE)
