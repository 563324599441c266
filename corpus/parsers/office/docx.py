"""DOCX: opened by python-docx, walked element by element, so that no text is left out because of what it is wrapped in."""

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

import docx
from docx.document import Document as DocxDocument
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml import etree

from corpus.draft import Draft, raised
from corpus.parsers.note_marks import marked
from corpus.parsers.office.docx_notes import REFERENCES, Notes
from corpus.parsers.office.docx_styles import SUPERSCRIPT, Styles, value_of
from corpus.parsers.office.ooxml import BROKEN, COMPATIBILITY, EQUATION, whole
from corpus.parsers.tables.grid import Grid

_PARAGRAPH, _TABLE, _ROW, _CELL, _BOX = map(qn, ("w:p", "w:tbl", "w:tr", "w:tc", "w:txbxContent"))
_RUN, _TEXT, _SYMBOL = map(qn, ("w:r", "w:t", "w:sym"))
_LONG = 1000  # characters: a cell with more lays out a page, where no row is marked as the table's head
_MOST_DIGITS = 6  # of a count
_CODE = re.compile(r"[0-9a-fA-F]{1,4}")
_WRAPPERS = frozenset(map(qn, ("w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo")))
_WRAPPERS |= {f"{COMPATIBILITY}AlternateContent", f"{COMPATIBILITY}Choice"}
_SPACES = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_NOT_SHOWN = frozenset(map(qn, ("w:del", "w:moveFrom", "w:pPr", "w:rPr")))
_NOT_SHOWN |= {f"{COMPATIBILITY}Fallback"}  # the same once more, for old programs


def parse_docx(data: bytes, name: str) -> Draft:
    """Paragraphs and table rows are blocks. The notes that a paragraph refers to follow it, and so does a text box that hangs on
    it. A DOCX knows no pages.

    Tracked changes are read as if they were accepted. Headers, footers and comments stand outside the text and are not read. The
    title is the file's own, or its first heading. Raises DocumentError for a file that is not a DOCX.
    """
    with whole(name, "a DOCX", "a word processor", OpcError):
        document = docx.Document(io.BytesIO(data))
        body = document.element.body
        reader = _Reader(document)
    draft = Draft()
    reader.lay(body, draft)
    draft.title = _own_title(document) or draft.first_heading()
    return draft


def _own_title(document: DocxDocument) -> str:
    """The title that the file gives itself; "" without one, and where what it says of itself is broken."""
    with suppress(*BROKEN, OpcError):
        return (document.core_properties.title or "").strip()
    return ""


