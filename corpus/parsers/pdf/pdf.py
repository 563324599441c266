"""The PDF parser, by pypdfium2. The text is written line by line, without running headers and footers, and each line is tied to the
page's characters.
"""

from operator import add

import pypdfium2 as pdfium

from corpus.draft import Draft
from corpus.errors import DocumentError
from corpus.heartbeat import alive
from corpus.parsers.pdf.headers_footers import printed_labels, running_lines
from corpus.parsers.pdf.layout import LineBlock, blocks_of
from corpus.parsers.pdf.lines import Line
from corpus.parsers.pdf.page_columns import by_columns
from corpus.parsers.pdf.page_lines import page_lines
from corpus.parsers.pdf.pdfium import PDFIUM
from corpus.parsers.pdf.scans import read_scans
from corpus.parsers.pdf.table_rows import LineTable
from corpus.structure import Cell, Row, Run, Table


def parse_pdf(data: bytes, name: str, *, ocr: bool = True) -> Draft:
    """Return the draft of a PDF.

    The labels of the pages are the file's own, if it has any; otherwise the numbers printed in the running lines. Pages without
    text except running lines go through OCR, unless `ocr` is false or tesseract isn't installed. Raises DocumentError for a file
    that is encrypted or broken, has no pages, or has no text on any page.
    """
    pages, file_labels, title = _read(data, name)
    running = running_lines(pages)
    scans = read_scans(data, pages, running, ocr=ocr)
    if scans.lines:
        pages = [lines + scans.lines.get(number, []) for number, lines in enumerate(pages, 1)]
        running = [list(dict.fromkeys(lines)) for lines in map(add, running, running_lines(pages))]
    body = [[line for line in lines if line not in set(left_out)] for lines, left_out in zip(pages, running, strict=True)]
    if not any(body):
        raise DocumentError(scans.refusal(name, len(pages)))
    labels = file_labels if any(file_labels) else printed_labels(running)
    draft = Draft()
    starts = _write(blocks_of([by_columns(lines) for lines in body]), draft)
    draft.running_lines = sum(map(len, running))
    draft.tile(_page_starts(starts, len(labels), draft.length), labels)
    ocr_pages = {word.page for word in draft.words}
    draft.pages = [page._replace(ocr=page.number in ocr_pages) for page in draft.pages]
    draft.title = title or " ".join(draft.first_heading(1).split())
    return draft


def _read(data: bytes, name: str) -> tuple[list[list[Line]], list[str | None], str]:
    """Return the lines of each page, the label that the file gives each page (or None), and the title in its metadata (or "")."""
    with PDFIUM:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as error:
            if "assword" in str(error) and b"/Encrypt" in data:  # PDFium may report the error of an earlier file
                raise DocumentError(f"{name} is encrypted: remove its password and add it again.") from None
            raise DocumentError(
                f"{name} can't be read as a PDF because it is broken, cut short or has no pages: "
                f"save it again, or download it again."
            ) from None
        try:
            if len(document) == 0:
                raise DocumentError(f"{name} is a PDF without pages.")
            pages, labels = [], []
            for index in range(len(document)):
                page = document[index]
                pages.append(page_lines(page, index + 1))
                alive()
                page.close()
                labels.append(document.get_page_label(index).strip() or None)
            return pages, labels, _title(document.get_metadata_value("Title"))
        except pdfium.PdfiumError as error:
            raise DocumentError(f"Page {len(pages) + 1} of {name} can't be read because the file is broken: {error}") from None
        finally:
            document.close()


def _title(title: str) -> str:
    """Return the metadata's title, or "" if it isn't a real one: a file name, or a number that a converter wrote."""
    title = " ".join(title.split())
    words = [word for word in title.split() if word.isalpha()]
    is_file_name = title.lower().endswith((".doc", ".docx", ".pdf", ".indd", ".tex", ".qxd", ".ppt", ".pptx", ".xls", ".xlsx"))
    return title if len(words) >= 2 and not is_file_name else ""


def _write(blocks: list[LineBlock], draft: Draft) -> dict[int, int]:
    """Write the blocks and tables, and return where in the text each page that has text begins, by its number."""
    starts: dict[int, int] = {}
    tables: dict[int, tuple[LineTable, list[int]]] = {}
    for block in blocks:
        start = 0
        for index, line in enumerate(block.lines):
            if draft.length:
                draft.write("\n" if index else "\n\n")
            starts.setdefault(line.page, draft.length)
            if index == 0:
                start = draft.length + block.marker
            draft.runs.extend(Run(draft.length + position, length, line.page, source) for position, source, length in line.sources)
            draft.words.extend(word._replace(text_start=draft.length + word.text_start) for word in line.words)
            draft.write(line.text)
        draft.close_block(start, block.level)
        if block.table is not None:
            tables.setdefault(id(block.table), (block.table, []))[1].append(start)
    draft.tables = [_table(table, row_starts) for table, row_starts in tables.values()]
    return starts


def _table(table: LineTable, starts: list[int]) -> Table:
    """Return a table as ranges of the text, where `starts` has the position of each of its rows."""
    names = (tuple((starts[row] + start, starts[row] + end) for row, start, end in column) for column in table.names)
    rows = []
    for row, row_start in zip(table.rows, starts, strict=True):
        cells = tuple(Cell(column, row_start + start, row_start + end) for column, start, end in row.cells)
        rows.append(Row(row_start, row_start + len(row.text), None, cells))
    return Table(tuple(names), tuple(rows))


def _page_starts(starts: dict[int, int], pages: int, length: int) -> list[int]:
    """Return where each of `pages` pages begins in a text of this length. A page without text begins where the next one does."""
    page_starts: list[int] = []
    next_start = length
    for number in range(pages, 0, -1):
        next_start = starts.get(number, next_start)
        page_starts.append(next_start)
    return page_starts[::-1]
