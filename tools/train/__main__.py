"""The recipe of the trained model: makes its weights and its calibration anew from the data that `MODEL.md` names.

python -m tools.train --qed QED.jsonl --xquad EN.json --xquad-es ES.json
"""

import argparse
import hashlib
import json
import logging
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from assistant import SentenceRanker
from assistant.model import CrossEncoder, tokenizer
from assistant.model.cross_encoder import FOLDER, WEIGHTS
from index import Encoder, default_folder, load_encoder
from tools.train.calibrate import CalibrationQuestion, ScoredQuestion, fit, score_questions
from tools.train.examples import qed_examples, quote_ranges, read_reports, report_examples, squad_examples, squad_library
from tools.train.export import export
from tools.train.model import TrainableCrossEncoder
from tools.train.train import article_epoch, hard_negatives, hardest_first, natural_epoch, report_epoch, train

REPORTS = Path(__file__).with_name("reports.jsonl")
HELD_BACK = ("11", "12")
"""How the ids of those written reports end that the model isn't trained on: the calibration is fitted on them."""

TRAINED_ON, CALIBRATED_ON = slice(0, 4), slice(4, 8)
"""Articles of XQuAD."""

ARTICLE_WEIGHT = 4.0
"""Chosen from 1 to 14 by its effect: a higher one is better on articles, and worse on reports."""

_VARIANTS = ((), ("cross_encoder",), ("cosine",), ("cross_encoder", "cosine"))
"""Signals that may be missing: without weights, and with an encoder whose cosines nobody calibrated."""


def main() -> None:
    """Train, export and calibrate, as the arguments say."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.train", description="Make the weights of the cross-encoder and their calibration anew."
    )
    parser.add_argument("--qed", type=Path, required=True, help="QED's questions as JSON Lines, for training")
    parser.add_argument(
        "--xquad", type=Path, required=True, help="XQuAD in English: articles 1 to 4 for training, 5 to 8 for the calibration"
    )
    parser.add_argument("--xquad-es", type=Path, required=True, help="the same in Spanish")
    parser.add_argument(
        "--into", type=Path, default=FOLDER, help=f"the folder for {WEIGHTS}, its checksum and calibration.json (%(default)s)"
    )
    parser.add_argument("--calibrate-only", action="store_true", help="keep the weights that are there")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    encoder = load_encoder()
    if not arguments.calibrate_only:
        write_weights(trained(arguments.qed, arguments.xquad, arguments.xquad_es, encoder), arguments.into)
    ranker = SentenceRanker(encoder, CrossEncoder.load(arguments.into))
    scored = list(scored_questions(arguments.xquad, arguments.xquad_es, encoder, ranker))
    calibration = {"encoder": encoder.fingerprint, "fits": dict(fit(scored, left_out) for left_out in _VARIANTS)}
    (arguments.into / "calibration.json").write_text(json.dumps(calibration, indent=1) + "\n", encoding="utf-8")


def write_weights(model: TrainableCrossEncoder, folder: Path) -> None:
    """Export a model into a folder, with the checksum that `CrossEncoder.load` compares."""
    weights = folder / WEIGHTS
    export(model, weights)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    weights.with_suffix(".json").write_text(json.dumps({"sha256": digest}) + "\n", encoding="utf-8")


def trained(natural: Path, english: Path, spanish: Path, encoder: Encoder) -> TrainableCrossEncoder:
    """Train a model with fixed seeds in three stages: on natural questions; on written reports with some of these; and on all of it
    with some articles.
    """
    torch.set_num_threads(2)
    words = tokenizer()
    questions = list(qed_examples(natural))
    random.Random(0).shuffle(questions)
    questions = questions[400:]  # the first ones are kept to look at
    negatives = hard_negatives(questions, encoder)
    on_reports = hardest_first(list(report_examples(REPORTS)), encoder)
    on_reports = [example for example in on_reports if not example.source.endswith(HELD_BACK)]
    on_articles = hardest_first(list(squad_examples(english, TRAINED_ON, spanish)), encoder)

    torch.manual_seed(1)
    model, draw = TrainableCrossEncoder.load(default_folder()), random.Random(5)
    first = natural_epoch(questions, negatives, words, draw, beside=2, elsewhere=1)
    train(model, [first], 8e-5, 0.35, random.Random(3))

    torch.manual_seed(2)
    draw = random.Random(7)
    epochs = []
    for _ in range(3):
        some = draw.sample(questions, 1000)
        epochs.append(report_epoch(on_reports, words, draw) + natural_epoch(some, [[]] * 1000, words, draw, beside=3, elsewhere=0))
    train(model, epochs, 6e-5, 0.02, random.Random(4))

    torch.manual_seed(3)
    draw = random.Random(11)
    chosen = draw.sample(range(len(questions)), 2000)
    some, others = [questions[place] for place in chosen], [negatives[place] for place in chosen]
    last = report_epoch(on_reports, words, draw) + natural_epoch(some, others, words, draw, beside=1, elsewhere=3)
    train(model, [last + article_epoch(on_articles, words, draw)], 5e-5, 0.02, random.Random(6))
    return model


def scored_questions(english: Path, spanish: Path, encoder: Encoder, ranker: SentenceRanker) -> Iterator[ScoredQuestion]:
    """Score the questions that the calibration is fitted on: those on the reports that were held back, each asked of its report,
    and those on some articles, every second paragraph of which is left out.

    Half of the questions on reports are made to look answered, which people's questions are not. So those in English on articles
    are the usual ones, and all on articles count for more (`ARTICLE_WEIGHT`).
    """
    for report in read_reports(REPORTS):
        if report["id"].endswith(HELD_BACK):
            name, text = f"{report['id']}.txt", report["text"]
            asked = [
                CalibrationQuestion(wording, name, quote_ranges(text, question["gold_quotes"]))
                for question in report["questions"]
                for wording in (question["question"], question.get("spanish"))
                if wording
            ]
            yield from (replace(one, is_usual=False) for one in score_questions({name: text}, asked, encoder, ranker))
    for asked_in in (english, spanish):
        articles, questions = squad_library(english, CALIBRATED_ON, asked_in)
        scored = score_questions(articles, [CalibrationQuestion(*question) for question in questions], encoder, ranker)
        yield from (replace(one, is_usual=asked_in == english, weight=ARTICLE_WEIGHT) for one in scored)


if __name__ == "__main__":
    main()
