"""Makes what the encoder is trained on: texts that say the same in two languages, and questions with passages that answer them."""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from tools.train.dossiers import EARLIER, Dossier, DossierQuestion
from tools.train.examples import read_reports
from tools.train.groups import around
from tools.train.spanish_pieces import ARTICLES, glossary

Twins = tuple[str, str]
"""A text in English, and the same in Spanish."""

Asked = tuple[Dossier, DossierQuestion]
"""A question and its dossier."""

QUESTIONS = 24
"""How many questions a batch has."""

_TWINS, _LONG_TWINS = 30, 10  # of a batch, of all and of the long ones
_LONG = 80  # characters
_SIZE, _WRONG_SIZE = 5, 3  # sentences that a window has at most, and one that doesn't answer
_APART = 5  # sentences between a window that doesn't answer and those that do
_TRANSLATED = 0.4  # the share of windows in the other language, where there is a translation
_WITH_TITLE, _WITH_HEADING = 0.7, 0.8

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences of a dossier that follow one another, by their numbers, and their text, often under their title and heading."""

    text: str
    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class EncoderBatch:
    """What one step learns from: n questions in English and in Spanish, and n windows or more, the first of which answer them, one
    each; the others answer none of the dossiers' questions that they were drawn for.

    `masked` are the pairs of a question and a window, by their places, that are no example of anything: the window isn't the
    question's own, and answers it.
    """

    english: tuple[str, ...]
    spanish: tuple[str, ...]
    windows: tuple[str, ...]
    masked: tuple[tuple[int, int], ...]
    twins: tuple[Twins, ...]


def parallel_texts(dossiers: Iterable[Dossier], reports: Path, english: Path, spanish: Path) -> Iterator[Twins]:
    """Yield the questions and translated sentences of dossiers, questions on the written reports, words of the glossary, and the
    questions and sentences of some articles in SQuAD's format, which `english` and `spanish` have.
    """
    for dossier in dossiers:
        for question in dossier.questions:
            yield question.english.replace(f" {EARLIER} ", " "), question.spanish.replace(f" {EARLIER} ", " ")
        for sentence in dossier.sentences:
            if translation := dossier.translations.get(sentence.number):
                yield (sentence.text, translation) if dossier.language == "en" else (translation, sentence.text)
    for report in read_reports(reports):
        yield from ((asked["question"], asked["spanish"]) for asked in report["questions"] if asked.get("spanish"))
    for phrase, meaning in glossary().items():
        yield meaning if " " in phrase else meaning.split()[0], phrase  # of a word, the glossary may list several meanings
    for paragraph, other in zip(_paragraphs(english), _paragraphs(spanish), strict=True):
        yield from ((one["question"], two["question"]) for one, two in zip(paragraph["qas"], other["qas"], strict=True))
        sentences, translations = (one["context"].split(". ") for one in (paragraph, other))
        if len(sentences) == len(translations):
            yield from zip(sentences, translations, strict=True)


def _paragraphs(path: Path) -> Iterator[dict[str, Any]]:
    for article in json.loads(path.read_bytes())["data"][ARTICLES]:
        yield from article["paragraphs"]


def window(dossier: Dossier, number: int, most: int, draw: random.Random) -> Window:
    """Return the sentence of this number with its neighbours in the text, together `most` sentences or fewer, each on a line of its
    own, in either language.
    """
    text = next(text for text in dossier.texts if any(one.number == number for one in text.sentences))
    sentences = around(text, number, draw.randint(1, most), draw)
    numbers = [one.number for one in sentences]
    lines = [one.text for one in sentences]
    is_translated = draw.random() < _TRANSLATED and dossier.translations.keys() >= set(numbers)
    if is_translated:
        lines = [dossier.translations[one] for one in numbers]
    elif sentences[0].heading and draw.random() < _WITH_HEADING:
        lines.insert(0, sentences[0].heading)
    if draw.random() < _WITH_TITLE:
        lines.insert(0, text.title)
    return Window("\n".join(lines), frozenset(numbers))


def askable(dossiers: Iterable[Dossier]) -> list[Asked]:
    """Return the questions that a sentence answers, without follow-ups, each with its dossier."""
    return [
        (dossier, question)
        for dossier in dossiers
        for question in dossier.questions
        if question.gold and EARLIER not in question.english
    ]


def make_encoder_batches(asked: Sequence[Asked], twins: Sequence[Twins], count: int, draw: random.Random) -> Iterator[EncoderBatch]:
    """Yield so many batches. No question and no pair of texts comes again before all have come; long texts come more often."""
    questions, pairs = _again_and_again(asked, draw), _again_and_again(twins, draw)
    long = [pair for pair in twins if len(pair[0]) > _LONG]
    for _ in range(count):
        some = [*islice(pairs, _TWINS), *draw.sample(long, min(_LONG_TWINS, len(long)))]
        yield encoder_batch(list(islice(questions, QUESTIONS)), some, draw)


def encoder_batch(asked: Sequence[Asked], twins: Sequence[Twins], draw: random.Random) -> EncoderBatch:
    """Return a batch of these questions, each with a window that answers it; for every second one, a window of the same dossier is
    added that doesn't.
    """
    windows = [(dossier, window(dossier, draw.choice(sorted(question.gold)), _SIZE, draw)) for dossier, question in asked]
    for dossier, question in asked[::2]:
        if wrong := _far_from(dossier, question.gold | question.arguable):
            windows.append((dossier, window(dossier, draw.choice(wrong), _WRONG_SIZE, draw)))
    return EncoderBatch(
        tuple(question.english for _, question in asked),
        tuple(question.spanish for _, question in asked),
        tuple(shown.text for _, shown in windows),
        tuple(
            (place, other)
            for place, (dossier, question) in enumerate(asked)
            for other, (shown_of, shown) in enumerate(windows)
            if other != place and shown_of is dossier and shown.numbers & (question.gold | question.arguable)
        ),
        tuple(twins),
    )


def _far_from(dossier: Dossier, right: frozenset[int]) -> list[int]:
    return [one.number for one in dossier.sentences if all(abs(one.number - number) > _APART for number in right)]


def _again_and_again(items: Sequence[T], draw: random.Random) -> Iterator[T]:
    """Yield the items in random order, and again in another one, without end."""
    while True:
        yield from draw.sample(items, len(items))
