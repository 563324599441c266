"""Checks the quotes of an answer that was kept as JSON against the originals, as `quipu verify` and the API do."""

from dataclasses import dataclass

from pydantic import BaseModel, NonNegativeInt, ValidationError

from assistant import Citation
from corpus import Document, QuestionError, QuipuError, shown_name
from index import Entry, Home, Library, reread
from ui.payload import citation_payload


@dataclass(frozen=True, slots=True)
class VerifiedQuote:
    """What became of checking one citation; `problem` is a sentence, or "" if the quote is in the original as it says."""

    number: int
    source: str
    text: str
    problem: str


class _Citation(BaseModel, extra="allow"):
    number: int
    document_id: str
    source: str
    quote: str
    text: str
    start: NonNegativeInt
    end: NonNegativeInt


class _Sentence(BaseModel):
    text: str


class _Answer(BaseModel):
    text: str = ""
    sentences: list[_Sentence] = []
    citations: list[_Citation]


def verify_answer(home: Home, answer: bytes, name: str) -> list[VerifiedQuote]:
    """Re-reads the original of every citation in an answer, as `payload` made it, and compares the quoted range and all that is
    said of it: title, page, headings, link. If the answer's text isn't what it cites, a last item says so.

    Raises QuestionError if `answer`, which came from the file `name`, is no such JSON.
    """
    try:
        given = _Answer.model_validate_json(answer)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its text"
        raise QuestionError(f"{name} is not an answer from `quipu ask --json`: {where}: {first['msg']}.") from None
    entries = {entry.id: entry for entry in Library(home).active()}
    originals: dict[str, Document] = {}
    verified = [_verified(citation, home, entries.get(citation.document_id), originals) for citation in given.citations]
    said = [sentence.text for sentence in given.sentences]
    if not set(said) <= {citation.text for citation in given.citations} or given.text not in ("", " ".join(said)):
        verified.append(VerifiedQuote(0, name, given.text, f"The answer in {name} says more than it cites."))
    return verified


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
        elif changed := _changed(citation, document):
            problem = f"[{number}] stands in {entry.name}, but its {' and '.join(changed)} is not what the document has."
    except QuipuError as error:
        problem = str(error)
    return VerifiedQuote(number, entry.name, citation.text, problem)


def _changed(citation: _Citation, document: Document) -> list[str]:
    """The parts of a citation that are otherwise in the document."""
    now = citation_payload(Citation.of(citation.number, document, citation.start, citation.end))
    given = citation.model_dump()
    return [name for name in now if name in given and given[name] != now[name]]
