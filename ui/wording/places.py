"""Where a quote stands, in a reader's words: the document, the headings, the page, slide or row."""

from assistant import Citation
from corpus import Document, Page
from ui.wording.words import Language, say


def place(citation: Citation, language: Language) -> str:
    """Where a citation stands: its document's title, its headings, and its page."""
    return " · ".join(part for part in (citation.title, within(citation, language)) if part)


def within(citation: Citation, language: Language) -> str:
    """Where a citation stands in its document: its headings and its page, and whether OCR read it; "" in a text without any."""
    read = say("by_ocr", language) if citation.ocr else ""
    named = citation.page_label if citation.page_kind == "sheet" else None
    headings = " › ".join(heading for heading in citation.heading_path if heading != named)
    return " · ".join(part for part in (headings, label(citation, language), read) if part)


def label(citation: Citation, language: Language) -> str:
    """The citation's `label` in a language: "p. 14 · PDF 26", "diapositiva 5", "Budget, row 12"."""
    return citation.labelled(*(say(key, language) for key in ("at_page", "at_slide", "at_row")))


def page_name(document: Document, page: Page, language: Language) -> str:
    """What a page is called above its text or picture, and what is to be known of it: "Page 14 · PDF 26". A sheet is
    called by its name, and "" where it has none.
    """
    number, printed = str(page.number), page.label or str(page.number)
    if document.page_kind == "sheet":
        return page.label or ""
    said = [say(document.page_kind, language, label=printed)]
    if document.is_pdf and printed != number:
        said.append(f"PDF {number}")
    if page.ocr:
        said.append(say("by_ocr", language))
    empty = f" ({say('page_without_text', language)})" if page.start == page.end else ""
    return " · ".join(said) + empty
