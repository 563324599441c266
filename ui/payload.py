"""An answer as JSON: the same object from `quipu ask --json` and from `POST /api/ask`."""

from typing import Any

from assistant import Answer, Citation
from ui.wording import as_language, suggest


def payload(answer: Answer, milliseconds: float, feedback: str | None = None) -> dict[str, Any]:
    """The answer as plain values. `milliseconds` is how long it took, as its caller measured, `feedback` the id to judge it by."""
    return {
        "question": answer.question,
        "searched": answer.searched,
        "language": answer.language,
        "status": answer.status,
        "reason": str(answer.reason) if answer.reason else None,
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
        "citations": [citation_payload(citation) for citation in answer.citations],
        "nearest": [citation_payload(citation) for citation in answer.nearest],
        "suggestions": suggest(answer.suggestions, as_language(answer.language)),
        "generation": answer.generation,
        "milliseconds": round(milliseconds, 1),
        "feedback": feedback,
    }


def citation_payload(citation: Citation) -> dict[str, Any]:
    """A citation as plain values."""
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
        "heading_path": list(citation.heading_path),
        "link": citation.link,
    }
