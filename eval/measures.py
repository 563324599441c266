"""The measures of single questions: pure functions of what was found and what is right, between 0 and 1. Higher is better."""

from collections.abc import Collection, Sequence

import ir_measures
from ir_measures import RR, R, Success, nDCG

Range = tuple[str, int, int]
"""A document's id, and the start and end of a range of its text."""

DEPTH = 10
"""The number of hits in which gold quotes and pages are looked for."""

RETRIEVAL = [Success @ 1, Success @ 5, Success @ 10, R @ 5, R @ 10, RR @ 10, nDCG @ 10]


def retrieval(gold: Collection[str], found: Sequence[Collection[str]]) -> dict[str, float]:
    """Return the measures of one ranking, by `ir-measures`. `gold` names the gold quotes or pages; `found` lists those that each
    hit contains, for the best hit first.

    A gold quote or page counts at the first hit that contains it. A hit that contains two counts as two hits in succession.

    >>> retrieval({"a", "b"}, [[], ["a"]])["R@5"], retrieval({"a", "b"}, [[], ["a"]])["RR@10"]
    (0.5, 0.5)
    """
    ranked: list[str] = []
    for index, contained in enumerate(found):
        new = sorted(set(contained).difference(ranked))
        ranked.extend(new or [f"hit {index}"])  # a hit with nothing new still takes a rank
    qrels = [ir_measures.Qrel("q", unit, 1) for unit in sorted(gold)]
    run = [ir_measures.ScoredDoc("q", unit, float(-rank)) for rank, unit in enumerate(ranked)]
    values = {str(metric.measure): float(metric.value) for metric in ir_measures.iter_calc(RETRIEVAL, qrels, run)}
    return {str(measure): values[str(measure)] for measure in RETRIEVAL}


def covered(gold: Range, ranges: Collection[Range]) -> float:
    """Return the share of a gold range's characters that lie within any of the ranges.

    >>> covered(("d", 10, 20), [("d", 0, 12), ("d", 11, 15), ("e", 0, 99)])
    0.5
    """
    document, start, end = gold
    within = {
        position for other, first, last in ranges if other == document for position in range(max(start, first), min(end, last))
    }
    return len(within) / (end - start)


def evidence(gold: Sequence[Range], cited: Sequence[Range], *, needs_all: bool) -> dict[str, float]:
    """Return the precision, recall and F1 of an answer's citations against the gold quotes.

    A citation is right if it contains at least half of a gold quote's characters. Recall is the share of gold characters that are
    cited: of all gold quotes together if the question `needs_all` of them, else of the one that is covered best.

    >>> evidence([("d", 0, 10), ("d", 50, 60)], [("d", 0, 20), ("d", 30, 40)], needs_all=True)
    {'evidence precision': 0.5, 'evidence recall': 0.5, 'evidence F1': 0.5}
    """
    right = [any(covered(quote, [citation]) >= 0.5 for quote in gold) for citation in cited]
    precision = sum(right) / len(right) if right else 0.0
    shares = [covered(quote, cited) for quote in gold]
    lengths = [end - start for _, start, end in gold]
    recall = sum(s * n for s, n in zip(shares, lengths, strict=True)) / sum(lengths) if needs_all else max(shares)
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"evidence precision": precision, "evidence recall": recall, "evidence F1": f1}


def attribution(statements: Sequence[tuple[str, Sequence[str]]]) -> dict[str, float]:
    """Return the citation recall and precision of an answer as in ALCE (Gao et al., 2023). Each statement comes with the texts that
    it cites.

    ALCE asks a language model whether texts entail a statement. Here they must contain it verbatim, since answers are quotes.
    Recall is the share of statements that are supported by the texts they cite. A citation is precise if its statement is
    supported, and its text either supports the statement alone or is needed for it.

    >>> attribution([("A is B.", ["A is B. So is C."]), ("D is E.", ["D is", "E.", "Elsewhere."]), ("F.", ["G."])])
    {'citation recall': 0.6666666666666666, 'citation precision': 0.6}
    """
    supported = [statement in " ".join(texts) for statement, texts in statements]
    precise = [
        is_supported and (statement in text or statement not in " ".join([*texts[:index], *texts[index + 1 :]]))
        for is_supported, (statement, texts) in zip(supported, statements, strict=True)
        for index, text in enumerate(texts)
    ]
    return {
        "citation recall": sum(supported) / len(statements),
        "citation precision": sum(precise) / len(precise) if precise else 0.0,
    }


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95% percentile bootstrap interval of a mean (by `scipy`, 2,000 resamples with a fixed seed)."""
    if len(set(values)) < 2:
        return values[0], values[0]
    from scipy.stats import bootstrap

    bounds = bootstrap((values,), _mean, n_resamples=2000, method="percentile", rng=0).confidence_interval
    return float(bounds.low), float(bounds.high)


def _mean(values: Sequence[float], axis: int = -1) -> object:
    import numpy as np

    return np.mean(values, axis=axis)
