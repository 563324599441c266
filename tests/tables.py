"""Documents with sheets, slides and tables, laid down without a file, for tests of what people see of them."""

from collections.abc import Sequence

from corpus import Document, Page
from corpus.draft import CellText, Draft

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def cells(*texts: str) -> list[CellText]:
    """A row, without a cell where a text is ""."""
    return [CellText(column, text) for column, text in enumerate(texts) if text]


def laid(draft: Draft, name: str, media_type: str = "text/html", pages: Sequence[Page] = ()) -> Document:
    """The document of what was laid down."""
    return Document(
        id="0123456789abcdef",
        title=name.partition(".")[0],
        source=name,
        media_type=media_type,
        language="en",
        text=draft.text,
        pages=tuple(pages),
        headings=tuple(draft.headings),
        blocks=tuple(draft.blocks),
        runs=(),
        tables=tuple(draft.tables),
    )


def workbook() -> Document:
    """Two sheets. The names of the columns of the second stand in two rows, one of them above three columns."""
    draft = Draft()
    draft.block("Trucks seized")
    regions = [(4, cells("Loreto", "380", "412")), (5, cells("<b>Ucayali</b>", "", "(1,402)")), (7, cells("Puno", "7", "9"))]
    draft.table([(3, cells("Region", "2020", "2021")), *regions], 1)
    second = draft.length
    years = [CellText(1, "Years ended December 31", 3)]
    draft.table(
        [(1, years), (2, cells("Item", "2018", "2017", "2016")), (3, cells("Assets:")), (4, cells("Cash", "1", "", "3"))], 2
    )
    return laid(draft, "budget.xlsx", XLSX, [Page(1, "Budget", 0, second), Page(2, "Staff", second, draft.length)])


def slides() -> Document:
    """Three slides, the last of which OCR read."""
    draft = Draft()
    pages = []
    for number in (1, 2, 3):
        start = draft.length
        draft.block(f"Slide of {number} trucks", 1)
        pages.append(Page(number, None, start, draft.length, ocr=number == 3))
    return laid(draft, "deck.pptx", PPTX, pages)


def long_sheet(rows: int) -> Document:
    """A sheet of ten columns with so many rows below their names."""
    draft = Draft()
    below = ((number, cells(*(f"r{number}c{column}" for column in range(10)))) for number in range(2, rows + 2))
    draft.table([(1, cells(*(f"name{column}" for column in range(10)))), *below], 1)
    return laid(draft, "long.xlsx", XLSX, [Page(1, "All", 0, draft.length)])


def range_of(document: Document, text: str) -> tuple[int, int]:
    """The table row, or else the words, where a text stands first."""
    start = document.text.index(text)
    row = document.row_at(start)
    return (row.start, row.end) if row else (start, start + len(text))
