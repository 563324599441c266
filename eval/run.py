"""Asks test questions and scores each by itself; `eval.figures` averages the rows."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from assistant import Answer, Assistant, QuestionError
from corpus import Document, QuipuError, sentences
from eval.measures import DEPTH, Range, attribution, covered, evidence, retrieval
from eval.outcome import outcome
from eval.questions import TestQuestion
from index import Hit

_FOUND = 0.5  # the share of a gold quote's characters from which a passage contains it


@dataclass(frozen=True, slots=True)
class QuotedRange:
    """A range of a document's text, and the text in it."""

    document_id: str
    start: int
    end: int
    quote: str

    @property
    def range(self) -> Range:
        """The range alone, as measures take it."""
        return self.document_id, self.start, self.end


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """The outcome of one question. `status` is the answer's, or "failed" with the error as `reason` and all measures at 0.

    `searched` is the query that was searched. `cited` are the quotes that were given; `expected` are the gold quotes or pages.
    `report` is the name of the set that the question is of, "" if it is the only set.
    """

    id: str
    question: str
    history: tuple[str, ...]
    searched: str
    lang: str
    kind: str
    answerable: bool
    status: str
    reason: str
    confidence: float
    cited: tuple[QuotedRange, ...]
    expected: tuple[QuotedRange, ...]
    measures: dict[str, float]
    report: str = ""

    @property
    def verdict(self) -> str:
        """The measure that tells whether the outcome is right: "correct", "refused", or "Success@5 in document" for gold pages."""
        return next(name for name in ("correct", "refused", "Success@5 in document") if name in self.measures)

    @property
    def right(self) -> bool:
        """Whether the outcome is right."""
        return self.measures[self.verdict] == 1


def ask_all(
    assistant: Assistant, questions: Sequence[TestQuestion], *, within: bool = False, report: str = ""
) -> Iterator[tuple[QuestionResult, float]]:
    """Return an iterator that asks the questions in order: a row for each, with the name `report`, and the milliseconds that the
    answer took. Questions are asked of all documents or, if `within`, of the one that each is about.

    Raises QuestionError, before anything is asked, if some gold is in none of the documents.
    """
    scope = assistant.scope()
    library = list(scope.documents())
    by_name = {entry.name.rpartition(".")[0]: document for entry, document in library}
    golds = [_gold(question, by_name, [document for _, document in library]) for question in questions]
    reread = cache(scope.reread)  # parses each original once

    def asked(question: TestQuestion, gold: Sequence[QuotedRange]) -> tuple[QuestionResult, float]:
        about = by_name.get(question.doc or "")
        documents = [about.id] if within and about else None
        started = time.perf_counter()
        try:
            answer, error = assistant.ask(question.question, question.history, documents), ""
        except QuipuError as problem:
            answer, error = Answer(question.question, question.question, question.lang, "not_in_documents"), str(problem)
        milliseconds = 1000 * (time.perf_counter() - started)
        if question.gold_pages and about:
            measures = _page_measures(assistant, question, about)
        else:
            ranges = [quote.range for quote in gold]
            measures = outcome(question, answer, ranges)
            if question.answerable:
                hits = [] if error else assistant.search(question.question, question.history, documents, DEPTH)
                measures |= _evidence_measures(answer, ranges, hits, needs_all=question.needs_all)
        if answer.citations:
            measures |= _citation_measures(answer, reread)
        if error:
            measures = dict.fromkeys(measures, 0.0)
        return _row(question, answer, error, gold, measures, report), milliseconds

    return (asked(question, gold) for question, gold in zip(questions, golds, strict=True))


def _row(
    question: TestQuestion,
    answer: Answer,
    error: str,
    expected: Sequence[QuotedRange],
    measures: dict[str, float],
    report: str,
) -> QuestionResult:
    return QuestionResult(
        id=question.id,
        question=question.question,
        history=question.history,
        searched=answer.searched,
        lang=question.lang,
        kind=question.kind,
        answerable=question.answerable,
        status="failed" if error else answer.status,
        reason=error or str(answer.reason or ""),
        confidence=answer.confidence,
        cited=tuple(QuotedRange(one.document_id, one.start, one.end, one.quote) for one in answer.citations),
        expected=tuple(expected),
        measures={name: round(value, 6) for name, value in measures.items()},
        report=report,
    )