class _Reader:
    """Lays what a document's elements hold into a draft."""

    def __init__(self, document: DocxDocument) -> None:
        self._notes = Notes(document)
        self._styles = Styles(document.styles.element)
        self._in_cells = 0
        self._in_note = False

    def lay(self, container: etree._Element, draft: Draft, sign: str = "") -> None:
        """Lay a body, a cell, a text box or a note; `sign` comes before its first words."""
        for item in _within(container):
            if item.tag == _PARAGRAPH:
                text = self._text(item).strip()
                if text and sign:
                    text, sign = marked(text, sign), ""
                draft.block(text, self._styles.level(item))
                self._lay_notes(draft)
                for box in _boxes(item):
                    self.lay(box, draft)
            elif item.tag == _TABLE:
                self._table(item, draft)

    def _lay_notes(self, draft: Draft) -> None:
        """Lay the notes that were referred to; those of a table follow it as a whole, and those of a note come after it."""
        if not self._in_cells and not self._in_note:
            self._in_note = True
            for note in self._notes.pending():
                self.lay(note.element, draft, note.mark)
            self._in_note = False

    def _table(self, table: etree._Element, draft: Draft) -> None:
        """A cell that is merged over rows reads in each of them; a nested table reads inside its cell."""
        rows = [row for row in _within(table) if row.tag == _ROW and row.find(f"{qn('w:trPr')}/{qn('w:del')}") is None]
        is_marked = any(map(_names_columns, rows))
        if not is_marked and _is_layout([[cell for cell in _within(row) if cell.tag == _CELL] for row in rows]):
            for row in rows:
                for cell in _within(row):
                    self.lay(cell, draft)
            return
        grid = Grid()
        self._in_cells += 1
        for row in rows:
            grid.row(before=_count(row, "w:trPr", "w:gridBefore", 0), in_head=_names_columns(row))
            for cell in (cell for cell in _within(row) if cell.tag == _CELL):
                columns = _count(cell, "w:tcPr", "w:gridSpan", 1)
                if _goes_on(cell):
                    grid.go_on(columns)
                    continue
                inner = Draft()
                self.lay(cell, inner)
                grid.cell(inner.text, columns=columns)
        self._in_cells -= 1
        grid.lay(draft)
        self._lay_notes(draft)

    def _text(self, paragraph: etree._Element) -> str:
        """The words of a paragraph, those in links, fields and insertions too, but for what is in a text box."""
        parts = []
        is_raised = False
        walk = etree.iterwalk(paragraph, events=("start",))
        for _, element in walk:
            if element.tag in _NOT_SHOWN or element.tag == _BOX or (element.tag == _RUN and _property(element, "w:vanish")):
                walk.skip_subtree()
            elif element.tag == _RUN:
                own = _property(element, "w:vertAlign")
                is_raised = own == SUPERSCRIPT or (not own and self._styles.is_raised(_property(element, "w:rStyle")))
            elif element.tag in (_TEXT, EQUATION):
                text = (element.text or "").replace("\xad", "")
                parts.append(raised(text) if is_raised else text)
            elif element.tag == _SYMBOL:
                parts.append(_symbol(element.get(qn("w:char"), "")))
            elif element.tag in REFERENCES:
                parts.append(self._notes.refer(element))
            else:
                parts.append(_SPACES.get(element.tag, ""))
        return "".join(parts)


def _within(container: etree._Element) -> Iterator[etree._Element]:
    """What a body, a cell, a table or a row holds, without its wrappers."""
    for child in container:
        if child.tag in _WRAPPERS:
            yield from _within(child)
        else:
            yield child


def _property(run: etree._Element, name: str) -> str:
    """The value of a run's property; "on" if it is there without one, "" if it isn't there or is off."""
    return value_of(run.find(f"{qn('w:rPr')}/{qn(name)}"))


def _symbol(code: str) -> str:
    """The character of a hexadecimal number; U+FFFD if there is none."""
    return chr(int(code, 16)) if _CODE.fullmatch(code) else "\ufffd"


def _boxes(paragraph: etree._Element) -> Iterator[etree._Element]:
    walk = etree.iterwalk(paragraph, events=("start",))
    for _, element in walk:
        if element.tag in _NOT_SHOWN or element.tag == _BOX:
            walk.skip_subtree()
        if element.tag == _BOX:
            yield element


def _count(element: etree._Element, properties: str, name: str, usual: int) -> int:
    """The number that a row's or a cell's property gives; the usual one if it gives none."""
    found = element.find(f"{qn(properties)}/{qn(name)}")
    value = "" if found is None else found.get(qn("w:val"), "")
    return int(value[:_MOST_DIGITS]) if value.isascii() and value.isdecimal() else usual


def _goes_on(cell: etree._Element) -> bool:
    """Whether a cell is the one above, which reaches on."""
    merged = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
    return merged is not None and merged.get(qn("w:val"), "continue") == "continue"


def _names_columns(row: etree._Element) -> bool:
    """Whether a row is marked as one to repeat at the head of each page."""
    return value_of(row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}")) != ""


def _is_layout(rows: list[list[etree._Element]]) -> bool:
    """Whether a table only lays out a page: no row has two cells with text, or a cell has a long one."""
    lengths = [[_length(cell) for cell in row] for row in rows]
    return all(sum(map(bool, row)) < 2 for row in lengths) or any(length > _LONG for row in lengths for length in row)


def _length(cell: etree._Element) -> int:
    """The characters of a cell's words, counted no further than it takes."""
    words = (text for element in cell.iter(_TEXT) if (text := (element.text or "").strip()))
    return sum(map(len, islice(words, _LONG + 1)))
