"""Makes groups for training: a question with sentences that answer it, sentences that only seem to, and their neighbours."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tools.train.dossiers import EARLIER, Dossier, DossierQuestion, DossierSentence, DossierText
from tools.train.examples import Candidate, Example, with_other_name

_WITHOUT_ANSWER = 0.1  # the share of answerable questions on dossiers whose answers are left out
_BOTH_TURNS = 0.8  # the share of follow-ups that are read behind the earlier question
_WITH_HEADINGS = 0.8
_NEIGHBOURS = (1, 2, 2, 3, 3)  # sizes of the passage around an answer
_SECOND_ANSWER = 0.4  # the share of questions with a second answer that show it
_HARD, _HARDER = 8, 5  # how many of the nearest sentences the wrong ones are drawn from; the first from fewer
_SECOND_HARD = 0.6
_BEFORE_HARD = 0.3  # how often the sentence before the first wrong one comes along

_REPORT_SHARE = 0.45  # of the questions on written reports
_REPORT_PASSAGE, _PASSAGE = (3, 4, 5), (2, 3, 4)  # sizes of passages, in sentences
_ARTICLE_WITHOUT_ANSWER = 0.3
_NATURAL_AS_QUESTION = 0.3  # the share of natural questions, which have no capitals, written with one and a question mark
_NATURAL_OTHER_NAME, _NATURAL_WITHOUT_ANSWER = 0.25, 0.15


@dataclass(frozen=True, slots=True)
class Group:
    """A question and sentences that are read together. `labels` say whether each answers it, None that nobody knows.

    `headings` are those above the sentences, nearest first. `near` are the places of sentences that someone hasty would take for
    the answer. `span` is the answer itself: the place of its sentence, and the range of characters there.
    """

    question: str
    headings: str
    sentences: tuple[str, ...]
    labels: tuple[bool | None, ...]
    near: frozenset[int] = frozenset()
    span: tuple[int, int, int] | None = None


def dossier_groups(dossier: Dossier, nearest: Sequence[Sequence[int]], draw: random.Random) -> Iterator[Group]:
    """Yield a group for each question of a dossier, asked in English or Spanish: an answer or a near miss with its neighbours, and
    one or two sentences, from `nearest`, that don't answer.

    `nearest` are, for each question, the numbers of the sentences nearest to it. Some questions are asked as if the dossier had no
    answer. Arguable sentences have unknown labels.
    """
    texts = {sentence.number: text for text in dossier.texts for sentence in text.sentences}
    for question, numbers in zip(dossier.questions, nearest, strict=True):
        group = _dossier_group(question, numbers, texts, draw)
        if any(label is not None for label in group.labels):
            yield group


def _dossier_group(
    question: DossierQuestion, nearest: Sequence[int], texts: Mapping[int, DossierText], draw: random.Random
) -> Group:
    right, targets = question.gold | question.arguable, sorted(question.gold or question.near)
    wording = as_read(question.wording(draw.choice(["en", "es"])), draw)
    target = draw.choice(targets)
    passage = around(texts[target], target, draw.choice(_NEIGHBOURS), draw)
    is_left_out = bool(question.gold) and draw.random() < _WITHOUT_ANSWER
    if is_left_out:
        passage = [sentence for sentence in passage if sentence.number not in right]
    shown = {sentence.number for sentence in passage}
    others = [] if is_left_out or draw.random() >= _SECOND_ANSWER else [one for one in targets if one not in shown | {target}][:1]
    wrong = _wrong([number for number in nearest if number not in right | shown], draw)
    blocks = [passage, *([_sentence(texts, number)] for number in others + wrong)]
    if wrong and draw.random() < _BEFORE_HARD:
        blocks[1 + len(others)] = _with_sentence_before(texts, wrong[0], right)
    draw.shuffle(blocks)
    sentences = list({sentence.text: sentence for block in blocks for sentence in block}.values())
    above = [_sentence(texts, target).heading, texts[target].title] if draw.random() < _WITH_HEADINGS else []
    return Group(
        wording,
        "; ".join(filter(None, above)),
        tuple(sentence.text for sentence in sentences),
        tuple(None if sentence.number in question.arguable else sentence.number in question.gold for sentence in sentences),
        frozenset(place for place, sentence in enumerate(sentences) if sentence.number in question.near),
    )


def as_read(wording: str, draw: random.Random) -> str:
    """Return a question as the model reads it: a follow-up behind the earlier question, or sometimes by itself."""
    earlier, is_follow_up, follow_up = (part.strip() for part in wording.partition(EARLIER))
    if not is_follow_up:
        return wording
    return f"{earlier} {follow_up}" if draw.random() < _BOTH_TURNS else follow_up


def _sentence(texts: Mapping[int, DossierText], number: int) -> DossierSentence:
    return next(sentence for sentence in texts[number].sentences if sentence.number == number)


def around(text: DossierText, number: int, size: int, draw: random.Random) -> list[DossierSentence]:
    """Return the sentence of this number with its neighbours, in order: so many sentences, or fewer at the end of the text."""
    place = next(place for place, sentence in enumerate(text.sentences) if sentence.number == number)
    first = max(0, place - draw.randrange(size))
    return list(text.sentences[first : first + size])


def _wrong(nearest: Sequence[int], draw: random.Random) -> list[int]:
    """Return one or two of the nearest sentences, which don't answer; none if there are none."""
    if not nearest:
        return []
    first = draw.choice(nearest[:_HARDER])
    others = [number for number in nearest[:_HARD] if number != first]
    return [first, draw.choice(others)] if others and draw.random() < _SECOND_HARD else [first]


