"""Answers and documents as JSON: the same objects from `quipu ask --json`, from the API and from the tools."""

from assistant import Answer, Assistant, Citation
from corpus import ReadSummary
from ui.api import schema
from ui.wording import Language, as_language, explain, label, suggest


def payload(answer: Answer, milliseconds: float, feedback: str | None = None, root: str = "") -> schema.Answer:
    """The answer as plain values. `milliseconds` is how long it took, as its caller measured, `feedback` the id to judge it by, and
    `root` the prefix of all links.
    """
    language = as_language(answer.language)
    return {
        "question": answer.question,
        "searched": answer.searched,
        "language": answer.language,
        "status": answer.status,
        "reason": str(answer.reason) if answer.reason else None,
        "explanation": explain(answer.reason, language, answer.unanswered) if answer.reason else None,
        "unanswered": answer.unanswered,
        "confidence": answer.confidence,
        "text": answer.text,
        "sentences": [
            {
                "text": sentence.text,
                "citations": list(sentence.citations),
                "answer_span": list(sentence.answer_span) if sentence.answer_span else None,
            }
            for sentence in answer.sentences
        ],
        "citations": [citation_payload(citation, language, root) for citation in answer.citations],
        "nearest": [citation_payload(citation, language, root) for citation in answer.nearest],
        "suggestions": suggest(answer.suggestions, language),
        "generation": answer.generation,
        "milliseconds": round(milliseconds, 1),
        "feedback": feedback,
    }


def citation_payload(citation: Citation, language: Language, root: str = "") -> schema.Citation:
    """A citation as plain values, its place in this language. `root` is the prefix of its link."""
    return {
        "number": citation.number,
        "document_id": citation.document_id,
        "title": citation.title,
        "source": citation.source,
        "quote": citation.quote,
        "text": citation.text,
        "start": citation.start,
        "end": citation.end,
        "page": citation.page,
        "page_label": citation.page_label,
        "page_kind": citation.page_kind,
        "row": citation.row,
        "label": label(citation, language),
        "ocr": citation.ocr,
        "cells": [{"name": name, "text": text} for name, text in citation.cells],
        "heading_path": list(citation.heading_path),
        "link": root + citation.link,
    }


def document_payloads(assistant: Assistant, root: str = "") -> list[schema.Document]:
    """The documents that can be asked as plain values, in the order they were added. `root` is the prefix of their links.

    Raises LibraryError if the library can't be opened.
    """
    index = assistant.index()
    return [
        {
            "id": entry.id,
            "title": document.title,
            "source": entry.name,
            "media_type": document.media_type,
            "language": document.language,
            "pages": len(document.pages),
            "page_kind": document.page_kind,
            "pages_without_text": list(document.pages_without_text()),
            "ocr_pages": list(ReadSummary.of(document).ocr_pages),
            "running_lines": document.running_lines,
            "garbled": round(document.garbled, 4),
            "passages": index.size([entry.id]),
            "added": entry.added,
            "link": f"{root}/documents/{entry.id}",
        }
        for entry, document in index.documents(index.entries())
    ]
