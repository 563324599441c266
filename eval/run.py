"""Asks test questions and scores each by itself; whoever wants a mean takes it from the rows."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from assistant import Answer, Assistant, QuestionError
from corpus import Document, QuipuError, sentences
from eval.measures import DEPTH, Range, attribution, covered, evidence, retrieval
from eval.questions import TestQuestion
from index import Hit

_FOUND = 0.5  # of a gold quote's characters: a passage with so many holds it


@dataclass(frozen=True, slots=True)
class GoldPlace:
    """A range of a document, and its text there."""

    document_id: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """What became of one question. `status` is the answer's, or "failed" with the error as `reason`; all measures are then 0.

    `searched` is what was really searched. `cited` are the quotes that were given, and `expected` are the gold quotes or pages.
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
    cited: tuple[GoldPlace, ...]
    expected: tuple[GoldPlace, ...]
    measures: dict[str, float]

    @property
    def verdict(self) -> str:
        """The measure that says whether it went well: "correct", "refused", or "Success@5 in document" where pages are sought."""
        return next(name for name in ("correct", "refused", "Success@5 in document") if name in self.measures)

    @property
    def right(self) -> bool:
        """Whether it went well."""
        return self.measures[self.verdict] == 1


def ask_all(
    assistant: Assistant, questions: Sequence[TestQuestion], *, within: bool = False
) -> Iterator[tuple[QuestionResult, float]]:
    """A row per question, in their order, and the milliseconds that it took to ask: of all documents, or `within` the one that the
    question is about.

    Raises QuestionError, before anything is asked, for gold that stands in none of the documents.
    """
    scope = assistant.scope()
    library = list(scope.documents())
    by_name = {entry.name.rpartition(".")[0]: document for entry, document in library}
    places = [_gold(question, by_name, [document for _, document in library]) for question in questions]
    reread = cache(scope.reread)  # each original once
    for question, gold in zip(questions, places, strict=True):
        about = by_name.get(question.doc or "")
        documents = [about.id] if within and about else None
        started = time.perf_counter()
        try:
            answer, error = assistant.ask(question.question, question.history, documents), ""
        except QuipuError as problem:
            answer, error = None, str(problem)
        milliseconds = 1000 * (time.perf_counter() - started)
        if question.gold_pages and about:
            measures = _page_measures(assistant, question, about)
        elif not question.answerable:
            measures = {"refused": float(answer is not None and not answer.citations)}
        else:
            hits = [] if error else assistant.search(question.question, question.history, documents, DEPTH)
            measures = _answer_measures(answer, gold, hits, needs_all=question.needs_all)
        if answer and answer.citations:
            measures |= _citation_measures(answer, reread)
        if error:
            measures = dict.fromkeys(measures, 0.0)
        yield _row(question, answer, error, gold, measures), milliseconds


def _row(
    question: TestQuestion, answer: Answer | None, error: str, expected: Sequence[GoldPlace], measures: dict[str, float]
) -> QuestionResult:
    cited = answer.citations if answer else ()
    return QuestionResult(
        id=question.id,
        question=question.question,
        history=question.history,
        searched=answer.searched if answer else question.question,
        lang=question.lang,
        kind=question.kind,
        answerable=question.answerable,
        status=answer.status if answer else "failed",
        reason=error or str((answer and answer.reason) or ""),
        confidence=answer.confidence if answer else 0.0,
        cited=tuple(GoldPlace(place.document_id, place.start, place.end, place.quote) for place in cited),
        expected=tuple(expected),
        measures={name: round(value, 6) for name, value in measures.items()},
    )


