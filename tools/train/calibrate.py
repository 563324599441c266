"""Fits the calibration: asks questions of real indexes, and learns from the signals of each sentence whether it answers."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from assistant import SentenceRanker
from assistant.model import Calibration, CrossEncoder, Signals
from assistant.question import understand
from corpus import Document
from index import Encoder, Home, Index, Scope, add, load_encoder
from tools.train.dossiers import EARLIER, HELD_BACK, Dossier, read_dossiers
from tools.train.examples import squad_library

CALIBRATED_ON = slice(6, 8)
"""Articles of XQuAD."""

_VARIANTS = ((), ("answers", "is_about"), ("cosine",), ("answers", "is_about", "cosine"))
"""Signals that may be missing: without the cross-encoder's weights, and with an encoder whose cosines nobody calibrated."""

_TOGETHER = 3
"""How many dossiers of a language make one report, which is then as long as the reports that people have."""

_EVERY_DOSSIER_QUESTION, _EVERY_ARTICLE_QUESTION = 7, 3
"""One question in so many is asked, in one of its languages: more of them change the second digit of no weight."""

REPORT = "report.txt"

_ARTICLES = "articles"
"""How the names of sources that are articles begin."""

_PASSAGES = 8  # as `Assistant.ask` takes


@dataclass(frozen=True, slots=True)
class CalibrationQuestion:
    """A question about one document of a library, by its file name, the ranges that answer it, none if nothing does, and what it is
    about.
    """

    question: str
    name: str
    gold: tuple[tuple[int, int], ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class ScoredQuestion:
    """The signals of the sentences that were ranked for a question, and which of them answer it. `source` names what it is about:
    all sources count alike.
    """

    signals: tuple[Signals, ...]
    answers: tuple[bool, ...]
    answerable: bool
    source: str = ""


def write_calibration(folder: Path, english: Path, spanish: Path) -> None:
    """Fit the calibration of the weights in a folder, and write it there. `english` and `spanish` are XQuAD in both languages."""
    encoder = load_encoder()
    scored = list(scored_questions(english, spanish, encoder, SentenceRanker(encoder, CrossEncoder.load(folder))))
    calibration = {"encoder": encoder.fingerprint, "fits": dict(fit(scored, left_out) for left_out in _VARIANTS)}
    (folder / "calibration.json").write_text(json.dumps(calibration, indent=1) + "\n", encoding="utf-8")


def scored_questions(english: Path, spanish: Path, encoder: Encoder, ranker: SentenceRanker) -> Iterator[ScoredQuestion]:
    """Score questions on the dossiers that were held back, some dossiers in one report; and on articles in both languages, with
    every second paragraph left out, asked in both.
    """
    held_back = [dossier for dossier in read_dossiers() if dossier.id in HELD_BACK]
    for language in ("en", "es"):
        dossiers = [dossier for dossier in held_back if dossier.language == language]
        for start in range(0, len(dossiers), _TOGETHER):
            text, asked = as_report(dossiers[start : start + _TOGETHER])
            yield from score_questions({REPORT: text}, asked[::_EVERY_DOSSIER_QUESTION], encoder, ranker)
    for written_in in (english, spanish):
        for asked_in in (english, spanish):
            articles, questions = squad_library(written_in, CALIBRATED_ON, asked_in)
            asked = [CalibrationQuestion(*question, source=f"{_ARTICLES} {written_in.stem}") for question in questions]
            yield from score_questions(articles, asked[::_EVERY_ARTICLE_QUESTION], encoder, ranker)


def as_report(dossiers: Sequence[Dossier]) -> tuple[str, list[CalibrationQuestion]]:
    """Return dossiers as one text, `REPORT`, and the questions on it in both languages; of a follow-up, both turns as
    one.
    """
    text, questions = "", []
    for dossier in dossiers:
        ranges = {}
        for part in dossier.texts:
            text, heading = f"{text}{part.title}\n\n", ""
            for sentence in part.sentences:
                if sentence.heading != heading:
                    text, heading = f"{text}{sentence.heading}\n\n", sentence.heading
                ranges[sentence.number] = (len(text), len(text) + len(sentence.text))
                text = f"{text}{sentence.text}\n\n"
        questions += [
            CalibrationQuestion(
                question.wording(language).replace(f" {EARLIER} ", " "),
                REPORT,
                tuple(ranges[number] for number in sorted(question.gold)),
                dossier.id,
            )
            for question in dossier.questions
            for language in ("en", "es")
        ]
    return text, questions


def score_questions(
    files: dict[str, str], questions: Sequence[CalibrationQuestion], encoder: Encoder, ranker: SentenceRanker
) -> Iterator[ScoredQuestion]:
    """Ask each question of a library of these texts, by file name, and yield what was scored for it.

    Raises ValueError if no text can be indexed, or one is not read as it stands.
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
        if changed := [name for name, document in documents.items() if document.text != files[name]]:
            raise ValueError(f"the text of {', '.join(changed)} is not read as it stands, so ranges of it mean nothing")
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
    return ScoredQuestion(tuple(one.signals for one in measured), tuple(answers), bool(asked.gold), asked.source)


def fit(scored: Sequence[ScoredQuestion], left_out: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Fit the calibration without the signals of these names; return its key in `calibration.json`, and its values.

    It takes two logistic regressions, by scikit-learn: whether a sentence answers, from its signals; and whether the question is
    answerable, from the logit of its best sentence (Platt, 1999). Each source counts as much as any other. Without the
    cross-encoder, the second rests on articles alone: the other signals can't tell what only looks like an answer, which dossiers
    have on purpose. Raises ValueError if questions with a better best sentence aren't more often answerable.
    """
    from sklearn.linear_model import LogisticRegression

    nothing: dict[str, Any] = dict.fromkeys(left_out)
    read = [replace(one, signals=tuple(replace(signals, **nothing) for signals in one.signals)) for one in scored if one.signals]
    names = read[0].signals[0].names
    asked = Counter(one.source for one in read)
    weights = [len(read) / (len(asked) * asked[one.source]) for one in read]
    sentences = LogisticRegression(max_iter=2000).fit(
        np.array([signals.values for one in read for signals in one.signals]),
        np.array([answers for one in read for answers in one.answers]),
        np.array([weight for one, weight in zip(read, weights, strict=True) for _ in one.signals]),
    )
    judged = [place for place, one in enumerate(read) if "answers" not in left_out or one.source.startswith(_ARTICLES)]
    best = [sentences.decision_function(np.array([signals.values for signals in read[place].signals])).max() for place in judged]
    questions = LogisticRegression(C=100).fit(
        np.array(best)[:, None], np.array([read[place].answerable for place in judged]), np.array(weights)[judged]
    )
    if questions.coef_[0][0] <= 0:
        raise ValueError(f"by {', '.join(names)}, questions with a better sentence are not more often answerable")
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
