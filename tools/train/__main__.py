"""`python -m tools.train --qed QED.jsonl --xquad EN.json --xquad-es ES.json`: makes the weights and the calibration
anew.
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

from assistant.evidence import SentenceRanker
from assistant.model.cross_encoder import FOLDER, WEIGHTS, CrossEncoder, tokenizer
from index import Encoder, default_folder, load_encoder
from tools.train.calibrate import Asked, Seen, fit, look
from tools.train.examples import places, qed, reports, squad, squad_groups, written
from tools.train.export import export
from tools.train.model import ReaderModel
from tools.train.train import article_epoch, hardest_first, mined, natural_epoch, train, written_epoch

REPORTS = Path(__file__).with_name("reports.jsonl")
HELD_BACK = ("11", "12")
"""How the ids of the written reports end that the reader isn't trained on: the calibration is fitted on them."""

TRAINED_ON, CALIBRATED_ON = slice(0, 4), slice(4, 8)
"""Articles of XQuAD."""

ARTICLE_WEIGHT = 4.0
"""Chosen out of 1 to 14 by what it did: more tells better on articles, less on reports."""

_VARIANTS = ((), ("reader",), ("cosine",), ("reader", "cosine"))
"""Signals that there may be none of: without weights, and with an encoder whose cosines nobody calibrated."""


def main() -> None:
    """Train, export and calibrate, as the arguments say."""
    parser = argparse.ArgumentParser(description="Makes the reader's weights and its calibration anew.")
    parser.add_argument("--qed", type=Path, required=True, help="QED's questions as JSON Lines, for training")
    parser.add_argument(
        "--xquad", type=Path, required=True, help="XQuAD in English: articles 1 to 4 for training, 5 to 8 to calibrate on"
    )
    parser.add_argument("--xquad-es", type=Path, required=True, help="the same in Spanish")
    parser.add_argument("--into", type=Path, default=FOLDER, help="the folder for model.onnx, reader.json and calibration.json")
    parser.add_argument("--calibrate-only", action="store_true", help="keep the weights that are there")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    encoder = load_encoder()
    if not given.calibrate_only:
        export(trained(given.qed, given.xquad, given.xquad_es, encoder), given.into / WEIGHTS)
        digest = hashlib.sha256((given.into / WEIGHTS).read_bytes()).hexdigest()
        (given.into / "reader.json").write_text(json.dumps({"sha256": digest}) + "\n", encoding="utf-8")
    reader = SentenceRanker(encoder, CrossEncoder.load(given.into))
    seen = list(looked_at(given.xquad, given.xquad_es, encoder, reader))
    calibrations = dict(fit(seen, left_out) for left_out in _VARIANTS)
    (given.into / "calibration.json").write_text(json.dumps(calibrations, indent=1) + "\n", encoding="utf-8")


def trained(natural: Path, english: Path, spanish: Path, encoder: Encoder) -> ReaderModel:
    """A reader, trained with fixed seeds in three stages: on natural questions; on written reports, with some of these; and on all
    of it together with some articles.
    """
    torch.set_num_threads(2)
    words = tokenizer()
    questions = list(qed(natural))
    random.Random(0).shuffle(questions)
    questions = questions[400:]  # the others are for looking at
    near = mined(questions, encoder)
    groups = [group for group in hardest_first(list(written(REPORTS)), encoder) if not group.source.endswith(HELD_BACK)]
    articles = hardest_first(list(squad_groups(english, TRAINED_ON, spanish)), encoder)

    torch.manual_seed(1)
    model, draw = ReaderModel(default_folder()), random.Random(5)
    first = natural_epoch(questions, near, words, draw, beside=2, elsewhere=1)
    train(model, [first], 8e-5, 0.35, random.Random(3))

    torch.manual_seed(2)
    draw = random.Random(7)
    epochs = []
    for _ in range(3):
        some = draw.sample(questions, 1000)
        epochs.append(written_epoch(groups, words, draw) + natural_epoch(some, [[]] * 1000, words, draw, beside=3, elsewhere=0))
    train(model, epochs, 6e-5, 0.02, random.Random(4))

    torch.manual_seed(3)
    draw = random.Random(11)
    chosen = draw.sample(range(len(questions)), 2000)
    some, others = [questions[place] for place in chosen], [near[place] for place in chosen]
    last = written_epoch(groups, words, draw) + natural_epoch(some, others, words, draw, beside=1, elsewhere=3)
    train(model, [last + article_epoch(articles, words, draw)], 5e-5, 0.02, random.Random(6))
    return model


def looked_at(english: Path, spanish: Path, encoder: Encoder, reader: SentenceRanker) -> Iterator[Seen]:
    """What is seen of the questions that the calibration is fitted on: those on the reports that were held back, each asked of its
    report, and those on some articles, every second paragraph of which is left out.

    Half of the questions on reports are made to look answered. Readers' questions are not, so that those in English on articles are
    the usual ones, and all on articles count for more (`ARTICLE_WEIGHT`).
    """
    for report in reports(REPORTS):
        if report["id"].endswith(HELD_BACK):
            name, text = f"{report['id']}.txt", report["text"]
            asked = [
                Asked(said, name, places(text, one["gold_quotes"]))
                for one in report["questions"]
                for said in (one["question"], one.get("spanish"))
                if said
            ]
            yield from (replace(one, is_usual=False) for one in look({name: text}, asked, encoder, reader))
    for asked_in in (english, spanish):
        articles, questions = squad(english, CALIBRATED_ON, asked_in)
        found = look(articles, [Asked(*question) for question in questions], encoder, reader)
        yield from (replace(one, is_usual=asked_in == english, weight=ARTICLE_WEIGHT) for one in found)


if __name__ == "__main__":
    main()
