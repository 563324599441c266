"""The report of an evaluation: one HTML file without scripts, and without styles or pictures from elsewhere."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assistant import Citation, Reason
from corpus import Document
from eval import Change, Figure, QuestionResult, QuotedRange, curves
from ui.cli.eval_tables import HEADINGS, questions_in
from ui.document_blocks import surrounding_range
from ui.pages import TEMPLATES
from ui.wording import explain, within

_AROUND = 300  # characters of the document shown on either side of a quote
_HEADLINES = {
    "correct": "correct in the first citation",
    "correct@3": "correct in the first three",
    "Success@5 in document": "page among the first five of its document",
    "Success@5": "found among the first five passages",
    "refused": "of the unanswerable refused",
    "verified": "of the citations stand in the original",
    "AUROC": "AUROC: answerable from unanswerable",
}
_VERDICTS = {"correct": "correct", "refused": "refused", "Success@5 in document": "page found"}


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """A quote or page with the text around it. `link` opens the document there, or is "" if no server has it."""

    where: str
    link: str
    before: str
    text: str
    after: str
    is_page: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A question with a wrong answer: why it was refused, if it was, what was cited, and what was expected."""

    row: QuestionResult
    reason: str
    cited: tuple[ShownPlace, ...]
    expected: tuple[ShownPlace, ...]


def report(
    rows: Sequence[QuestionResult],
    figures: dict[str, dict[str, Figure]],
    changes: Sequence[Change] | None,
    meta: dict[str, Any],
    document: Callable[[str], Document],
    address: str | None,
) -> str:
    """Return the HTML of the report. All text of documents, which `document` returns by id, is escaped.

    `address` is that of a server that has the documents, such as "http://127.0.0.1:7860", to link to; None if there is none.
    """
    kinds = [
        (name.removeprefix("kind "), says, measured[verdict])
        for name, measured in figures.items()
        if name.startswith("kind ")
        for verdict, says in _VERDICTS.items()
        if verdict in measured
    ]
    return TEMPLATES.get_template("evaluation.html").render(
        meta=meta,
        headlines=[(figures["all"][name], says) for name, says in _HEADLINES.items() if name in figures["all"]],
        kinds=sorted(kinds, key=lambda kind: (kind[1], -kind[2].mean, kind[0])),
        curves=curves(rows),
        overall=figures["all"],
        changes=changes if changes is None else [change for change in changes if change.less or change.more],
        shown=[name for name in HEADINGS if name in figures["all"]],
        headings=HEADINGS,
        groups=[(group, questions_in(measured), measured) for group, measured in figures.items()],
        failures=[_failure(row, document, address) for row in rows if not row.right],
        address=address,
    )


def _failure(row: QuestionResult, document: Callable[[str], Document], address: str | None) -> Failure:
    def shown(places: Iterable[QuotedRange], *, is_page: bool = False) -> tuple[ShownPlace, ...]:
        return tuple(_shown(document(place.document_id), place, address, is_page=is_page) for place in places)

    code, _, subject = row.reason.partition(": ")
    reason = row.reason if row.status == "failed" else explain(Reason(code, subject), "en") if code else ""
    return Failure(row, reason, shown(row.cited), shown(row.expected, is_page=row.verdict not in ("correct", "refused")))


def _shown(document: Document, place: QuotedRange, address: str | None, *, is_page: bool) -> ShownPlace:
    start, end = max(place.start, 0), min(place.end, len(document.text))
    if start >= end:
        return ShownPlace("a range that the document does not have", "", "", place.quote, "", is_page)
    citation = Citation.of(1, document, start, end)
    first, last = surrounding_range(document, start, end, _AROUND)
    return ShownPlace(
        where=" · ".join(part for part in (citation.title, within(citation, "en")) if part),
        link=f"{address}{citation.link}" if address else "",
        before=document.plain(first, start) if first < start else "",
        text=citation.text,
        after=document.plain(end, last) if end < last else "",
        is_page=is_page,
    )
