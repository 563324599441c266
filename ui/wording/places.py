"""Where a quote stands, in a reader's words: the document, the headings, and the page, slide or row."""

from assistant import Citation
from corpus import Document, Page, PageKind
from ui.wording.words import Language, say

_PAGE_NAMES: dict[PageKind, str] = {"page": "place_page_name", "slide": "place_slide_name"}


def place(citation: Citation, language: Language) -> str:
    """Return where a citation stands: the title of its document, its headings and its page."""
    return " · ".join(part for part in (citation.title, within(citation, language)) if part)


def within(citation: Citation, language: Language) -> str:
    """Return where a citation stands in its document: its headings, its page, and whether OCR read it; "" without any of these."""
    ocr = say("place_by_ocr", language) if citation.ocr else ""
    sheet = citation.page_label if citation.page_kind == "sheet" else None  # its label names it already
    headings = " › ".join(heading for heading in citation.heading_path if heading != sheet)
    return " · ".join(part for part in (headings, label(citation, language), ocr) if part)


def label(citation: Citation, language: Language) -> str:
    """Return the citation's `label` in a language: "p. 14 · PDF 26", "diapositiva 5", "Budget, row 12"."""
    return citation.labelled(
        page=say("place_page", language, number="{}"),
        slide=say("place_slide", language, number="{}"),
        row=say("place_row", language, number="{}"),
    )


def page_name(document: Document, page: Page, language: Language) -> str:
    """Return the caption of a page's text or picture: "Page 14 · PDF 26", with a note if OCR read it or if it has no text.

    A sheet's caption is its own name, or "" if it has none.
    """
    if document.page_kind == "sheet":
        return page.label or ""
    number = str(page.number)
    printed = page.label or number
    parts = [say(_PAGE_NAMES[document.page_kind], language, label=printed)]
    if document.is_pdf and printed != number:
        parts.append(f"PDF {number}")
    if page.ocr:
        parts.append(say("place_by_ocr", language))
    empty = f" ({say('place_no_text', language)})" if page.start == page.end else ""
    return " · ".join(parts) + empty
