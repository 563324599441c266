"""Trains the reader: first on natural questions, then on questions about reports. See `MODEL.md` for what came of it."""

import logging
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from assistant.glossary import in_english, in_plain_words
from assistant.model.pairs import encode
from index import Encoder
from tools.train.examples import Candidate, Group, swapped
from tools.train.model import ReaderModel, padded

_log = logging.getLogger(__name__)

_BATCH = 10  # questions
_PART = 14  # pairs of like length that go through the model together
_SORTED = 40  # batches whose questions are sorted by length
_LISTWISE, _SPAN = 0.5, 0.25  # weights of the losses beside that of each pair
_SWAPS = 0.6  # of the natural questions that can have a name swapped: those that are asked with it as well


@dataclass(frozen=True, slots=True)
class Row:
    """A question with a sentence, in tokens; whether the sentence answers; and the first and last token of the answer in it."""

    ids: list[int]
    types: list[int]
    label: float
    span: tuple[int, int] | None


def row(tokenizer: Tokenizer, question: str, candidate: Candidate) -> Row:
    """A candidate in tokens."""
    pair = encode(tokenizer, question, candidate.text, candidate.around)
    span = None
    if candidate.label and candidate.span is not None:
        first, last = candidate.span
        inside = [place for place, (start, end) in enumerate(pair.offsets) if start < last and end > first]
        span = (pair.first + inside[0], pair.first + inside[-1]) if inside else None
    return Row(pair.ids, pair.types, float(bool(candidate.label)), span)


def hardest_first(groups: Sequence[Group], encoder: Encoder) -> list[Group]:
    """The groups with their sentences in the order of their cosine with the question."""
    texts = sorted({candidate.text for group in groups for candidate in group.candidates})
    vectors = dict(zip(texts, encoder.passages(texts), strict=True))
    questions = encoder.questions([group.question for group in groups])
    return [
        replace(group, candidates=tuple(sorted(group.candidates, key=lambda candidate: -float(vectors[candidate.text] @ question))))
        for group, question in zip(groups, questions, strict=True)
    ]


def mined(groups: Sequence[Group], encoder: Encoder) -> list[list[Candidate]]:
    """Per question, sentences of other articles that are near it and don't hold its answer: from the third to the eighth
    nearest.
    """
    pool = [(candidate, number) for number, group in enumerate(groups) for candidate in group.candidates[:6]]
    vectors = encoder.passages([candidate.text[:300] for candidate, _ in pool])
    owners = np.array([number for _, number in pool])
    found = []
    for number, (group, question) in enumerate(zip(groups, encoder.questions([group.question for group in groups]), strict=True)):
        near = vectors @ question
        near[owners == number] = -1
        answers = [candidate.text[slice(*candidate.span)].casefold() for candidate in group.candidates if candidate.span]
        others = [pool[place][0] for place in np.argsort(-near)[:12]]
        found.append(
            [
                replace(other, label=False, span=None)
                for other in others
                if other.around[0] != group.candidates[0].around[0]
                and not any(answer in other.text.casefold() for answer in answers)
            ][2:8]
        )
    return found


def natural_epoch(
    groups: Sequence[Group],
    near: Sequence[Sequence[Candidate]],
    tokenizer: Tokenizer,
    draw: random.Random,
    *,
    beside: int,
    elsewhere: int,
) -> list[list[Row]]:
    """One pass over natural questions: each with its answer, sentences `beside` it, some from `elsewhere`, and sometimes once
    more with a name swapped, which nothing answers.
    """
    epoch = []
    for group, others in zip(groups, near, strict=True):
        gold = [candidate for candidate in group.candidates if candidate.label]
        rest = [candidate for candidate in group.candidates if candidate.label is False]
        question = f"{group.question[0].upper()}{group.question[1:]}?" if draw.random() < 0.3 else group.question
        answer = draw.choice(gold)
        shown = [answer, *_some(rest, beside, draw), *_some(others, elsewhere, draw)]
        rows = [row(tokenizer, question, candidate) for candidate in shown]
        other = swapped(group, groups, draw) if draw.random() < _SWAPS else None
        if other is not None:
            rows.append(row(tokenizer, other, replace(answer, label=False, span=None)))
        epoch.append(rows)
    return epoch


def written_epoch(groups: Sequence[Group], tokenizer: Tokenizer, draw: random.Random) -> list[list[Row]]:
    """One pass over the questions on reports, hardest sentences first: each as it is read in use (see `_read_so`), with its answer,
    if it has one, and some of the hardest sentences.
    """
    epoch = []
    for group in groups:
        gold = [candidate for candidate in group.candidates if candidate.label]
        rest = [candidate for candidate in group.candidates if candidate.label is False]
        for question in _read_so(group):
            answers = _some(gold, 2, draw)
            shown = [*answers, *_some(rest[:6], 4 - len(answers), draw), *_some(rest[6:], 1, draw)]
            epoch.append([row(tokenizer, question, candidate) for candidate in shown])
    return epoch


