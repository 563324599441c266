"""Fits what weighs the signals: asks questions of real indexes, and compares what was seen with what answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from assistant.evidence import SentenceRanker
from assistant.model.calibration import Calibration, Signals
from assistant.question import understand
from corpus import Document
from index import Encoder, Home, Index, add

_PASSAGES = 8  # as `Assistant.ask` reads


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about one document of a library, and the ranges of it that answer; none if nothing does."""

    question: str
    name: str
    gold: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the sentences that were read for a question, and which of them answer. `is_usual` says whether it is one of
    those whose share that is answerable is to be met, and `weight` what it counts in telling sentences apart.
    """

    signals: tuple[Signals, ...]
    answers: tuple[bool, ...]
    answerable: bool
    is_usual: bool = True
    weight: float = 1.0


def look(files: dict[str, str], asked: Sequence[Asked], encoder: Encoder, reader: SentenceRanker) -> Iterator[Seen]:
    """What is seen of each question, asked of a library of these texts (by the name of the file that they are put in)."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in files]
        for path in paths:
            path.write_text(files[path.name], encoding="utf-8")
        home = Home(Path(folder) / "home")
        add(home, paths, encoder)
        index = Index.open(home, encoder)
        if index is None:
            raise ValueError(f"none of {', '.join(files)} could be indexed")
        documents = {entry.name: document for entry, document in index.documents(index.entries())}
        for one in asked:
            yield _seen(index, one, documents.get(one.name), reader)


def _seen(index: Index, asked: Asked, about: Document | None, reader: SentenceRanker) -> Seen:
    def holds(term: str) -> bool:
        return index.frequency(term) > 0

    question = understand(asked.question, [], index.languages(), holds, index.terms())
    weighed = reader.weigh(question, index, index.search(question.phrasings, _PASSAGES)) if question.nothing is None else []
    answers = [
        about is not None
        and place.document.id == about.id
        and any(start < place.end and place.start < end for start, end in asked.gold)
        for place, _, _, _ in weighed
    ]
    return Seen(tuple(signals for _, _, signals, _ in weighed), tuple(answers), bool(asked.gold))


def fit(seen: Sequence[Seen], left_out: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The calibration without the signals of these names: its key in `calibration.json`, and its values.

    Two logistic regressions, by scikit-learn: of a sentence's answering on its signals, of all questions by their weight; then, of
    the usual ones, of the question's being answerable on the best sentence's logit (Platt, 1999).
    """
    from sklearn.linear_model import LogisticRegression

    nothing: dict[str, Any] = dict.fromkeys(left_out)
    read = [replace(one, signals=tuple(replace(signals, **nothing) for signals in one.signals)) for one in seen if one.signals]
    names = read[0].signals[0].seen
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
