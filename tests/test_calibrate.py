"""The calibration: the reports that it asks, what is scored, and the fit."""

import random
from dataclasses import replace

import pytest

from assistant import SentenceRanker
from assistant.model import Calibration, Signals
from index import Encoder
from tests.made import REPORT
from tools.train.calibrate import CalibrationQuestion, ScoredQuestion, as_report, fit, score_questions
from tools.train.dossiers import Dossier
from tools.train.examples import quote_ranges


def test_dossiers_are_calibrated_on_as_one_text(dossier: Dossier) -> None:
    text, asked = as_report([replace(dossier, id="first"), dossier])
    assert text.startswith("Chapter 1\n\nThe port of town 1 was closed.\n\nCauses\n\nSilt blocked channel 1.\n\n")
    assert [one.source for one in asked] == ["first"] * 4 + [dossier.id] * 4
    assert [(one.question, [text[start:end] for start, end in one.gold]) for one in asked[4:]] == [
        ("Why can't ships enter?", ["Silt blocked channel 1."]),
        ("¿Por qué no entran barcos?", ["Silt blocked channel 1."]),
        ("Who shut the port?", []),
        ("¿Quién cerró el puerto?", []),
    ]


def test_the_score_of_a_question_names_the_sentence_that_answers(encoder: Encoder) -> None:
    quote = "412 illegal sawmills"
    asked = [
        CalibrationQuestion("How many sawmills were counted?", "r.txt", quote_ranges(REPORT, [quote])),
        CalibrationQuestion("What of llamas?", "r.txt", ()),
    ]
    answered, unanswered = score_questions({"r.txt": REPORT}, asked, encoder, SentenceRanker(encoder))
    assert (answered.answerable, unanswered.answerable) == (True, False)
    assert sum(answered.answers) == 1
    assert not any(unanswered.answers)
    assert max(answered.signals, key=lambda signals: signals.coverage) == answered.signals[answered.answers.index(True)]


def made_scores(draw: random.Random, source: str = "") -> list[ScoredQuestion]:
    scored = []
    for number in range(400):
        coverages = [draw.random() / 2, draw.random() / 2 + (0.5 if number % 2 else 0.0)]
        signals = tuple(Signals(None, None, 0.5, coverage, draw.random(), 1.0) for coverage in coverages)
        answerable = bool(number % 2) and bool(number % 8 != 1)
        scored.append(ScoredQuestion(signals, (False, answerable), answerable, source))
    return scored


def test_the_fit_finds_which_signal_tells_and_how_surely() -> None:
    """Coverage tells without error here, and names tell nothing; of the questions, every fourth that looks answered isn't."""
    scored = made_scores(random.Random(0))
    key, values = fit(scored, ())
    assert key == "cosine coverage named fits"
    calibration = Calibration(**values)
    assert calibration.weights["coverage"] > 10 * abs(calibration.weights["named"])
    sure = [calibration.probability(max(map(calibration.logit, one.signals))) for one in scored]
    assert sum(sure) / 400 == pytest.approx(sum(one.answerable for one in scored) / 400, abs=0.01)
    assert sum(sure[1::2]) > 4 * sum(sure[::2])


def test_without_the_cross_encoder_articles_alone_say_how_surely() -> None:
    """In dossiers, what looks answered isn't, here always."""
    articles = made_scores(random.Random(0), "articles en")
    misleading = [replace(one, answerable=not one.answerable) for one in made_scores(random.Random(1), "w1-13")]
    assert Calibration(**fit([*articles, *misleading], ("answers", "is_about"))[1]).slope > 0
    with pytest.raises(ValueError, match="by cosine, coverage, named, fits, questions with a better sentence are not more often"):
        fit(misleading, ())
