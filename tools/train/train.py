"""Trains the cross-encoder: makes epochs of questions with sentences in tokens, and takes steps on them."""

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
from tools.cpu_flags import has_bfloat16
from tools.train.examples import Candidate, Example, with_other_name
from tools.train.model import TrainableCrossEncoder, padded

_log = logging.getLogger(__name__)

_BATCH = 10  # questions
_PART = 14  # pairs of like length that go through the model together
_SORTED = 40  # batches whose questions are sorted by length
_LISTWISE, _SPAN = 0.5, 0.25  # weights of two losses beside that of each pair
_SWAPS = 0.6  # the share of the natural questions with a name that are asked with another one, too


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A question with a sentence, as token ids and their types. `label` is 1.0 if the sentence answers, else 0.0; `span` holds the
    answer's first and last token.
    """

    ids: list[int]
    types: list[int]
    label: float
    span: tuple[int, int] | None


def training_pair(tokenizer: Tokenizer, question: str, candidate: Candidate) -> TrainingPair:
    """Return a question with a candidate in tokens."""
    pair = encode(tokenizer, question, candidate.text, candidate.around)
    span = None
    if candidate.label and candidate.span is not None:
        first, last = candidate.span
        inside = [place for place, (start, end) in enumerate(pair.offsets) if start < last and end > first]
        span = (pair.first + inside[0], pair.first + inside[-1]) if inside else None
    return TrainingPair(pair.ids, pair.types, float(bool(candidate.label)), span)


def hardest_first(examples: Sequence[Example], encoder: Encoder) -> list[Example]:
    """Return the examples with their sentences in the order of their cosine with the question, highest first."""
    texts = sorted({candidate.text for example in examples for candidate in example.candidates})
    vectors = dict(zip(texts, encoder.passages(texts), strict=True))
    questions = encoder.questions([example.question for example in examples])
    return [
        replace(
            example,
            candidates=tuple(sorted(example.candidates, key=lambda candidate: -float(vectors[candidate.text] @ question))),
        )
        for example, question in zip(examples, questions, strict=True)
    ]


def hard_negatives(examples: Sequence[Example], encoder: Encoder) -> list[list[Candidate]]:
    """Return for each question the third to the eighth nearest of the sentences of other articles that don't hold its answer."""
    pool = [(candidate, number) for number, example in enumerate(examples) for candidate in example.candidates[:6]]
    vectors = encoder.passages([candidate.text[:300] for candidate, _ in pool])
    owners = np.array([number for _, number in pool])
    questions = encoder.questions([example.question for example in examples])
    negatives = []
    for number, (example, question) in enumerate(zip(examples, questions, strict=True)):
        cosines = vectors @ question
        cosines[owners == number] = -1
        answers = [candidate.text[slice(*candidate.span)].casefold() for candidate in example.candidates if candidate.span]
        nearest = [pool[place][0] for place in np.argsort(-cosines)[:12]]
        negatives.append(
            [
                replace(other, label=False, span=None)
                for other in nearest
                if other.around[0] != example.candidates[0].around[0]
                and not any(answer in other.text.casefold() for answer in answers)
            ][2:8]
        )
    return negatives


def natural_epoch(
    examples: Sequence[Example],
    negatives: Sequence[Sequence[Candidate]],
    tokenizer: Tokenizer,
    draw: random.Random,
    *,
    beside: int,
    elsewhere: int,
) -> list[list[TrainingPair]]:
    """Return one pass over natural questions: each with its answer, so many sentences from `beside` it and from `elsewhere`, and
    sometimes once more with another name, which nothing answers.
    """
    epoch = []
    for example, others in zip(examples, negatives, strict=True):
        gold = [candidate for candidate in example.candidates if candidate.label]
        rest = [candidate for candidate in example.candidates if candidate.label is False]
        question = f"{example.question[0].upper()}{example.question[1:]}?" if draw.random() < 0.3 else example.question
        answer = draw.choice(gold)
        shown = [answer, *_some(rest, beside, draw), *_some(others, elsewhere, draw)]
        pairs = [training_pair(tokenizer, question, candidate) for candidate in shown]
        other = with_other_name(example, examples, draw) if draw.random() < _SWAPS else None
        if other is not None:
            pairs.append(training_pair(tokenizer, other, replace(answer, label=False, span=None)))
        epoch.append(pairs)
    return epoch


