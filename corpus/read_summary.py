"""What was read of a file, in short."""

from dataclasses import dataclass
from typing import Self

from corpus.document import Document
from corpus.structure import PageKind


@dataclass(frozen=True, slots=True)
class ReadSummary:
    """What whoever adds a file should know of how it was read. Pages are named by their physical numbers.

    `pages` is 0 for a format without any; `running_lines` counts headers and footers that were left out; `garbled` is the share of
    the characters that stand for nothing.
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
        """The summary of a document."""
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
