"""PDF, read by pypdfium2. Its text is laid down line by line, without running headers and footers, with runs to its characters."""

from operator import add

import pypdfium2 as pdfium

from corpus.draft import Draft
from corpus.errors import DocumentError
from corpus.heartbeat import alive
from corpus.parsers.pdf.headers_footers import printed_labels, running_lines
from corpus.parsers.pdf.layout import LineBlock, blocks_of
from corpus.parsers.pdf.lines import Line, page_lines
from corpus.parsers.pdf.pdfium import PDFIUM
from corpus.parsers.pdf.scans import read_scans
from corpus.parsers.pdf.tables import LineTable
from corpus.parsers.pdf.text_columns import by_columns
from corpus.structure import Cell, Row, Run, Table


def parse_pdf(data: bytes, name: str, *, ocr: bool = True) -> Draft:
    """Pages carry the label that the file gives them, else the number printed in their running lines, else none. Those without text
    but for running lines are read by OCR, unless `ocr` is False or there is no tesseract.

    Raises DocumentError for a file that is encrypted or broken, has no pages, or has no text on any page.
    """
    pages, given, title = _read(data, name)
    running = running_lines(pages)
    scans = read_scans(data, pages, running, ocr=ocr)
    if scans.lines:
        pages = [lines + scans.lines.get(number, []) for number, lines in enumerate(pages, 1)]
        running = [list(dict.fromkeys(found)) for found in map(add, running, running_lines(pages))]
    kept = [[line for line in lines if line not in set(left_out)] for lines, left_out in zip(pages, running, strict=True)]
    if not any(kept):
        raise DocumentError(scans.refusal(name, len(pages)))
    labels = given if any(given) else printed_labels(running)
    draft = Draft()
    starts = _lay(blocks_of([by_columns(lines) for lines in kept]), draft)
    draft.running_lines = sum(map(len, running))
    draft.tile(_page_starts(starts, len(labels), draft.length), labels)
    seen = {word.page for word in draft.words}
    draft.pages = [page._replace(ocr=page.number in seen) for page in draft.pages]
    draft.title = title or " ".join(draft.first_heading(1).split())
    return draft


def _read(data: bytes, name: str) -> tuple[list[list[Line]], list[str | None], str]:
    """The lines and the given label of each page, and the title in the file's metadata."""
    with PDFIUM:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as error:
            if "assword" in str(error) and b"/Encrypt" in data:  # PDFium may give the error of an earlier file
                raise DocumentError(f"{name} is encrypted: remove its password and add it again.") from None
            raise DocumentError(
                f"{name} can't be read as PDF; it is broken or cut short, or has no pages: save it anew, or download it again."
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
            raise DocumentError(f"Page {len(pages) + 1} of {name} can't be read; the file is broken: {error}") from None
        finally:
            document.close()


def _title(title: str) -> str:
    """The metadata's title, or "" if it is none: a file's name, or a number that a converter put there."""
    title = " ".join(title.split())
    words = [word for word in title.split() if word.isalpha()]
    is_file = title.lower().endswith((".doc", ".docx", ".pdf", ".indd", ".tex", ".qxd", ".ppt", ".pptx", ".xls", ".xlsx"))
    return title if len(words) >= 2 and not is_file else ""


def _lay(blocks: list[LineBlock], draft: Draft) -> dict[int, int]:
    """Write the blocks; gives where in the text each page that has text begins."""
    starts: dict[int, int] = {}
    laid: dict[int, tuple[LineTable, list[int]]] = {}
    for block in blocks:
        start = 0
        for place, line in enumerate(block.lines):
            if draft.length:
                draft.write("\n" if place else "\n\n")
            starts.setdefault(line.page, draft.length)
            if place == 0:
                start = draft.length + block.marker
            draft.runs.extend(Run(draft.length + at, length, line.page, index) for at, index, length in line.sources)
            draft.words.extend(word._replace(text_start=draft.length + word.text_start) for word in line.words)
            draft.write(line.text)
        draft.close_block(start, block.level)
        if block.table is not None:
            laid.setdefault(id(block.table), (block.table, []))[1].append(start)
    draft.tables = [_laid_table(table, rows) for table, rows in laid.values()]
    return starts


def _laid_table(table: LineTable, starts: list[int]) -> Table:
    """A table whose rows were written from `starts` on."""
    names = (tuple((starts[row] + start, starts[row] + end) for row, start, end in column) for column in table.names)
    rows = []
    for row, begin in zip(table.rows, starts, strict=True):
        cells = tuple(Cell(column, begin + start, begin + end) for column, start, end in row.cells)
        rows.append(Row(begin, begin + len(row.text), None, cells))
    return Table(tuple(names), tuple(rows))


def _page_starts(starts: dict[int, int], pages: int, length: int) -> list[int]:
    """Where each of so many pages begins in a text of this length; one without text, where the next one does."""
    found: list[int] = []
    for number in range(pages, 0, -1):
        length = starts.get(number, length)
        found.append(length)
    return found[::-1]