def _answer_measures(
    answer: Answer | None, places: Sequence[GoldPlace], hits: Sequence[Hit], *, needs_all: bool
) -> dict[str, float]:
    citations = answer.citations if answer else ()
    gold: list[Range] = [(place.document_id, place.start, place.end) for place in places]
    cited: list[Range] = [(place.document_id, place.start, place.end) for place in citations]
    passages: list[Range] = [(hit.passage.document_id, hit.passage.start, hit.passage.end) for hit in hits]
    right = [any(covered(quote, [place]) == 1.0 for quote in gold) for place in cited]
    held = [[str(number) for number, quote in enumerate(gold) if covered(quote, [place]) >= _FOUND] for place in passages]
    return {
        "answered": float(bool(cited)),
        "correct": float(any(right[:1])),
        "correct@3": float(any(right[:3])),
        **evidence(gold, cited, needs_all=needs_all),
        **retrieval({str(number) for number in range(len(gold))}, held),
    }


def _citation_measures(answer: Answer, reread: Callable[[str], Document]) -> dict[str, float]:
    """Whether what is cited stands in the originals, and supports what is said."""
    originals = {place.number: reread(place.document_id) for place in answer.citations}
    exact = [originals[place.number].text[place.start : place.end] == place.quote for place in answer.citations]
    texts = {place.number: originals[place.number].shown(place.start, place.end) for place in answer.citations}
    said = [(sentence.text, [texts[number] for number in sentence.citations]) for sentence in answer.sentences]
    return {"verified": sum(exact) / len(exact), **attribution(said)}


def _page_measures(assistant: Assistant, question: TestQuestion, document: Document) -> dict[str, float]:
    """Those of the retrieval of pages, over all documents and within the question's own."""
    measures: dict[str, float] = {}
    for where, allowed in (("", None), (" in document", [document.id])):
        hits = assistant.search(question.question, (), allowed, DEPTH)
        held = [_pages(hit, document, question.gold_pages) for hit in hits]
        found = retrieval(set(map(str, question.gold_pages)), held)
        measures |= {f"{name}{where}": value for name, value in found.items()}
    return measures


def _pages(hit: Hit, document: Document, gold: Collection[int]) -> list[str]:
    """The gold pages, from 0, that a hit has characters of."""
    passage = hit.passage
    if passage.document_id != document.id:
        return []
    pages = [page.number - 1 for page in document.pages if page.start < passage.end and page.end > passage.start]
    return [str(page) for page in pages if page in gold]


def _gold(question: TestQuestion, by_name: dict[str, Document], documents: Sequence[Document]) -> list[GoldPlace]:
    """Where the gold quotes stand, or what the gold pages hold. Raises QuestionError if one isn't there."""
    about = by_name.get(question.doc or "")
    if question.doc is not None and about is None and question.answerable:
        raise QuestionError(f"Question '{question.id}' is about '{question.doc}', which is not among the documents.")
    if about is not None and not question.gold_pages <= set(range(len(about.pages))):
        asked, last = ", ".join(map(str, sorted(question.gold_pages))), len(about.pages) - 1
        raise QuestionError(f"Question '{question.id}' has the gold pages {asked}; '{question.doc}' has 0 to {last}.")
    pages = [about.pages[page] for page in sorted(question.gold_pages)] if about else []
    return [
        *(_place(question, quote, [about] if about else documents) for quote in question.gold_quotes),
        *(GoldPlace(about.id, page.start, page.end, about.text[page.start : page.end]) for page in pages if about),
    ]


def _place(question: TestQuestion, quote: str, documents: Sequence[Document]) -> GoldPlace:
    """Where a gold quote first stands. Raises QuestionError, with the sentence that is most like it, if it stands nowhere."""
    for document in documents:
        if quote and (start := document.text.find(quote)) >= 0:
            return GoldPlace(document.id, start, start + len(quote), quote)
    texts = [document.text[start:end] for document in documents for start, end in sentences(document)]
    nearest = next(iter(get_close_matches(quote, texts, n=1, cutoff=0.0)), "")
    named = f"The gold quote “{quote}” of question '{question.id}'"
    raise QuestionError(f"{named} stands in none of the documents; nearest is “{nearest}”.")
