"""Answers, citations and documents as JSON values: the same objects from `quipu ask --json`, the API and the MCP tools."""

from typing import Any, cast, get_type_hints

from assistant import Answer, Assistant, Citation
from corpus import ReadSummary
from ui.api import schema
from ui.wording import Language, as_language, explain, label, suggest

_CITATION_FIELDS = tuple(get_type_hints(schema.Citation))


def payload(answer: Answer, milliseconds: float, feedback: str | None = None, root: str = "") -> schema.Answer:
    """Return an answer as JSON values.

    `milliseconds` is the time that it took, as the caller measured it; `feedback` the id by which it can be judged; `root` the
    prefix of all links.
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
    """Return a citation as JSON values: the attributes that `schema.Citation` names, with its label in `language`.

    `root` is the prefix of its link. This is the only place that turns a citation into JSON.
    """
    values: dict[str, Any] = {name: getattr(citation, name) for name in _CITATION_FIELDS}
    values["label"] = label(citation, language)
    values["cells"] = [{"name": name, "text": text} for name, text in citation.cells]
    values["heading_path"] = list(citation.heading_path)
    values["link"] = root + citation.link
    return cast("schema.Citation", values)


def document_payloads(assistant: Assistant, root: str = "") -> list[schema.Document]:
    """Return the documents that can be asked as JSON values, in the order they were added. `root` is the prefix of their links.

    Raises LibraryError if the library can't be opened.
    """
    scope = assistant.scope()
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
            "passages": scope.passages_of(entry.id),
            "added": entry.added,
            "link": f"{root}/documents/{entry.id}",
        }
        for entry, document in scope.documents()
    ]