def report_epoch(examples: Sequence[Example], tokenizer: Tokenizer, draw: random.Random) -> list[list[TrainingPair]]:
    """Return one pass over the questions on reports, whose sentences come hardest first: each question as the model sees it in use,
    with its answer, if it has one, and some of the hardest sentences.
    """
    epoch = []
    for example in examples:
        gold = [candidate for candidate in example.candidates if candidate.label]
        rest = [candidate for candidate in example.candidates if candidate.label is False]
        for question in _as_in_use(example):
            answers = _some(gold, 2, draw)
            shown = [*answers, *_some(rest[:6], 4 - len(answers), draw), *_some(rest[6:], 1, draw)]
            epoch.append([training_pair(tokenizer, question, candidate) for candidate in shown])
    return epoch


def article_epoch(examples: Sequence[Example], tokenizer: Tokenizer, draw: random.Random) -> list[list[TrainingPair]]:
    """Return one pass over questions on articles, whose sentences come hardest first: each with its answer, and once more without,
    as if the article did not have it.
    """
    epoch = []
    for example in examples:
        gold = [candidate for candidate in example.candidates if candidate.label]
        rest = [candidate for candidate in example.candidates if candidate.label is False]
        for question in _as_in_use(example):
            for shown in ([*_some(gold, 1, draw), *_some(rest[:8], 4, draw)], _some(rest[:10], 5, draw)):
                epoch.append([training_pair(tokenizer, question, candidate) for candidate in shown])
    return epoch


def _as_in_use(example: Example) -> list[str]:
    """Return the question as the model sees it in use: in plain words, and in the glossary's English for the Spanish one."""
    return [in_plain_words(example.question), *([in_english(example.spanish)] if example.spanish else [])]


def _some(candidates: Sequence[Candidate], most: int, draw: random.Random) -> list[Candidate]:
    return draw.sample(candidates, min(most, len(candidates)))


def training_type() -> torch.dtype:
    """Return the number type of the forward pass: bfloat16 where the processor has it in hardware, and float32 elsewhere.

    Elsewhere torch emulates bfloat16, six times slower than float32.
    """
    return torch.bfloat16 if has_bfloat16() else torch.float32


def loss_of(model: TrainableCrossEncoder, groups: Sequence[Sequence[TrainingPair]]) -> Tensor:
    """Return the loss over some questions, each with its pairs: that of each pair by itself, that of the answer among the pairs of
    its question, and that of the answer's span.
    """
    pairs = [pair for group in groups for pair in group]
    order = sorted(range(len(pairs)), key=lambda place: len(pairs[place].ids))
    size = math.ceil(len(pairs) / max(1, round(len(pairs) / _PART)))
    number_type = training_type()
    logits: list[Tensor] = []
    span_losses: list[Tensor] = []
    for start in range(0, len(pairs), size):
        part = [pairs[place] for place in order[start : start + size]]
        types = padded([pair.types for pair in part])
        mask = padded([[1] * len(pair.ids) for pair in part])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=number_type is torch.bfloat16):
            answers, spans = model(padded([pair.ids for pair in part]), mask, types)
        logits.append(answers.float())
        for number, pair in enumerate(part):
            if pair.span is not None:
                within = spans[number].float().masked_fill((types[number] == 0).unsqueeze(-1), -1e4)
                span_losses.append(functional.cross_entropy(within.T, torch.tensor(pair.span)))
    logit = torch.cat(logits)[torch.argsort(torch.tensor(order))]
    label = torch.tensor([pair.label for pair in pairs])
    pair_losses = functional.binary_cross_entropy_with_logits(logit, label, reduction="none")
    losses = []
    start = 0
    for group in groups:
        here = slice(start, start + len(group))
        loss = pair_losses[here].mean()
        if 0 < label[here].sum() < len(group):
            chances = torch.log_softmax(logit[here], 0)
            loss = loss - _LISTWISE * torch.logsumexp(chances[label[here] > 0], 0)
        losses.append(loss)
        start += len(group)
    mean = torch.stack(losses).mean()
    return mean + 2 * _SPAN * torch.stack(span_losses).mean() if span_losses else mean


def train(
    model: TrainableCrossEncoder,
    epochs: Sequence[Sequence[list[TrainingPair]]],
    rate: float,
    floor: float,
    draw: random.Random,
) -> None:
    """Train the model on the epochs, one after the other, with AdamW. The word vectors stay as they are.

    The learning rate rises to `rate` over the first 6% of the steps, and then falls linearly to `floor` of it.
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


def _batches(epoch: Sequence[list[TrainingPair]], draw: random.Random) -> Iterator[list[list[TrainingPair]]]:
    """Yield batches of questions of similar length, in random order."""
    groups = list(epoch)
    draw.shuffle(groups)
    batches = []
    for start in range(0, len(groups), _BATCH * _SORTED):
        part = sorted(groups[start : start + _BATCH * _SORTED], key=lambda group: max(len(pair.ids) for pair in group))
        batches += [part[place : place + _BATCH] for place in range(0, len(part), _BATCH)]
    draw.shuffle(batches)
    yield from batches