def _with_sentence_before(texts: Mapping[int, DossierText], number: int, right: frozenset[int]) -> list[DossierSentence]:
    before = number - 1
    numbers = [before, number] if texts.get(before) is texts[number] and before not in right else [number]
    return [_sentence(texts, one) for one in numbers]


def report_groups(examples: Sequence[Example], draw: random.Random) -> Iterator[Group]:
    """Yield groups for a share of the questions on written reports, in each language that they are asked in: a passage each, around
    an answer if there is one.
    """
    for example in examples:
        for question in filter(None, (example.question, example.other)):
            if draw.random() < _REPORT_SHARE:
                yield _group(question, _passage(example, draw.choice(_REPORT_PASSAGE), draw))


def article_groups(examples: Sequence[Example], draw: random.Random) -> Iterator[Group]:
    """Yield a group for each question on articles, in one of its languages: a passage around its answer, sometimes without it."""
    for example in examples:
        passage = _passage(example, draw.choice(_PASSAGE), draw)
        if draw.random() < _ARTICLE_WITHOUT_ANSWER:
            passage = [candidate for candidate in passage if not candidate.label] or passage
        yield _group(draw.choice([example.question, example.other]), passage)


def natural_groups(examples: Sequence[Example], draw: random.Random) -> Iterator[Group]:
    """Yield a group for each natural question: a passage around its answer, sometimes without it; or asked with another name, which
    nothing answers.
    """
    for example in examples:
        question = example.question
        if draw.random() < _NATURAL_AS_QUESTION:
            question = f"{question[0].upper()}{question[1:]}?"
        passage, chance = _passage(example, draw.choice(_PASSAGE), draw), draw.random()
        other = with_other_name(example, examples, draw) if chance < _NATURAL_OTHER_NAME else None
        if other is not None:
            question, passage = other, [replace(candidate, label=False, span=None) for candidate in passage]
        elif chance > 1 - _NATURAL_WITHOUT_ANSWER:
            passage = [candidate for candidate in passage if candidate.label is False] or passage
        yield _group(question, passage)


def _passage(example: Example, size: int, draw: random.Random) -> list[Candidate]:
    """Return so many sentences that follow one another, with an answer among them if there is one."""
    answers = [place for place, candidate in enumerate(example.candidates) if candidate.label]
    if answers:
        first = max(0, draw.choice(answers) - draw.randrange(size))
    else:
        first = draw.randrange(max(1, len(example.candidates) - size + 1))
    return list(example.candidates[first : first + size])


def _group(question: str, passage: Sequence[Candidate]) -> Group:
    spans = [(place, *candidate.span) for place, candidate in enumerate(passage) if candidate.label and candidate.span]
    return Group(
        question,
        passage[0].headings,
        tuple(candidate.text for candidate in passage),
        tuple(candidate.label for candidate in passage),
        span=spans[-1] if spans else None,
    )
