"""Drawn pages: those of a PDF, with the boxes of a cited range on them."""

import logging
from dataclasses import dataclass
from functools import lru_cache

from assistant import Assistant
from corpus import Document, Page, QuipuError
from corpus.pdf_pages import Box, PdfPages

WIDTHS = (800, 1200, 1800)
"""Pixels that the picture of a page may be wide."""

_log = logging.getLogger(__name__)

_OPEN = 4  # PDFs that are kept open
_PICTURES = 64  # pictures that are kept, of about 120 kB each


@dataclass(frozen=True, slots=True)
class Sheet:
    """A drawn page: its height as a share of its width, and the boxes of the cited range on it."""

    page: Page
    height: float
    boxes: tuple[Box, ...]


class Drawings:
    """Draws the pages of an assistant's documents; which of them a reader may see is for the caller to ask first."""

    def __init__(self, assistant: Assistant) -> None:
        def opened(document_id: str) -> PdfPages:
            return PdfPages(assistant.index().original(document_id))

        def picture(document_id: str, number: int, width: int) -> bytes:
            return self._opened(document_id).image(number, width)

        self._opened = lru_cache(maxsize=_OPEN)(opened)
        self.picture = lru_cache(maxsize=_PICTURES)(picture)
        """The PNG of a page, by the document's id, the page's physical number and the width in pixels."""

    def sheets(self, document: Document, cited: tuple[int, int] | None) -> list[Sheet]:
        """All pages of a document with the boxes of the cited range; none if it isn't a PDF, or its original is gone
        or can't be drawn: then its text is what there is to show.
        """
        if not document.runs:
            return []
        try:
            pages = self._opened(document.id)
            boxes = pages.boxes(document, *cited) if cited else []
        except QuipuError as error:
            _log.warning("The pages of %s can't be drawn: %s", document.source, error)
            return []
        return [
            Sheet(page, height / width, tuple(box for box in boxes if box.page == page.number))
            for page, (width, height) in zip(document.pages, pages.sizes, strict=True)
        ]
