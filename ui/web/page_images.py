"""Drawn pages: those of a PDF, with the boxes of a cited range on them."""

import logging
import threading
from dataclasses import dataclass
from functools import lru_cache

from assistant import Assistant
from corpus import Document, Page, QuipuError
from corpus.pdf_pages import Box, PdfPages

WIDTHS = (800, 1200, 1800)
"""Pixels that the picture of a page may be wide."""

_log = logging.getLogger(__name__)

_OPEN = 4  # PDFs that are kept open
_PICTURES = 16  # pictures that are kept: a page of text takes about 0.1 MB, a photograph up to 4
_DRAWING = 2  # pictures that are drawn at a time: one takes up to 100 MB while it is
_BOXED = 5000  # characters of a cited range that get boxes: far more than a sentence has, and drawn in a moment


@dataclass(frozen=True, slots=True)
class PageImage:
    """A drawn page: its height as a share of its width, and the boxes of the cited range on it."""

    page: Page
    height: float
    boxes: tuple[Box, ...]


class PageImages:
    """Draws the pages of an assistant's documents; which of them a reader may see is for the caller to ask first."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._index = assistant.index()
        self._drawing = threading.Semaphore(_DRAWING)
        self._opened = lru_cache(maxsize=_OPEN)(self._open)
        self._drawn = lru_cache(maxsize=_PICTURES)(self._draw)

    def picture(self, document_id: str, number: int, width: int) -> bytes:
        """The PNG of a page, by its physical number from 1, so many pixels wide. Raises QuipuError if it can't be drawn."""
        self._forget_removed()
        return self._drawn(document_id, number, width)

    def sheets(self, document: Document, cited: tuple[int, int] | None) -> list[PageImage]:
        """All pages of a document with the boxes of the cited range; none if it isn't a PDF, or its original is gone
        or can't be drawn: then its text is what there is to show.
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
        return PdfPages(self._assistant.index().original(document_id))

    def _draw(self, document_id: str, number: int, width: int) -> bytes:
        with self._drawing:
            return self._opened(document_id).image(number, width)

    def _forget_removed(self) -> None:
        """Keep nothing of documents that may have been removed: the library changed."""
        index = self._assistant.index()
        if index is not self._index:
            self._opened.cache_clear()
            self._drawn.cache_clear()
            self._index = index
