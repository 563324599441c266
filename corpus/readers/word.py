"""DOCX: opened by python-docx, walked element by element, so that no text is left out because of what it is wrapped in."""

import io
import re
from collections.abc import Iterator
from zipfile import BadZipFile

import docx
from docx.document import Document as DocxDocument
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from lxml import etree

from corpus.draft import Draft, raised
from corpus.errors import DocumentError

_HEADING_STYLE = re.compile(r"heading (\d)", re.IGNORECASE)
_PARAGRAPH, _TABLE, _ROW, _CELL, _BOX = map(qn, ("w:p", "w:tbl", "w:tr", "w:tc", "w:txbxContent"))
_RUN, _TEXT, _SYMBOL = map(qn, ("w:r", "w:t", "w:sym"))
_EQUATION = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_WRAPPERS = frozenset(map(qn, ("w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo")))
_WRAPPERS |= {f"{_COMPATIBILITY}AlternateContent", f"{_COMPATIBILITY}Choice"}
_SPACES = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_NOT_SHOWN = frozenset(map(qn, ("w:del", "w:moveFrom", "w:pPr", "w:rPr")))
_NOT_SHOWN |= {f"{_COMPATIBILITY}Fallback"}  # the same once more, for old programs


def read_docx(data: bytes, name: str) -> Draft:
    """Paragraphs and table rows are blocks; a text box follows the paragraph that it hangs on. A DOCX knows no pages.

    Tracked changes are read as if they were accepted. Headers, footers, footnotes and comments stand outside the text and are
    not read. The title is the file's own, or its first heading. Raises DocumentError for a file that is not a DOCX.
    """
    try:
        document = docx.Document(io.BytesIO(data))
        body = document.element.body
    except (AttributeError, BadZipFile, OpcError, KeyError, ValueError, etree.XMLSyntaxError) as error:
        raise DocumentError(
            f"{name} is not a DOCX file ({error}): open it in a word processor and save it as .docx again."
        ) from None
    draft = Draft()
    _lay(document, body, draft)
    first = draft.text[slice(draft.headings[0].start, draft.headings[0].end)] if draft.headings else ""
    draft.title = (document.core_properties.title or "").strip() or first
    return draft


def _lay(document: DocxDocument, container: etree._Element, draft: Draft) -> None:
    for item in _within(container):
        if item.tag == _PARAGRAPH:
            draft.block(_text(item), _level(Paragraph(item, document)))
            for box in _boxes(item):
                _lay(document, box, draft)
        elif item.tag == _TABLE:
            for row in _rows(document, item):
                draft.block(row)


def _within(container: etree._Element) -> Iterator[etree._Element]:
    """What a body, a cell, a table or a row holds, without its wrappers."""
    for child in container:
        if child.tag in _WRAPPERS:
            yield from _within(child)
        else:
            yield child


def _text(paragraph: etree._Element) -> str:
    """The words of a paragraph, those in links, fields and insertions too, but for what is in a text box."""
    parts = []
    is_raised = False
    walk = etree.iterwalk(paragraph, events=("start",))
    for _, element in walk:
        if element.tag in _NOT_SHOWN or element.tag == _BOX or (element.tag == _RUN and _property(element, "w:vanish")):
            walk.skip_subtree()
        elif element.tag == _RUN:
            is_raised = _property(element, "w:vertAlign") == "superscript"
        elif element.tag in (_TEXT, _EQUATION):
            parts.append(raised(element.text or "") if is_raised else element.text or "")
        elif element.tag == _SYMBOL:
            parts.append(chr(int(element.get(qn("w:char"), "FFFD"), 16)))
        else:
            parts.append(_SPACES.get(element.tag, ""))
    return "".join(parts)


def _property(run: etree._Element, name: str) -> str:
    """The value of a run's property; "on" if it is there without one, "" if it isn't there or is off."""
    found = run.find(f"{qn('w:rPr')}/{qn(name)}")
    value = "" if found is None else str(found.get(qn("w:val"), "on"))
    return "" if value in ("0", "false", "off") else value


def _boxes(paragraph: etree._Element) -> Iterator[etree._Element]:
    walk = etree.iterwalk(paragraph, events=("start",))
    for _, element in walk:
        if element.tag in _NOT_SHOWN or element.tag == _BOX:
            walk.skip_subtree()
        if element.tag == _BOX:
            yield element


def _rows(document: DocxDocument, table: etree._Element) -> Iterator[str]:
    """Each row's cells with a bar between them. A cell that is merged over columns counts once, one that is merged over rows
    in each of them; a nested table reads inside its cell.
    """
    above: dict[int, str] = {}  # by the cell's first column
    for row in _within(table):
        if row.tag != _ROW or row.find(f"{qn('w:trPr')}/{qn('w:del')}") is not None:
            continue
        column, cells = int(row.grid_before), []
        for cell in _within(row):
            if cell.tag == _CELL:
                inner = Draft()
                _lay(document, cell, inner)
                above[column] = above.get(column, "") if cell.vMerge == "continue" else " ".join(inner.text.split())
                cells.append(above[column])
                column += cell.grid_span
        yield " | ".join(cell for cell in cells if cell)


def _level(paragraph: Paragraph) -> int:
    """1 for the title and first-level headings, and so on; 0 for text. The names of these styles are English in every language."""
    style = paragraph.style.name if paragraph.style is not None else None
    if style == "Title":
        return 1
    heading = _HEADING_STYLE.match(style or "")
    return int(heading[1]) if heading else 0
