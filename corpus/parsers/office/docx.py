"""DOCX: opened by python-docx and walked element by element, so that no wrapper element hides text."""

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
from corpus.parsers.note_marks import with_note_mark
from corpus.parsers.office.docx_notes import REFERENCES, Notes
from corpus.parsers.office.docx_styles import SUPERSCRIPT, Styles, value_of
from corpus.parsers.office.ooxml import COMPATIBILITY, EQUATION, MALFORMED, refusing_malformed
from corpus.parsers.tables.grid import Grid

_PARAGRAPH, _TABLE, _ROW, _CELL, _BOX = map(qn, ("w:p", "w:tbl", "w:tr", "w:tc", "w:txbxContent"))
_RUN, _TEXT, _SYMBOL = map(qn, ("w:r", "w:t", "w:sym"))
_LONG_CELL = 1000  # characters: a longer cell means page layout, unless a row is marked as the table's header
_MOST_DIGITS = 6  # of a count; longer ones are cut
_CODE = re.compile(r"[0-9a-fA-F]{1,4}")
_WRAPPERS = frozenset(map(qn, ("w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo")))
_WRAPPERS |= {f"{COMPATIBILITY}AlternateContent", f"{COMPATIBILITY}Choice"}
_SPACES = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_NOT_SHOWN = frozenset(map(qn, ("w:del", "w:moveFrom", "w:pPr", "w:rPr")))
_NOT_SHOWN |= {f"{COMPATIBILITY}Fallback"}  # the same content again, for older programs


def parse_docx(data: bytes, name: str) -> Draft:
    """Parse DOCX: paragraphs and table rows become blocks, without pages.

    Notes and text boxes follow the paragraph that refers to them or anchors them. Tracked changes are read as if accepted. Headers,
    footers and comments are left out. The title is the file's own, or else its first heading.

    Raises DocumentError if the file is not a DOCX.
    """
    with refusing_malformed(name, "a DOCX", "a word processor", OpcError):
        document = docx.Document(io.BytesIO(data))
        body = document.element.body
        parser = _BodyParser(document)
    draft = Draft()
    parser.append(body, draft)
    draft.title = _own_title(document) or draft.first_heading()
    return draft


def _own_title(document: DocxDocument) -> str:
    """Return the title in the file's core properties; "" if it has none or they are malformed."""
    with suppress(*MALFORMED, OpcError):
        return (document.core_properties.title or "").strip()
    return ""


class _BodyParser:
    """Appends the content of a document's elements to a draft."""

    def __init__(self, document: DocxDocument) -> None:
        self._notes = Notes(document)
        self._styles = Styles(document.styles.element)
        self._open_cells = 0
        self._in_note = False

    def append(self, container: etree._Element, draft: Draft, mark: str = "") -> None:
        """Append the content of a body, cell, text box or note; a note's mark is put before its first words."""
        for item in _children(container):
            if item.tag == _PARAGRAPH:
                text = self._text(item).strip()
                if text and mark:
                    text, mark = with_note_mark(text, mark), ""
                draft.block(text, self._styles.level(item))
                self._append_notes(draft)
                for box in _text_boxes(item):
                    self.append(box, draft)
            elif item.tag == _TABLE:
                self._append_table(item, draft)

    def _append_notes(self, draft: Draft) -> None:
        """Append the notes referred to so far. A table's notes wait until it ends; a note's own notes follow it."""
        if not self._open_cells and not self._in_note:
            self._in_note = True
            for note in self._notes.pending():
                self.append(note.element, draft, note.mark)
            self._in_note = False

    def _append_table(self, table: etree._Element, draft: Draft) -> None:
        """Append a table. A cell merged over rows is repeated in each of them; a nested table becomes text of its cell."""
        rows = [row for row in _children(table) if row.tag == _ROW and row.find(f"{qn('w:trPr')}/{qn('w:del')}") is None]
        has_header = any(map(_is_header_row, rows))
        if not has_header and _is_layout([[cell for cell in _children(row) if cell.tag == _CELL] for row in rows]):
            for row in rows:
                for cell in _children(row):
                    self.append(cell, draft)
            return
        grid = Grid()
        self._open_cells += 1
        for row in rows:
            grid.begin_row(before=_number_property(row, "w:trPr", "w:gridBefore", 0), is_header=_is_header_row(row))
            for cell in (cell for cell in _children(row) if cell.tag == _CELL):
                columns = _number_property(cell, "w:tcPr", "w:gridSpan", 1)
                if _continues_above(cell):
                    grid.continue_cell(columns)
                    continue
                cell_draft = Draft()
                self.append(cell, cell_draft)
                grid.add_cell(cell_draft.text, columns=columns)
        self._open_cells -= 1
        grid.append_to(draft)
        self._append_notes(draft)

    def _text(self, paragraph: etree._Element) -> str:
        """Return a paragraph's words, including those in links, fields and insertions, but not those in text boxes."""
        parts = []
        is_superscript = False
        walk = etree.iterwalk(paragraph, events=("start",))
        for _, element in walk:
            if element.tag in _NOT_SHOWN or element.tag == _BOX or (element.tag == _RUN and _property(element, "w:vanish")):
                walk.skip_subtree()
            elif element.tag == _RUN:
                own = _property(element, "w:vertAlign")
                is_superscript = own == SUPERSCRIPT or (not own and self._styles.is_superscript(_property(element, "w:rStyle")))
            elif element.tag in (_TEXT, EQUATION):
                text = (element.text or "").replace("\xad", "")
                parts.append(raised(text) if is_superscript else text)
            elif element.tag == _SYMBOL:
                parts.append(_symbol(element.get(qn("w:char"), "")))
            elif element.tag in REFERENCES:
                parts.append(self._notes.refer(element))
            else:
                parts.append(_SPACES.get(element.tag, ""))
        return "".join(parts)


