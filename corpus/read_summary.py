"""`ReadSummary`, what to tell the person who adds a file about how it was read."""

from dataclasses import dataclass
from typing import Self

from corpus.document import Document
from corpus.structure import PageKind


@dataclass(frozen=True, slots=True)
class ReadSummary:
    """How a file was read, for the person who added it.

    `pages` is their number, 0 for a format without pages; `pages_without_text` and `ocr_pages` hold physical page numbers, from 1.
    `running_lines` counts the lines of running headers and footers that were left out; see `Document.garbled` for `garbled`.
    """

    title: str = ""
    language: str = ""
    page_kind: PageKind = "page"
    is_pdf: bool = False
    pages: int = 0
    pages_without_text: tuple[int, ...] = ()
    ocr_pages: tuple[int, ...] = ()
    running_lines: int = 0
    garbled: float = 0.0

    @classmethod
    def of(cls, document: Document) -> Self:
        """Return the summary of a document."""
        return cls(
            title=document.title,
            language=document.language,
            page_kind=document.page_kind,
            is_pdf=document.is_pdf,
            pages=len(document.pages),
            pages_without_text=document.pages_without_text(),
            ocr_pages=tuple(page.number for page in document.pages if page.ocr),
            running_lines=document.running_lines,
            garbled=document.garbled,
        )
