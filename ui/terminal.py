"""Answers and documents as lines of text."""

from assistant import Answer
from corpus import shown_name
from index import Added, Stored
from ui.wording import as_language, explain, place, say, suggest


def answer_text(answer: Answer) -> str:
    """An answer: its sentences and where they stand, or why there is none and what comes nearest."""
    language = as_language(answer.language)
    lines = []
    if answer.searched != " ".join(answer.question.split()):
        lines += [say("searched", language, query=answer.searched), ""]
    for sentence in answer.sentences:
        lines.append(" ".join([sentence.text, *(f"[{number}]" for number in sentence.citations)]))
    if answer.reason is not None:
        lines.append(explain(answer.reason, language, answer.unanswered))
    if answer.citations:
        lines += ["", f"{say('sources', language)}:"]
        lines += [
            f"[{citation.number}] {place(citation)} ({citation.source}, {citation.start}-{citation.end})"
            for citation in answer.citations
        ]
    if answer.nearest:
        lines += ["", say("nearest", language)]
        lines += [f"- “{citation.text}” {place(citation)}" for citation in answer.nearest]
    elif answer.suggestions:
        lines += ["", say("you_could_ask", language)]
        lines += [f"- {question}" for question in suggest(answer.suggestions, language)]
    return "\n".join(lines)


def added_line(added: Added) -> str:
    """What was read of one file that was added."""
    parts = [count(added.pages, "page")] if added.pages else []
    parts.append(count(added.passages, "passage"))
    said = f"already in the library as {added.known.name}" if added.known else f"{', '.join(parts)}. “{added.title}”"
    line = f"{shown_name(added.path.name)}: {said}."
    if added.pages_without_text and not added.known:
        line += f" No text on {page_numbers(added.pages_without_text)}: scanned or blank; a scanned page needs OCR."
    if added.replaces is not None:
        line += f" It replaces what was added on {added.replaces.added[:10]}."
    return line


def document_row(kept: Stored) -> tuple[str, ...]:
    """One document for the table of `quipu documents`."""
    document, entry = kept.document, kept.entry
    known = entry.added[:10], ", ".join(entry.groups) or "everyone", entry.id
    if document is None:
        return entry.name, kept.problem, "", "", "", *known
    empty = page_numbers(document.pages_without_text()) if document.pages_without_text() else ""
    return entry.name, document.title, str(len(document.pages) or ""), empty, document.language, *known


def page_numbers(pages: tuple[int, ...]) -> str:
    """Physical page numbers, ascending, with runs drawn together.

    >>> page_numbers((2, 5, 6, 7))
    'PDF pages 2, 5-7'
    """
    return f"PDF page{'s' if len(pages) > 1 else ''} {page_runs(pages)}"


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


def count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "page"), count(2, "page")
    ('1 page', '2 pages')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
