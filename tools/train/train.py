"""Trains the cross-encoder: turns groups into tokens, and learns from their labels."""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from assistant.model.passage_input import PassageInput, passage_inputs
from tools.train.groups import Group
from tools.train.model import TrainableCrossEncoder, batch_of
from tools.train.steps import Plan, autocast, take_steps

_BATCH = 12  # groups
_SORTED = 30  # batches whose groups are sorted by length
_NEW = 4  # times the learning rate that new parameters get: the heads, and the words added to the vocabulary
_HARDEST, _NEAR = 0.5, 0.5  # weights of the wrong sentence that looks most right, and of near misses, beside that of each sentence
_ABOUT, _ABOUT_NEAR = 0.7, 0.3  # weights of telling the answer, and the near miss where there is none, from the other sentences
_SPAN = 0.25  # weight of the answer's span

RATE = 5e-5
"""The learning rate."""


@dataclass(frozen=True, slots=True)
class EncodedGroup:
    """A group in tokens, its sentences in one input or more. `labels`, `near` and `span` are as those of a `Group`, but the range
    of the span is its first and last token among those of its sentence.
    """

    inputs: tuple[PassageInput, ...]
    labels: tuple[bool | None, ...]
    near: frozenset[int]
    span: tuple[int, int, int] | None

    @property
    def length(self) -> int:
        """The number of its tokens."""
        return sum(len(one.ids) for one in self.inputs)


def encoded(tokenizer: Tokenizer, group: Group) -> EncodedGroup:
    """Return a group in tokens. A span that is cut off is left out."""
    inputs = tuple(passage_inputs(tokenizer, group.question, group.headings, group.sentences))
    span = None
    if group.span is not None:
        sentence, start, end = group.span
        offsets = [offsets for one in inputs for offsets in one.offsets][sentence]
        inside = [place for place, (first, last) in enumerate(offsets) if first < end and last > start]
        if inside and offsets[inside[-1]][1] >= end:
            span = (sentence, inside[0], inside[-1])
    return EncodedGroup(inputs, group.labels, group.near, span)


def make_batches(groups: Sequence[EncodedGroup], draw: random.Random) -> list[list[EncodedGroup]]:
    """Return batches of groups of similar length, in random order."""
    shuffled = draw.sample(groups, len(groups))
    batches: list[list[EncodedGroup]] = []
    for start in range(0, len(shuffled), _BATCH * _SORTED):
        part = sorted(shuffled[start : start + _BATCH * _SORTED], key=lambda group: group.length)
        some = [part[place : place + _BATCH] for place in range(0, len(part), _BATCH)]
        batches += draw.sample(some, len(some))
    return batches


def loss_of(model: TrainableCrossEncoder, groups: Sequence[EncodedGroup]) -> Tensor:
    """Return the mean loss over some groups: that of each sentence's answering or not, that of telling the sentence that is about
    the question from the others of its group, and that of the answer's span.
    """
    inputs = [one for group in groups for one in group.inputs]
    with autocast():
        scores, spans = model(*batch_of(inputs))
    scores, spans = scores.float(), spans.float()
    losses, span_losses, first = [], [], 0
    for group in groups:
        rows = range(first, first := first + len(group.inputs))
        markers = [scores[row, len(inputs[row].ids) - len(inputs[row].sentences) : len(inputs[row].ids)] for row in rows]
        losses.append(_group_loss(torch.cat(markers), group))
        if group.span is not None:
            sentence, start, end = group.span
            row, (left, right) = [(row, tokens) for row in rows for tokens in inputs[row].sentences][sentence]
            span_losses.append(functional.cross_entropy(spans[row, left:right].T, torch.tensor([start, end])))
    loss = torch.stack(losses).mean()
    return loss + _SPAN * torch.stack(span_losses).mean() if span_losses else loss


def _group_loss(scores: Tensor, group: EncodedGroup) -> Tensor:
    """Return the loss of a group from the logits of its sentences, shape (n, 2). Sentences with unknown labels have none."""
    right = torch.tensor([label is True for label in group.labels])
    wrong = torch.tensor([label is False for label in group.labels])
    near = torch.tensor([place in group.near for place in range(len(group.labels))])
    each = functional.binary_cross_entropy_with_logits(scores[:, 0], right.float(), reduction="none")
    loss = scores.new_zeros(())
    if right.any():
        loss = loss + each[right].mean() / 2
    if wrong.any():
        loss = loss + (each[wrong].mean() + _HARDEST * each[wrong].max()) / 2
    if near.any():
        loss = loss + _NEAR * each[near].mean() / 2
    about, known = right if right.any() else near, right | wrong
    if about.any() and not about[known].all():
        share = torch.logsumexp(scores[about, 1], 0) - torch.logsumexp(scores[known, 1], 0)
        loss = loss - (_ABOUT if right.any() else _ABOUT_NEAR) * share
    return loss


def train(model: TrainableCrossEncoder, batches: Sequence[Sequence[EncodedGroup]], first_new_word: int, plan: Plan) -> None:
    """Train the model on the batches, one after the other, with AdamW.

    Of the embeddings, only the vectors of the words from `first_new_word` on are trained. Raises ValueError if the checkpoint is of
    another training.
    """
    optimizer = _optimizer(model, plan.rate)
    words = model.bert.embeddings.word_embeddings.weight
    held = words.register_hook(lambda gradient: gradient.index_fill(0, torch.arange(first_new_word), 0.0))
    take_steps(model, optimizer, lambda step: loss_of(model, batches[step]), len(batches), _digest(batches, plan), plan)
    held.remove()


def _optimizer(model: TrainableCrossEncoder, rate: float) -> torch.optim.AdamW:
    """Return the optimizer of a model, whose embeddings are frozen but for those of words."""
    for parameter in model.bert.embeddings.parameters():
        parameter.requires_grad = False
    words = model.bert.embeddings.word_embeddings.weight
    words.requires_grad = True
    new = [*model.scores.parameters(), *model.span.parameters(), words]
    are_new = {id(parameter) for parameter in new}
    learned = [one for one in model.parameters() if one.requires_grad and id(one) not in are_new]
    return torch.optim.AdamW(
        [
            {"params": [parameter for parameter in learned if parameter.ndim > 1], "weight_decay": 0.01},
            {"params": [parameter for parameter in learned if parameter.ndim < 2], "weight_decay": 0.0},
            {"params": new, "weight_decay": 0.0, "lr": _NEW * rate},
        ],
        lr=rate,
        fused=True,
    )


def _digest(batches: Sequence[Sequence[EncodedGroup]], plan: Plan) -> str:
    """Return what tells one training from another: a digest of its batches, its learning rate and its most steps."""
    digest = hashlib.sha256(json.dumps([plan.rate, plan.most_steps]).encode())
    for batch in batches:
        for group in batch:
            ids = [one.ids for one in group.inputs]
            digest.update(json.dumps([ids, group.labels, sorted(group.near), group.span]).encode())
    return digest.hexdigest()