def _evidence_measures(answer: Answer, gold: Sequence[Range], hits: Sequence[Hit], *, needs_all: bool) -> dict[str, float]:
    """Return the measures of what an answer to an answerable question cites, and of the search for it."""
    cited: list[Range] = [(citation.document_id, citation.start, citation.end) for citation in answer.citations]
    passages: list[Range] = [(hit.passage.document_id, hit.passage.start, hit.passage.end) for hit in hits]
    right = [any(covered(quote, [citation]) == 1.0 for quote in gold) for citation in cited]
    found = [[str(number) for number, quote in enumerate(gold) if covered(quote, [passage]) >= _FOUND] for passage in passages]
    return {
        "correct": float(any(right[:1])),
        "correct@3": float(any(right[:3])),
        **evidence(gold, cited, needs_all=needs_all),
        **retrieval({str(number) for number in range(len(gold))}, found),
    }


def _citation_measures(answer: Answer, reread: Callable[[str], Document]) -> dict[str, float]:
    """Return how many quotes match the originals, which `reread` parses again, and how well they support the answer's sentences."""
    originals = {citation.number: reread(citation.document_id) for citation in answer.citations}
    exact = [originals[one.number].text[one.start : one.end] == one.quote for one in answer.citations]
    texts = {one.number: originals[one.number].shown(one.start, one.end) for one in answer.citations}
    statements = [(sentence.text, [texts[number] for number in sentence.citations]) for sentence in answer.sentences]
    return {"verified": sum(exact) / len(exact), **attribution(statements)}


def _page_measures(assistant: Assistant, question: TestQuestion, document: Document) -> dict[str, float]:
    """Return the measures of the retrieval of pages, from all documents and from the question's own."""
    measures: dict[str, float] = {}
    for suffix, documents in (("", None), (" in document", [document.id])):
        hits = assistant.search(question.question, (), documents, DEPTH)
        found = [_pages(hit, document, question.gold_pages) for hit in hits]
        values = retrieval(set(map(str, question.gold_pages)), found)
        measures |= {f"{name}{suffix}": value for name, value in values.items()}
    return measures


def _pages(hit: Hit, document: Document, gold: Collection[int]) -> list[str]:
    """Return the gold pages (numbered from 0) of which a hit's passage has characters."""
    passage = hit.passage
    if passage.document_id != document.id:
        return []
    pages = [page.number - 1 for page in document.pages if page.start < passage.end and page.end > passage.start]
    return [str(page) for page in pages if page in gold]


def _gold(question: TestQuestion, by_name: dict[str, Document], documents: Sequence[Document]) -> list[QuotedRange]:
    """Return the ranges of the gold quotes, or of the gold pages. Raises QuestionError if one isn't there."""
    about = by_name.get(question.doc or "")
    if question.doc is not None and about is None and question.answerable:
        raise QuestionError(
            f"Question '{question.id}' ({question.where}) is about '{question.doc}', which is not among the documents."
        )
    if about is not None and not question.gold_pages <= set(range(len(about.pages))):
        asked, last = ", ".join(map(str, sorted(question.gold_pages))), len(about.pages) - 1
        raise QuestionError(
            f"Question '{question.id}' ({question.where}) has the gold pages {asked}; '{question.doc}' has pages 0 to {last}."
        )
    pages = [about.pages[page] for page in sorted(question.gold_pages)] if about else []
    return [
        *(_locate(question, quote, [about] if about else documents) for quote in question.gold_quotes),
        *(QuotedRange(about.id, page.start, page.end, about.text[page.start : page.end]) for page in pages if about),
    ]


def _locate(question: TestQuestion, quote: str, documents: Sequence[Document]) -> QuotedRange:
    """Return the first occurrence of a gold quote. Raises QuestionError, with the most similar sentence, if there is none."""
    for document in documents:
        if quote and (start := document.text.find(quote)) >= 0:
            return QuotedRange(document.id, start, start + len(quote), quote)
    texts = [document.text[start:end] for document in documents for start, end in sentences(document)]
    nearest = next(iter(get_close_matches(quote, texts, n=1, cutoff=0.0)), "")
    raise QuestionError(
        f"The gold quote “{quote}” of question '{question.id}' ({question.where}) is in none of the documents; "
        f"the closest sentence is “{nearest}”."
    )
