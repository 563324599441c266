"""What was read of a file, in words."""

from corpus import PageKind, ReadSummary
from ui.wording.words import Language, say

_GARBLED = 0.01
"""The share of meaningless characters from which a document is called garbled: many a PDF has a few, for arrows and the like."""

_ONE: dict[PageKind, str] = {"page": "count_page", "slide": "count_slide", "sheet": "count_sheet"}
_MANY: dict[PageKind, str] = {"page": "count_pages", "slide": "count_slides", "sheet": "count_sheets"}
_ONE_NAMED: dict[PageKind, str] = {"page": "named_page", "slide": "named_slide", "sheet": "named_sheet"}
_MANY_NAMED: dict[PageKind, str] = {"page": "named_pages", "slide": "named_slides", "sheet": "named_sheets"}


def sentences_on(summary: ReadSummary, language: Language) -> list[str]:
    """Return what somebody who adds a file should know about how it was read, a sentence each."""
    sentences = []
    if summary.garbled >= _GARBLED:
        sentences.append(say("read_garbled", language, percent=_percent(summary)))
    if summary.ocr_pages:
        sentences.append(say("read_ocr", language, pages=pages_named(summary.ocr_pages, summary, language)))
    if summary.pages_without_text:
        pages = pages_named(summary.pages_without_text, summary, language)
        without_ocr = summary.is_pdf and not summary.ocr_pages
        sentences.append(say("read_no_text" if without_ocr else "read_blank", language, pages=pages))
    if summary.running_lines:
        sentences.append(say("read_running_lines", language, count=f"{summary.running_lines:,}"))
    return sentences


def notes_on(summary: ReadSummary, language: Language) -> list[str]:
    """Return the same as `sentences_on` in a few words each, for a list of documents."""
    notes = []
    if summary.garbled >= _GARBLED:
        notes.append(say("read_note_garbled", language, percent=_percent(summary)))
    if summary.ocr_pages:
        notes.append(say("read_note_ocr", language, pages=pages_named(summary.ocr_pages, summary, language)))
    if summary.pages_without_text:
        notes.append(say("read_note_no_text", language, pages=pages_named(summary.pages_without_text, summary, language)))
    if summary.running_lines:
        notes.append(say("read_note_running_lines", language, count=f"{summary.running_lines:,}"))
    return notes


def pages_counted(summary: ReadSummary, language: Language) -> str:
    """Return how many pages, slides or sheets were read; "" if there are none.

    >>> pages_counted(ReadSummary(pages=1, page_kind="sheet"), "en"), pages_counted(ReadSummary(pages=2, page_kind="sheet"), "es")
    ('1 sheet', '2 hojas')
    """
    if not summary.pages:
        return ""
    key = (_ONE if summary.pages == 1 else _MANY)[summary.page_kind]
    return say(key, language, count=f"{summary.pages:,}")


def pages_listed(summary: ReadSummary, language: Language) -> str:
    """Return the same as `pages_counted` for a column headed "Pages", where the number of pages needs no noun."""
    return f"{summary.pages:,}" if summary.pages and summary.page_kind == "page" else pages_counted(summary, language)


def pages_named(pages: tuple[int, ...], summary: ReadSummary, language: Language) -> str:
    """Return the names of pages, given by their physical numbers in ascending order.

    >>> pages_named((2, 5, 6, 7), ReadSummary(is_pdf=True), "en"), pages_named((2,), ReadSummary(page_kind="slide"), "es")
    ('PDF pages 2, 5-7', 'la diapositiva 2')
    """
    if summary.is_pdf:
        key = "named_pdf_page" if len(pages) == 1 else "named_pdf_pages"
    else:
        key = (_ONE_NAMED if len(pages) == 1 else _MANY_NAMED)[summary.page_kind]
    return say(key, language, pages=page_runs(pages))


def page_runs(pages: tuple[int, ...]) -> str:
    """Return ascending numbers as text, with consecutive ones joined into ranges.

    >>> page_runs((2, 5, 6, 7))
    '2, 5-7'
    """
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _percent(summary: ReadSummary) -> str:
    return f"{100 * summary.garbled:.0f}"
