"""Fits the calibration: asks questions of real indexes, and learns from the signals of each sentence whether it answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from assistant import SentenceRanker
from assistant.model import Calibration, Signals
from assistant.question import understand
from corpus import Document
from index import Encoder, Home, Index, Scope, add

_PASSAGES = 8  # as `Assistant.ask` takes


@dataclass(frozen=True, slots=True)
class CalibrationQuestion:
    """A question about one document of a library, by its file name, and the ranges that answer it; none if nothing does."""

    question: str
    name: str
    gold: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ScoredQuestion:
    """The signals of the sentences that were ranked for a question, and which of them answer it.

    `is_usual` says whether it is one of the questions whose share of answerable ones the probability is fitted to, and `weight` how
    much it counts in telling sentences apart.
    """

    signals: tuple[Signals, ...]
    answers: tuple[bool, ...]
    answerable: bool
    is_usual: bool = True
    weight: float = 1.0


def score_questions(
    files: dict[str, str], questions: Sequence[CalibrationQuestion], encoder: Encoder, ranker: SentenceRanker
) -> Iterator[ScoredQuestion]:
    """Ask each question of a library of these texts, by file name, and yield what was scored for it.

    Raises ValueError if no text can be indexed.
    """
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in files]
        for path in paths:
            path.write_text(files[path.name], encoding="utf-8")
        home = Home(Path(folder) / "home")
        add(home, paths, encoder)
        index = Index.open(home, encoder)
        if index is None:
            raise ValueError(f"none of {', '.join(files)} could be indexed")
        scope = index.within()
        documents = {entry.name: document for entry, document in scope.documents()}
        for question in questions:
            yield _score(scope, question, documents.get(question.name), ranker)


def _score(scope: Scope, asked: CalibrationQuestion, about: Document | None, ranker: SentenceRanker) -> ScoredQuestion:
    question = understand(asked.question, [], scope)
    hits = scope.search(question.phrasings, _PASSAGES) if question.no_question is None else []
    measured = ranker.measure(question, scope, hits)
    answers = [
        about is not None
        and one.sentence.document.id == about.id
        and any(start < one.sentence.end and one.sentence.start < end for start, end in asked.gold)
        for one in measured
    ]
    return ScoredQuestion(tuple(one.signals for one in measured), tuple(answers), bool(asked.gold))


def fit(scored: Sequence[ScoredQuestion], left_out: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Fit the calibration without the signals of these names; return its key in `calibration.json`, and its values.

    It takes two logistic regressions, by scikit-learn: whether a sentence answers, from its signals, over all questions by their
    weight; and whether the question is answerable, from the logit of its best sentence, over the usual ones (Platt, 1999).
    """
    from sklearn.linear_model import LogisticRegression

    nothing: dict[str, Any] = dict.fromkeys(left_out)
    read = [replace(one, signals=tuple(replace(signals, **nothing) for signals in one.signals)) for one in scored if one.signals]
    names = read[0].signals[0].names
    sentences = LogisticRegression(max_iter=2000).fit(
        np.array([signals.values for one in read for signals in one.signals]),
        np.array([answers and one.answerable for one in read for answers in one.answers]),
        np.array([one.weight for one in read for _ in one.signals]),
    )
    usual = [one for one in read if one.is_usual]
    best = [sentences.decision_function(np.array([signals.values for signals in one.signals])).max() for one in usual]
    questions = LogisticRegression(C=100).fit(np.array(best)[:, None], np.array([one.answerable for one in usual]))
    calibration = Calibration(
        weights={name: round(float(weight), 4) for name, weight in zip(names, sentences.coef_[0], strict=True)},
        bias=round(float(sentences.intercept_[0]), 4),
        slope=round(float(questions.coef_[0][0]), 4),
        shift=round(float(questions.intercept_[0]), 4),
    )
    return " ".join(names), {
        "weights": dict(calibration.weights),
        "bias": calibration.bias,
        "slope": calibration.slope,
        "shift": calibration.shift,
    }
