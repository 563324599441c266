"""Checks the quotes of an answer that was kept as JSON against the originals, as `quipu verify` and the API do."""

from dataclasses import dataclass

from pydantic import BaseModel, NonNegativeInt, ValidationError

from corpus import Document, QuestionError, QuipuError, shown_name
from index import Entry, Home, Library, reread


@dataclass(frozen=True, slots=True)
class VerifiedQuote:
    """What became of checking one citation; `problem` is a sentence, or "" if the quote is in the original as it says."""

    number: int
    source: str
    text: str
    problem: str


class _Citation(BaseModel):
    number: int
    document_id: str
    source: str
    quote: str
    text: str
    start: NonNegativeInt
    end: NonNegativeInt


class _Answer(BaseModel):
    citations: list[_Citation]


def verify_answer(home: Home, answer: bytes, name: str) -> list[VerifiedQuote]:
    """Re-reads the original of every citation in an answer, as `payload` made it, and compares the quoted range.

    Raises QuestionError if `answer`, which came from the file `name`, is no such JSON.
    """
    try:
        citations = _Answer.model_validate_json(answer).citations
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its text"
        raise QuestionError(f"{name} is not an answer from `quipu ask --json`: {where}: {first['msg']}.") from None
    entries = {entry.id: entry for entry in Library(home).active()}
    originals: dict[str, Document] = {}
    return [_verified(citation, home, entries.get(citation.document_id), originals) for citation in citations]


def _verified(citation: _Citation, home: Home, entry: Entry | None, originals: dict[str, Document]) -> VerifiedQuote:
    """One checked citation. `originals` are the documents that were read again already; it is added to."""
    number, start, end = citation.number, citation.start, citation.end
    source, problem = shown_name(citation.source), ""
    if entry is None:
        return VerifiedQuote(number, source, citation.text, f"[{number}] quotes {source}, which is not in the library.")
    try:
        document = originals[entry.id] = originals.get(entry.id) or reread(home, entry)
        if not citation.quote or document.text[start:end] != citation.quote or document.shown(start, end) != citation.text:
            problem = f"[{number}] is not what {entry.name} has at {start}-{end}."
    except QuipuError as error:
        problem = str(error)
    return VerifiedQuote(number, entry.name, citation.text, problem)
