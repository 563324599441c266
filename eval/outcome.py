"""Says what an answer was worth to whoever asked: given or refused, right or misleading, or left for the reader to judge."""

from collections.abc import Sequence

from assistant import Answer, Citation
from eval.measures import Range, covered
from eval.questions import TestQuestion

_LONGEST = 700
"""The characters of a citation above which it doesn't count as pointing at a place."""


def outcome(question: TestQuestion, answer: Answer, gold: Sequence[Range]) -> dict[str, float]:
    """Return these measures, each 0 or 1 but for `wanted`. A citation gives a gold quote if it covers at least half of it.

    Of every question: whether the answer was `unsure`. Of answerable ones: whether there was an answer (`kept`). If any gold quote
    will do: whether the `first` citation gives one, whether one of the first `three` does, and whether one of the first three
    sentences that are `shown` does, those nearest in place of an answer. If all are needed: the share that is given (`wanted`).

    Of unanswerable ones: whether there was no answer (`refused`, and `near` for near-misses). Of all that do not need all quotes:
    whether nobody was misled (`sound`), since there was no answer, or one of the first three citations gives a gold quote.
    """
    given = answer.status in ("answered", "partly")
    unsure = {"unsure": float(answer.status == "unsure")}
    if not question.answerable:
        refused = float(not given)
        return {"refused": refused, **({"near": refused} if question.kind == "near-miss" else {}), "sound": refused, **unsure}
    cited = [place for place in _places(answer.citations) if place[2] - place[1] <= _LONGEST] if given else []
    if question.needs_all:
        return {"kept": float(given), "wanted": sum(_gives(cited, quote) for quote in gold) / len(gold), **unsure}
    first, three, shown = (
        any(_gives(places, quote) for quote in gold)
        for places in (cited[:1], cited[:3], _places(answer.citations or answer.nearest)[:3])
    )
    measures = {"kept": given, "first": first, "three": three, "shown": shown, "sound": three or not given}
    return {name: float(value) for name, value in measures.items()} | unsure


def _places(citations: Sequence[Citation]) -> list[Range]:
    return [(citation.document_id, citation.start, citation.end) for citation in citations]


def _gives(places: Sequence[Range], quote: Range) -> bool:
    """Return whether one of the places, by itself, covers at least half of the quote."""
    return any(covered(quote, [place]) >= 0.5 for place in places)
