"""DOCX, read by python-docx: paragraphs and tables in their order, headings by their style."""

import io
import re
from collections.abc import Iterator
from zipfile import BadZipFile

import docx
from docx.document import Document as DocxDocument
from docx.opc.exceptions import OpcError
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from lxml import etree

from corpus.draft import Draft
from corpus.errors import DocumentError

_HEADING_STYLE = re.compile(r"heading (\d)", re.IGNORECASE)


def read_docx(data: bytes, name: str) -> Draft:
    """Paragraphs and table rows are blocks. A DOCX knows no pages. The title is the file's own, or its first heading.

    Headers, footers, footnotes and comments stand outside the text and are not read. Raises DocumentError for a file that is
    not a DOCX.
    """
    try:
        document = docx.Document(io.BytesIO(data))
    except (BadZipFile, OpcError, KeyError, ValueError, etree.XMLSyntaxError) as error:
        raise DocumentError(
            f"{name} is not a DOCX file ({error}): open it in a word processor and save it as .docx again."
        ) from None
    draft = Draft()
    _lay(document, draft)
    first = draft.text[slice(draft.headings[0].start, draft.headings[0].end)] if draft.headings else ""
    draft.title = (document.core_properties.title or "").strip() or first
    return draft


def _lay(container: DocxDocument | _Cell, draft: Draft) -> None:
    for item in container.iter_inner_content():
        if isinstance(item, Paragraph):
            draft.block(item.text, _level(item))
        else:
            for row in _rows(item):
                draft.block(row)


def _rows(table: Table) -> Iterator[str]:
    """Each row's cells with a bar between them; a merged cell counts once, a nested table reads inside its cell."""
    for row in table.rows:
        cells: list[str] = []
        seen = set()
        for cell in row.cells:
            if cell._tc not in seen:
                seen.add(cell._tc)
                inner = Draft()
                _lay(cell, inner)
                cells.append(" ".join(inner.text.split()))
        yield " | ".join(cell for cell in cells if cell)


def _level(paragraph: Paragraph) -> int:
    """1 for the title and first-level headings, and so on; 0 for text. The names of these styles are English in every language."""
    style = paragraph.style.name if paragraph.style is not None else None
    if style == "Title":
        return 1
    heading = _HEADING_STYLE.match(style or "")
    return int(heading[1]) if heading else 0