def article_epoch(groups: Sequence[Group], tokenizer: Tokenizer, draw: random.Random) -> list[list[Row]]:
    """One pass over questions on articles, hardest sentences first: each with its answer, and once more without, as if the article
    did not have it.
    """
    epoch = []
    for group in groups:
        gold = [candidate for candidate in group.candidates if candidate.label]
        rest = [candidate for candidate in group.candidates if candidate.label is False]
        for question in _read_so(group):
            for shown in ([*_some(gold, 1, draw), *_some(rest[:8], 4, draw)], _some(rest[:10], 5, draw)):
                epoch.append([row(tokenizer, question, candidate) for candidate in shown])
    return epoch


def _read_so(group: Group) -> list[str]:
    """The question as it is read in use: in plain words, and in the English that the glossary makes of the Spanish one."""
    return [in_plain_words(group.question), *([in_english(group.spanish)] if group.spanish else [])]


def _some(candidates: Sequence[Candidate], most: int, draw: random.Random) -> list[Candidate]:
    return draw.sample(candidates, min(most, len(candidates)))


def loss_of(model: ReaderModel, groups: Sequence[Sequence[Row]]) -> Tensor:
    """The loss over some questions: of each pair by itself, of the answer among the sentences of its question, and of its place."""
    rows = [found for group in groups for found in group]
    order = sorted(range(len(rows)), key=lambda place: len(rows[place].ids))
    size = math.ceil(len(rows) / max(1, round(len(rows) / _PART)))
    logits: list[Tensor] = []
    spans: list[Tensor] = []
    for start in range(0, len(rows), size):
        part = [rows[place] for place in order[start : start + size]]
        types = padded([found.types for found in part])
        mask = padded([[1] * len(found.ids) for found in part])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            answers, places = model(padded([found.ids for found in part]), mask, types)
        logits.append(answers.float())
        for number, found in enumerate(part):
            if found.span is not None:
                within = places[number].float().masked_fill((types[number] == 0).unsqueeze(-1), -1e4)
                spans.append(functional.cross_entropy(within.T, torch.tensor(found.span)))
    logit = torch.cat(logits)[torch.argsort(torch.tensor(order))]
    label = torch.tensor([found.label for found in rows])
    alone = functional.binary_cross_entropy_with_logits(logit, label, reduction="none")
    losses = []
    start = 0
    for group in groups:
        here = slice(start, start + len(group))
        loss = alone[here].mean()
        if 0 < label[here].sum() < len(group):
            chances = torch.log_softmax(logit[here], 0)
            loss = loss - _LISTWISE * torch.logsumexp(chances[label[here] > 0], 0)
        losses.append(loss)
        start += len(group)
    whole = torch.stack(losses).mean()
    return whole + 2 * _SPAN * torch.stack(spans).mean() if spans else whole


def train(model: ReaderModel, epochs: Sequence[Sequence[list[Row]]], rate: float, floor: float, draw: random.Random) -> None:
    """Train on the epochs, one after the other, with AdamW; the rate rises over 6% of the steps and falls to `floor` of it. The
    word vectors stay as they are.
    """
    for parameter in model.bert.embeddings.parameters():
        parameter.requires_grad = False
    total = sum(math.ceil(len(epoch) / _BATCH) for epoch in epochs)
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [parameter for parameter in learned if parameter.ndim > 1], "weight_decay": 0.01},
            {"params": [parameter for parameter in learned if parameter.ndim < 2], "weight_decay": 0.0},
        ],
        lr=rate,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / (0.06 * total)) * max(floor, 1 - step / total)
    )
    model.train()
    losses: list[float] = []
    for epoch in epochs:
        for batch in _batches(epoch, draw):
            loss = loss_of(model, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            if len(losses) % 50 == 0:
                _log.info("step %d of %d, loss %.4f", len(losses), total, sum(losses[-100:]) / len(losses[-100:]))


def _batches(epoch: Sequence[list[Row]], draw: random.Random) -> Iterator[list[list[Row]]]:
    """Batches of questions of like length, in random order."""
    groups = list(epoch)
    draw.shuffle(groups)
    batches = []
    for start in range(0, len(groups), _BATCH * _SORTED):
        part = sorted(groups[start : start + _BATCH * _SORTED], key=lambda group: max(len(found.ids) for found in group))
        batches += [part[place : place + _BATCH] for place in range(0, len(part), _BATCH)]
    draw.shuffle(batches)
    yield from batches
