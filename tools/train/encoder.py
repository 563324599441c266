"""The recipe of the encoder: makes its vocabulary and its weights anew from the data that its `MODEL.md` names.

python -m tools.train.encoder --xquad EN.json --xquad-es ES.json
"""

import argparse
import hashlib
import json
import logging
import random
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from index import default_folder
from tools.cpu_flags import usable_cores
from tools.train.dossiers import HELD_BACK, read_dossiers
from tools.train.encoder_batches import QUESTIONS, EncoderBatch, Twins, askable, make_encoder_batches, parallel_texts
from tools.train.examples import REPORTS
from tools.train.sentence_encoder import WEIGHTS, SentenceEncoder, base_folder
from tools.train.spanish_pieces import make_pieces, multilingual_embed, spanish_words
from tools.train.steps import Plan, autocast, take_steps

_RATE = 3e-5
_WARM_UP = 15  # steps
_SAVE_EVERY = 50  # steps
_TEMPERATURE = 0.05
_BACKWARD = 0.25  # weight of finding each window's question, beside that of finding each question's window
_DISTILLED = 3  # weight of the teacher's vectors
_ENGLISH = 0.5  # weight of English texts among them
_TEXT, _WINDOW = 200, 128  # tokens that are read of one

_log = logging.getLogger(__name__)


def main() -> None:
    """Make the vocabulary and the weights, as the arguments say, and log the checksum of the weights."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(usable_cores())
    plan = Plan(arguments.rate, None, arguments.minutes, arguments.checkpoint, _SAVE_EVERY, _WARM_UP)
    encoder = trained(base_folder(), arguments.xquad, arguments.xquad_es, arguments.seed, arguments.steps, plan)
    _log.info("%s, sha256 %s", WEIGHTS, encoder.write(base_folder(), arguments.into))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.train.encoder",
        description="Make the encoder's vocabulary and its weights anew. index/encoders/model_files.py needs their sha256.",
    )
    parser.add_argument("--xquad", type=Path, required=True, help="XQuAD in English: articles 1 to 8 for training")
    parser.add_argument("--xquad-es", type=Path, required=True, help="the same in Spanish")
    parser.add_argument("--into", type=Path, default=default_folder(), help="the folder to write (%(default)s)")
    parser.add_argument("--checkpoint", type=Path, default=Path("encoder-training.pt"), help="where to go on from (%(default)s)")
    parser.add_argument("--steps", type=int, help="the steps to take (by default, so many that each question comes once)")
    parser.add_argument("--minutes", type=float, help="the most minutes to train, over all runs")
    parser.add_argument("--rate", type=float, default=_RATE, help="the learning rate (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    return parser


def trained(base: Path, english: Path, spanish: Path, seed: int, steps: int | None, plan: Plan) -> SentenceEncoder:
    """Train the encoder in the folder `base`, given pieces for Spanish words, on the dossiers that aren't held back.

    `english` and `spanish` are XQuAD in both languages. Without `steps`, each question comes once.
    """
    dossiers = [dossier for dossier in read_dossiers() if dossier.id not in HELD_BACK]
    vocabulary = Tokenizer.from_file(str(base / "tokenizer.json")).get_vocab()
    pieces = make_pieces(spanish_words(dossiers, REPORTS, spanish), vocabulary, multilingual_embed())
    asked, twins = askable(dossiers), list(parallel_texts(dossiers, REPORTS, english, spanish))
    _log.info("%d questions; %d texts in both languages; %d Spanish words", len(asked), len(twins), len(pieces.words))
    count = len(asked) // QUESTIONS if steps is None else steps
    batches = list(make_encoder_batches(asked, twins, count, random.Random(seed)))
    encoder = SentenceEncoder.start(base, pieces)
    train_encoder(encoder, SentenceEncoder.start(base), batches, plan)
    return encoder


def train_encoder(encoder: SentenceEncoder, teacher: SentenceEncoder, batches: Sequence[EncoderBatch], plan: Plan) -> None:
    """Train the encoder on the batches, one after the other, with AdamW: to give both languages the vectors that the teacher gives
    to English, and to tell which window answers.

    Raises ValueError if the checkpoint is of another training.
    """
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=plan.rate, weight_decay=0.01, fused=True)

    def loss_at(step: int) -> Tensor:
        batch = batches[step]
        return contrast(encoder, batch) + _DISTILLED * distillation(encoder, teacher, batch.twins)

    training = json.dumps([plan.rate, [astuple(batch) for batch in batches]])
    take_steps(encoder, optimizer, loss_at, len(batches), hashlib.sha256(training.encode()).hexdigest(), plan)


def contrast(encoder: SentenceEncoder, batch: EncoderBatch) -> Tensor:
    """Return the loss of finding the window that answers each question, in either language, among all windows of the batch, and of
    finding each window's question (InfoNCE, van den Oord et al., 2018).
    """
    own = torch.arange(len(batch.english))
    masked = torch.zeros((len(own), len(batch.windows)), dtype=torch.bool)
    for question, window in batch.masked:
        masked[question, window] = True
    with autocast():
        questions, windows = encoder([*batch.english, *batch.spanish], _TEXT), encoder(batch.windows, _WINDOW)
    logits = (questions @ windows.T / _TEMPERATURE).masked_fill(masked.repeat(2, 1), float("-inf"))
    forward: Tensor = functional.cross_entropy(logits, own.repeat(2))
    backward = [functional.cross_entropy(half[:, : len(own)].T, own) for half in logits.chunk(2)]
    return forward + _BACKWARD * torch.stack(backward).sum()


def distillation(encoder: SentenceEncoder, teacher: SentenceEncoder, twins: Sequence[Twins]) -> Tensor:
    """Return how far the encoder's vectors of texts in both languages are from the teacher's of the English ones, as 1 less their
    cosine (after Reimers and Gurevych, 2020).
    """
    english, spanish = zip(*twins, strict=True)
    with autocast():
        with torch.no_grad():
            aims = teacher(english, _TEXT)
        distances = [1 - functional.cosine_similarity(encoder(texts, _TEXT), aims).mean() for texts in (spanish, english)]
    return distances[0] + _ENGLISH * distances[1]


if __name__ == "__main__":
    main()
