"""Asks test questions and scores each by itself; whoever wants a mean takes it from the rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assistant import Assistant
from corpus import Document, QuestionError
from eval.questions import TestQuestion
from index import Index


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One question with gold quotes. `first`, `first_three`: a gold quote stands in the first citation, in the first three."""

    question: TestQuestion
    first: bool
    first_three: bool
    refused: bool


@dataclass(frozen=True, slots=True)
class PageRow:
    """One question with gold pages: the rank of the first passage on one, from 1, within its document and among all; None if
    none is among the first `DEPTH`.
    """

    question: TestQuestion
    in_document: int | None
    in_library: int | None


DEPTH = 10
"""Passages that a page is looked for in."""


def answer_rows(assistant: Assistant, questions: Iterable[TestQuestion]) -> Iterator[AnswerRow]:
    """A row per question, in their order."""
    for question in questions:
        answer = assistant.ask(question.question, question.history)
        found = [any(quote in citation.quote for quote in question.gold_quotes) for citation in answer.citations]
        yield AnswerRow(question, any(found[:1]), any(found[:3]), not answer.sentences)


def page_rows(index: Index, questions: Iterable[TestQuestion]) -> Iterator[PageRow]:
    """A row per question, in their order. Raises QuestionError for a question about a document that isn't there."""
    documents = {entry.name.rpartition(".")[0]: index.document(entry.id) for entry in index.entries()}
    for question in questions:
        if question.doc not in documents:
            raise QuestionError(f"Question '{question.id}' is about '{question.doc}', which is not among the documents.")
        document = documents[question.doc]
        ranks = [_rank(index, question, document, allowed) for allowed in ([document.id], None)]
        yield PageRow(question, *ranks)


def _rank(index: Index, question: TestQuestion, document: Document, allowed: list[str] | None) -> int | None:
    for rank, hit in enumerate(index.search(question.question, DEPTH, allowed), 1):
        passage = hit.passage
        on = {page.number - 1 for page in document.pages if page.start < passage.end and page.end > passage.start}
        if passage.document_id == document.id and on & question.gold_pages:
            return rank
    return None
