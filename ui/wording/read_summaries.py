"""What was read of files, in words."""

from corpus import ReadSummary
from ui.wording.words import Language, say

_GARBLED = 0.01
"""The share of characters that stand for nothing from which it is said: a few are in many a PDF, for arrows and the like."""


def sentences_on(summary: ReadSummary, language: Language) -> list[str]:
    """What whoever adds a file should know of how it was read, in a sentence each."""
    said = []
    if summary.garbled >= _GARBLED:
        said.append(say("lib_done_garbled", language, percent=_percent(summary)))
    if summary.ocr_pages:
        said.append(say("lib_done_ocr", language, pages=pages_named(summary.ocr_pages, summary, language)))
    if summary.pages_without_text:
        key = "lib_done_blank" if summary.ocr_pages or not summary.is_pdf else "lib_done_no_text"
        said.append(say(key, language, pages=pages_named(summary.pages_without_text, summary, language)))
    if summary.running_lines:
        said.append(say("lib_done_running", language, count=f"{summary.running_lines:,}"))
    return said


def notes_on(summary: ReadSummary, language: Language) -> list[str]:
    """The same for a list of documents, in a few words each."""
    said = []
    if summary.garbled >= _GARBLED:
        said.append(say("lib_garbled", language, percent=_percent(summary)))
    if summary.ocr_pages:
        said.append(say("lib_ocr", language, pages=pages_named(summary.ocr_pages, summary, language)))
    if summary.pages_without_text:
        said.append(say("lib_no_text", language, pages=pages_named(summary.pages_without_text, summary, language)))
    if summary.running_lines:
        said.append(say("lib_running", language, count=f"{summary.running_lines:,}"))
    return said


def pages_counted(summary: ReadSummary, language: Language) -> str:
    """How many pages, slides or sheets were read; "" if there is none.

    >>> pages_counted(Summary(pages=1, page_kind="sheet"), "en"), pages_counted(Summary(pages=2, page_kind="sheet"), "es")
    ('1 sheet', '2 hojas')
    """
    many = "" if summary.pages == 1 else "s"
    return say(f"of_{summary.page_kind}{many}", language, count=f"{summary.pages:,}") if summary.pages else ""


def pages_listed(summary: ReadSummary, language: Language) -> str:
    """The same for a column of pages, where their number alone is enough."""
    return f"{summary.pages:,}" if summary.pages and summary.page_kind == "page" else pages_counted(summary, language)


def pages_named(pages: tuple[int, ...], summary: ReadSummary, language: Language) -> str:
    """Pages by their physical numbers, ascending.

    >>> pages_named((2, 5, 6, 7), Summary(is_pdf=True), "en"), pages_named((2,), Summary(page_kind="slide"), "es")
    ('PDF pages 2, 5-7', 'la diapositiva 2')
    """
    kind = "pdf_page" if summary.is_pdf else summary.page_kind
    return say(f"some_{kind}{'s' if len(pages) > 1 else ''}", language, pages=page_runs(pages))


def page_runs(pages: tuple[int, ...]) -> str:
    """Numbers, ascending, with runs drawn together.

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
