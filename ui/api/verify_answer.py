"""Checks the quotes of an answer that was kept as JSON against the originals, as `quipu verify` and the API do."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from assistant import Citation, QuestionError
from corpus import Document, QuipuError, shown_name
from index import Entry
from ui.api.answer_json import citation_payload
from ui.wording import Language, label

Reread = Callable[[Entry], Document]


@dataclass(frozen=True, slots=True)
class VerifiedQuote:
    """What became of checking one citation; `problem` is a sentence, or "" if the quote is in the original as it says."""

    number: int
    source: str
    text: str
    problem: str


_MOST_CITATIONS = 200


class GivenCitation(BaseModel):
    """A citation, as an answer has it; what else it says is checked, too."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    number: NonNegativeInt
    """Its number."""
    document_id: str
    """The document's id."""
    source: str
    """The name of the document's file."""
    quote: str
    """The text, exactly as the document has it."""
    text: str
    """The quote as it is shown."""
    start: NonNegativeInt
    """Where the quote begins in the document's text, in characters."""
    end: NonNegativeInt
    """Where it ends: the character after the last."""


class GivenSentence(BaseModel):
    """A sentence, as an answer has it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    text: str
    """The sentence."""


class GivenAnswer(BaseModel):
    """An answer, or so it says: the object that `/api/ask` and `quipu ask --json` give."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    text: str = ""
    """Its sentences as one text."""
    sentences: list[GivenSentence] = []
    """Its sentences."""
    citations: Annotated[list[GivenCitation], Field(max_length=_MOST_CITATIONS)]
    """Its citations."""


def read_answer(data: bytes, name: str) -> GivenAnswer:
    """The answer in a file called `name`. Raises QuestionError if it is none."""
    try:
        return GivenAnswer.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its text"
        raise QuestionError(f"{name} is not an answer from `quipu ask --json`: {where}: {first['msg']}.") from None


def verify_answer(given: GivenAnswer, name: str, entries: Iterable[Entry], reread: Reread) -> list[VerifiedQuote]:
    """Re-reads the original of every citation in an answer, and compares the quoted range and all that is said of it: title, page,
    headings, link. If the answer's text isn't what it cites, a last item says so; there the answer is called `name`.

    `entries` are the documents that there are, and `reread` reads one of them anew, or raises QuipuError.
    """
    known = {entry.id: entry for entry in entries}
    read_once = cache(reread)
    verified = [_verified(citation, known.get(citation.document_id), read_once) for citation in given.citations]
    said = [sentence.text for sentence in given.sentences]
    if not set(said) <= {citation.text for citation in given.citations} or given.text not in ("", " ".join(said)):
        verified.append(VerifiedQuote(0, name, given.text, f"The answer in {name} says more than it cites."))
    return verified


def _verified(citation: GivenCitation, entry: Entry | None, reread: Reread) -> VerifiedQuote:
    number, start, end = citation.number, citation.start, citation.end
    source, problem = shown_name(citation.source), ""
    if entry is None:
        return VerifiedQuote(number, source, citation.text, f"[{number}] quotes {source}, which is not in the library.")
    try:
        document = reread(entry)
        if not citation.quote or document.text[start:end] != citation.quote or document.shown(start, end) != citation.text:
            problem = f"[{number}] is not what {entry.name} has at {start}-{end}."
        elif changed := _changed(citation, document):
            problem = f"[{number}] stands in {entry.name}, but its {' and '.join(changed)} is not what the document has."
    except QuipuError as error:
        problem = str(error)
    return VerifiedQuote(number, entry.name, citation.text, problem)


def _changed(citation: GivenCitation, document: Document) -> list[str]:
    """The parts of a citation that are otherwise in the document. Its place may be in any language."""
    place = Citation.of(citation.number, document, citation.start, citation.end)
    now: Mapping[str, object] = citation_payload(place, "en")
    given = citation.model_dump()
    if given.get("label") in [label(place, language) for language in get_args(Language)]:
        del given["label"]
    if str(given.get("link")).endswith(str(now["link"])):  # below the prefix of whoever answered
        del given["link"]
    return [name for name in now if name in given and given[name] != now[name]]
