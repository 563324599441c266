"""Finds the sentences of a dossier that are nearest to each question: those that look most like answers."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from tools.train.dossiers import Dossier
from tools.train.sentence_encoder import SentenceEncoder
from tools.train.spanish_pieces import SpanishPieces

Embed = Callable[[Sequence[str]], Tensor]
"""Vectors of texts, shape (n, d), of length 1."""

_LONGEST = 80  # tokens; the rest is cut off
_BATCH = 64  # texts
_KEPT = 12  # sentences for each question


def nearest_sentences(dossier: Dossier, embed: Embed) -> list[list[int]]:
    """Return for each question of a dossier the numbers of the sentences nearest to it, the nearest first, by the cosine of their
    vectors. The question is taken in the dossier's language.
    """
    sentences = dossier.sentences
    cosines = (
        embed([question.wording(dossier.language) for question in dossier.questions]) @ embed([one.text for one in sentences]).T
    )
    order = cosines.argsort(dim=1, descending=True, stable=True)[:, :_KEPT]
    return [[sentences[place].number for place in row] for row in order.tolist()]


def bilingual_embed(folder: Path, pieces: SpanishPieces) -> Embed:
    """Return the vectors of the sentence encoder in this folder, a BERT of English words, with pieces for Spanish ones."""
    encoder = SentenceEncoder.start(folder, pieces)

    @torch.inference_mode()
    def embed(texts: Sequence[str]) -> Tensor:
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        parts = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        vectors = torch.cat([encoder([texts[place] for place in part], _LONGEST) for part in parts])
        return vectors[torch.argsort(torch.tensor(order))]

    return embed