def _children(container: etree._Element) -> Iterator[etree._Element]:
    """Yield the children of a body, cell, table or row, looking through wrapper elements."""
    for child in container:
        if child.tag in _WRAPPERS:
            yield from _children(child)
        else:
            yield child


def _property(run: etree._Element, name: str) -> str:
    """Return the value of a run property: "on" if present without a value, "" if absent or off."""
    return value_of(run.find(f"{qn('w:rPr')}/{qn(name)}"))


def _symbol(code: str) -> str:
    """Return the character with this hexadecimal code; U+FFFD if the code is not one."""
    return chr(int(code, 16)) if _CODE.fullmatch(code) else "\ufffd"


def _text_boxes(paragraph: etree._Element) -> Iterator[etree._Element]:
    """Yield the outermost text boxes anchored in a paragraph."""
    walk = etree.iterwalk(paragraph, events=("start",))
    for _, element in walk:
        if element.tag in _NOT_SHOWN or element.tag == _BOX:
            walk.skip_subtree()
        if element.tag == _BOX:
            yield element


def _number_property(element: etree._Element, properties: str, name: str, default: int) -> int:
    """Return the number in a property of a row or cell; `default` if there is none."""
    child = element.find(f"{qn(properties)}/{qn(name)}")
    value = "" if child is None else child.get(qn("w:val"), "")
    return int(value[:_MOST_DIGITS]) if value.isascii() and value.isdecimal() else default


def _continues_above(cell: etree._Element) -> bool:
    """Return whether a cell continues the vertically merged cell above it."""
    merged = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
    return merged is not None and merged.get(qn("w:val"), "continue") == "continue"


def _is_header_row(row: etree._Element) -> bool:
    """Return whether a row is marked as a header row, which Word repeats on every page."""
    return value_of(row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}")) != ""


def _is_layout(rows: list[list[etree._Element]]) -> bool:
    """Return whether a table only lays out the page: no row has two cells with text, or some cell holds a long text."""
    lengths = [[_text_length(cell) for cell in row] for row in rows]
    return all(sum(map(bool, row)) < 2 for row in lengths) or any(length > _LONG_CELL for row in lengths for length in row)


def _text_length(cell: etree._Element) -> int:
    """Count the characters of a cell's words, stopping once the count is certain to exceed `_LONG_CELL`."""
    words = (text for element in cell.iter(_TEXT) if (text := (element.text or "").strip()))
    return sum(map(len, islice(words, _LONG_CELL + 1)))
