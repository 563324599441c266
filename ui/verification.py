"""Checks the quotes of an answer that was kept as JSON against the originals, as `quipu verify` and the API do."""

import json
from dataclasses import dataclass

from corpus import Document, QuestionError, QuipuError
from index import Home, Library, reread


@dataclass(frozen=True, slots=True)
class VerifiedQuote:
    """What became of checking one citation; `problem` is a sentence, or "" if the quote is in the original as it says."""

    number: int
    source: str
    text: str
    problem: str


def verify_answer(home: Home, answer: str, name: str) -> list[VerifiedQuote]:
    """Re-reads the original of every citation in an answer, as `payload` made it, and compares the quoted range.

    Raises QuestionError if `answer`, which came from the file `name`, is no such JSON.
    """
    entries = {entry.id: entry for entry in Library(home).active()}
    originals: dict[str, Document] = {}
    results = []
    try:
        citations = json.loads(answer)["citations"]
        for citation in citations:
            number, quote, text = int(citation["number"]), str(citation["quote"]), str(citation["text"])
            start, end, document_id = int(citation["start"]), int(citation["end"]), str(citation["document_id"])
            source, problem = str(citation["source"]), ""
            try:
                if document_id not in entries:
                    problem = f"[{number}] quotes {source}, which is not in the library."
                else:
                    source = entries[document_id].name
                    if document_id not in originals:
                        originals[document_id] = reread(home, entries[document_id])
                    original = originals[document_id]
                    if not quote or original.text[start:end] != quote or original.shown(start, end) != text:
                        problem = f"[{number}] is not what {source} has at {start}-{end}."
            except QuipuError as error:
                problem = str(error)
            results.append(VerifiedQuote(number, source, text, problem))
    except (ValueError, KeyError, TypeError) as error:
        raise QuestionError(f"{name} is not an answer from `quipu ask --json`: {type(error).__name__} {error}.") from None
    return results
