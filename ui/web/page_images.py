"""The pages of PDFs as images, with boxes around a cited range."""

import logging
import threading
from dataclasses import dataclass
from functools import lru_cache

from assistant import Assistant
from corpus import Document, Page, QuipuError
from corpus.pdf_pages import Box, PdfPages

WIDTHS = (800, 1200, 1800)
"""The widths, in pixels, in which a page can be had."""

_log = logging.getLogger(__name__)

_OPEN = 4  # PDFs kept open
_PICTURES = 16  # PNGs kept in memory: a page of text takes about 0.1 MB, a photograph up to 4 MB
_DRAWING = 2  # pages drawn at a time: each takes up to 100 MB meanwhile
_BOXED = 5000  # characters of a cited range that get boxes: far more than a sentence has, and drawn at once


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page to be shown as an image: its height as a share of its width, and the boxes of the cited range on it."""

    page: Page
    height: float
    boxes: tuple[Box, ...]


class PageImages:
    """Draws the pages of an assistant's documents. The caller checks first that the visitor may see the document."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._state = assistant.scope().state
        self._drawing = threading.Semaphore(_DRAWING)
        self._opened = lru_cache(maxsize=_OPEN)(self._open)
        self._drawn = lru_cache(maxsize=_PICTURES)(self._draw)

    def picture(self, document_id: str, number: int, width: int) -> bytes:
        """Return the PNG of a page, by its physical number from 1, `width` pixels wide. Raises QuipuError if it can't be drawn."""
        self._forget_removed()
        return self._drawn(document_id, number, width)

    def of_document(self, document: Document, cited: tuple[int, int] | None) -> list[PageImage]:
        """Return all pages of a document, with the boxes of the cited range.

        Returns none, so that the page shows the text, if the document isn't a PDF or its original is missing or can't be drawn.
        """
        if not document.is_pdf:
            return []
        self._forget_removed()
        try:
            pages = self._opened(document.id)
            boxes = pages.boxes(document, cited[0], min(cited[1], cited[0] + _BOXED)) if cited else []
        except QuipuError as error:
            _log.warning("The pages of %s can't be drawn: %s", document.source, error)
            return []
        return [
            PageImage(page, height / width, tuple(box for box in boxes if box.page == page.number))
            for page, (width, height) in zip(document.pages, pages.sizes, strict=True)
        ]

    def _open(self, document_id: str) -> PdfPages:
        return PdfPages(self._assistant.scope().original(document_id))

    def _draw(self, document_id: str, number: int, width: int) -> bytes:
        with self._drawing:
            return self._opened(document_id).image(number, width)

    def _forget_removed(self) -> None:
        """Drop all that is cached if the library has changed, since documents may have been removed."""
        state = self._assistant.scope().state
        if state != self._state:
            self._opened.cache_clear()
            self._drawn.cache_clear()
            self._state = state
