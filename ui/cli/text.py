"""Answers and documents as text for the terminal."""

from assistant import Answer, Citation
from corpus import ReadSummary, shown_name
from index import AddResult, StoredDocument
from ui.wording import (
    Language,
    as_language,
    explain,
    language_name,
    nearest_line,
    notes_on,
    pages_counted,
    pages_listed,
    place,
    say,
    sentences_on,
    suggest,
)


def answer_text(answer: Answer) -> str:
    """Return an answer as text: its sentences and sources, or why there is no answer and what comes nearest."""
    language = as_language(answer.language)
    lines = []
    if answer.searched != " ".join(answer.question.split()):
        lines += [say("answer_searched", language, query=answer.searched), ""]
    for sentence in answer.sentences:
        lines.append(" ".join([sentence.text, *(f"[{number}]" for number in sentence.citations)]))
    if answer.reason is not None:
        lines.append(explain(answer.reason, language, answer.unanswered))
    if answer.citations:
        lines += ["", f"{say('answer_sources', language)}:"]
        lines += [f"[{citation.number}] {_reference(citation, language)}" for citation in answer.citations]
    if answer.nearest:
        where = place if answer.status == "not_in_documents" else _reference
        lines += ["", nearest_line(answer.status, language)]
        lines += [f"- “{citation.text}” {where(citation, language)}" for citation in answer.nearest]
    elif answer.suggestions:
        lines += ["", say("answer_you_could_ask", language)]
        lines += [f"- {question}" for question in suggest(answer.suggestions, language)]
    return "\n".join(lines)


def _reference(citation: Citation, language: Language) -> str:
    return f"{place(citation, language)} ({citation.source}, {citation.start}-{citation.end})"


def added_lines(added: AddResult) -> str:
    """Return the outcome of adding one file: what was read, and below that anything worth knowing about how it was read."""
    if added.error is not None:
        return f"quipu: {added.error}" if added.failed else added.error
    if added.removed is not None:
        return f"{added.name} was removed: {shown_name(added.path.name)} no longer contains it."
    read = added.summary
    parts = [pages_counted(read, "en"), count(added.passages, "passage"), language_name(read.language, "en")]
    said = f"{', '.join(filter(None, parts))}. “{read.title}”"
    said = f"already in the library as {added.known.name}" if added.known else said
    line = f"{added.name}: {said}."
    if added.replaces is not None:
        line += f" It replaces what was added on {added.replaces.added[:10]}."
    notes = [] if added.known else sentences_on(read, "en")
    return "\n    ".join([line, " ".join(notes)] if notes else [line])


def document_row(kept: StoredDocument) -> tuple[str, ...]:
    """Return the row of a document in the table of `quipu documents`."""
    document, entry = kept.document, kept.entry
    known = entry.added[:10], ", ".join(entry.groups) or "everyone", entry.id
    if document is None:
        return entry.name, kept.problem, "", "", "", *known
    read = ReadSummary.of(document)
    return entry.name, read.title, pages_listed(read, "en"), read.language, "; ".join(notes_on(read, "en")), *known


def count(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> count(1, "page"), count(2, "page")
    ('1 page', '2 pages')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
