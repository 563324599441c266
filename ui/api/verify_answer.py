"""Check the quotes of an answer in JSON against the original documents, for `quipu verify` and the API."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_args

from pydantic import ValidationError

from assistant import Citation, QuestionError
from corpus import Document, QuipuError, shown_name
from index import Entry
from ui.api.answer_json import citation_payload
from ui.api.request_bodies import GivenAnswer, GivenCitation
from ui.wording import Language, label

Reread = Callable[[Entry], Document]
"""Reads the original of an entry again. Raises QuipuError if it can't be read."""


@dataclass(frozen=True, slots=True)
class VerifiedQuote:
    """The outcome of checking one citation: `problem` is a sentence, or "" if the original has the quote as cited."""

    number: int
    source: str
    text: str
    problem: str


def read_answer(data: bytes, name: str) -> GivenAnswer:
    """Parse the answer in a file called `name`. Raises QuestionError if the data is not an answer."""
    try:
        return GivenAnswer.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its text"
        raise QuestionError(f"{name} is not an answer from `quipu ask --json`: {where}: {first['msg']}.") from None


def verify_answer(answer: GivenAnswer, name: str, entries: Iterable[Entry], reread: Reread) -> list[VerifiedQuote]:
    """Compare every citation of an answer with the original: the quoted range, title, page, headings, link and all else it says.
    The closest sentences of an answer that is unsure, wholly or in part, count as citations.

    `entries` are the documents that may be cited. If the answer's sentences are not the quotes that it cites, a last item with the
    number 0 says so, and calls the answer `name`.
    """
    entry_by_id = {entry.id: entry for entry in entries}
    read_once = cache(reread)
    quoted = [*answer.citations, *(() if answer.status == "not_in_documents" else answer.nearest)]
    verified = [_verify(citation, entry_by_id.get(citation.document_id), read_once) for citation in quoted]
    sentences = [sentence.text for sentence in answer.sentences]
    if not set(sentences) <= {citation.text for citation in answer.citations} or answer.text not in ("", " ".join(sentences)):
        verified.append(VerifiedQuote(0, name, answer.text, f"The answer in {name} says more than it cites."))
    return verified


def _verify(citation: GivenCitation, entry: Entry | None, reread: Reread) -> VerifiedQuote:
    number, start, end = citation.number, citation.start, citation.end
    source, problem = shown_name(citation.source), ""
    if entry is None:
        return VerifiedQuote(number, source, citation.text, f"[{number}] quotes {source}, which is not in the library.")
    try:
        document = reread(entry)
        if not citation.quote or document.text[start:end] != citation.quote or document.shown(start, end) != citation.text:
            problem = f"[{number}] is not what {entry.name} has at {start}-{end}."
        elif changed := _changed_fields(citation, document):
            problem = f"[{number}] stands in {entry.name}, but its {' and '.join(changed)} is not what the document has."
    except QuipuError as error:
        problem = str(error)
    return VerifiedQuote(number, entry.name, citation.text, problem)


def _changed_fields(citation: GivenCitation, document: Document) -> list[str]:
    """Return the names of the fields that differ from a fresh citation of the range. The label may be in any language."""
    fresh = Citation.of(citation.number, document, citation.start, citation.end)
    expected: Mapping[str, object] = citation_payload(fresh, "en")
    given = citation.model_dump()
    if given.get("label") in [label(fresh, language) for language in get_args(Language)]:
        del given["label"]
    if str(given.get("link")).endswith(str(expected["link"])):  # the server that answered may have had a prefix
        del given["link"]
    return [name for name in expected if name in given and given[name] != expected[name]]
