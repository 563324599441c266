"""Reads training examples from each source of data: a question, with sentences that answer it and sentences that don't."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from corpus import Document, Heading, read_bytes, sentences

REPORTS = Path(__file__).with_name("reports.jsonl")
"""The reports written for training, with their questions."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence with the headings above it, nearest first and the title last. `label` says whether it answers the question, None
    that nobody knows; `span` is the range of `text` that is the answer.
    """

    text: str
    headings: str
    label: bool | None
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A question with the sentences of the document that it is about; `other` is the question in another language, or ""."""

    source: str
    kind: str
    question: str
    candidates: tuple[Candidate, ...]
    other: str = ""

    @property
    def answerable(self) -> bool:
        """Whether one of the sentences answers the question."""
        return any(candidate.label for candidate in self.candidates)


def read_reports(path: Path) -> Iterator[dict[str, Any]]:
    """Read the reports written for training: JSON Lines with `id`, `text` and `questions`. A question has `question`, `kind`,
    `gold_quotes`, `answer`, and sometimes `spanish`.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def quote_ranges(text: str, quotes: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return the range of the first occurrence of each quote in the text. Raises ValueError if there is none."""
    return tuple((text.index(quote), text.index(quote) + len(quote)) for quote in quotes)


def report_examples(path: Path) -> Iterator[Example]:
    """Read the questions on the written reports, each with all sentences of its report."""
    for report in read_reports(path):
        document = read_bytes(report["text"].encode("utf-8"), f"{report['id']}.txt")
        in_document = _sentences_of(document)
        for asked in report["questions"]:
            gold, answer = quote_ranges(document.text, asked["gold_quotes"]), asked["answer"]
            with_answer = [
                (start, quote) for (start, _), quote in zip(gold, asked["gold_quotes"], strict=True) if answer and answer in quote
            ]
            spans = [(start + quote.index(answer), start + quote.index(answer) + len(answer)) for start, quote in with_answer]
            candidates = tuple(_candidates(document, in_document, gold, spans, ""))
            yield Example(report["id"], asked["kind"], asked["question"], candidates, asked.get("spanish", ""))


def qed_examples(path: Path) -> Iterator[Example]:
    """Read QED (Lamm et al., 2020): natural questions with a Wikipedia paragraph each. A sentence that repeats the answer elsewhere
    has an unknown label.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        passage, title = row["passage"], row["title"]
        text = f"{title}\n\n{detokenised(passage)}"
        ranges = []
        for start, end in row["answer_spans"]:
            answer = detokenised(passage[start:end])
            expected = len(title) + 2 + len(detokenised(passage[:start]))
            found = [match.start() for match in re.finditer(re.escape(answer), text)]
            if answer and found:
                nearest = min(found, key=lambda place: abs(place - expected))
                ranges.append((nearest, nearest + len(answer)))
        if not ranges:
            continue
        document = _titled(title, text)
        candidates = tuple(_candidates(document, _sentences_of(document), ranges, ranges, text[ranges[0][0] : ranges[0][1]]))
        if any(candidate.label for candidate in candidates):
            yield Example("qed", "natural", row["question"], candidates)


def squad_examples(path: Path, articles: slice, other: Path) -> Iterator[Example]:
    """Read the questions on these articles of a file in SQuAD's format, each with all sentences of its article. `other` is the same
    file in another language.
    """
    other_questions = {
        asked["id"]: str(asked["question"])
        for article in json.loads(other.read_bytes())["data"]
        for paragraph in article["paragraphs"]
        for asked in paragraph["qas"]
    }
    for article in json.loads(path.read_bytes())["data"][articles]:
        title = text = str(article["title"]).replace("_", " ")
        starts = []
        for paragraph in article["paragraphs"]:
            starts.append(len(text) + 2)
            text = f"{text}\n\n{paragraph['context']}"
        document = _titled(title, text)
        in_document = _sentences_of(document)
        for start, paragraph in zip(starts, article["paragraphs"], strict=True):
            for asked in paragraph["qas"]:
                answer = asked["answers"][0]
                first = start + int(answer["answer_start"])
                gold = [(first, first + len(answer["text"]))]
                candidates = tuple(_candidates(document, in_document, gold, gold, answer["text"]))
                yield Example("squad", "squad", str(asked["question"]), candidates, other_questions[asked["id"]])


def squad_library(
    path: Path, articles: slice, asked_in: Path | None = None
) -> tuple[dict[str, str], list[tuple[str, str, tuple[tuple[int, int], ...]]]]:
    """Return these articles of a file in SQuAD's format as texts by file name, without every second paragraph; and the questions on
    all paragraphs, each with its file name and the ranges of its answer, none if its paragraph was left out.

    The questions come from `asked_in`, if given: the same file in another language.
    """
    asked_articles = json.loads((asked_in or path).read_bytes())["data"][articles]
    texts: dict[str, str] = {}
    questions = []
    for number, (article, other) in enumerate(zip(json.loads(path.read_bytes())["data"][articles], asked_articles, strict=True)):
        name, text = f"{number:04}.txt", str(article["title"]).replace("_", " ")
        for place, paragraph in enumerate(article["paragraphs"]):
            is_left_out, start = place % 2 == 1, len(text) + 2
            for asked, translated in zip(paragraph["qas"], other["paragraphs"][place]["qas"], strict=True):
                first = start + int(asked["answers"][0]["answer_start"])
                gold: tuple[tuple[int, int], ...] = () if is_left_out else ((first, first + len(asked["answers"][0]["text"])),)
                questions.append((str(translated["question"]), name, gold))
            text = text if is_left_out else f"{text}\n\n{paragraph['context']}"
        texts[name] = text
    return texts, questions


def _titled(title: str, text: str) -> Document:
    """Return the document of a text whose first line is its title, whatever that looks like."""
    document = read_bytes(text.encode("utf-8"), "titled.txt")
    return replace(document, title=title, headings=(Heading(1, 0, len(title)),))


@dataclass(frozen=True, slots=True)
class _DocumentSentence:
    """A sentence of a document: its range, its text as it is shown, and the headings above it."""

    start: int
    end: int
    shown: str
    headings: str


def _sentences_of(document: Document) -> list[_DocumentSentence]:
    """Return the sentences of a document except headings."""
    headings = {heading.start for heading in document.headings}
    return [
        _DocumentSentence(
            start, end, document.shown(start, end), "; ".join([*reversed(document.heading_path(start)), document.title])
        )
        for start, end in sentences(document)
        if start not in headings
    ]


def _candidates(
    document: Document,
    in_document: Sequence[_DocumentSentence],
    gold: Sequence[tuple[int, int]],
    spans: Sequence[tuple[int, int]],
    answer: str,
) -> Iterator[Candidate]:
    """Yield the sentences of a document, labelled by the `gold` ranges, each with its part of the answer's `spans`.

    A sentence outside those ranges that repeats the `answer` has an unknown label.
    """
    for sentence in in_document:
        start, end = sentence.start, sentence.end
        label: bool | None = any(first < end and start < last for first, last in gold)
        if not label and answer and answer.casefold() in document.text[start:end].casefold():
            label = None
        span = None
        for first, last in spans:
            if label and first < end and start < last:
                part = document.shown(max(first, start), min(last, end))
                if (place := sentence.shown.find(part)) >= 0:
                    span = (place, place + len(part))
        yield Candidate(sentence.shown, sentence.headings, label, span)


def detokenised(text: str) -> str:
    r"""Return the text as it was before its words and punctuation were separated by spaces.

    >>> detokenised("It is `` new '' , she said ( in 2018 -- 19 ) ; Peru 's first .")
    'It is "new", she said (in 2018–19); Peru\'s first.'
    """
    text = re.sub(r"``\s*", '"', text)
    text = re.sub(r"\s*''", '"', text)
    text = re.sub(r" -- ", "–", text)
    text = re.sub(r"(?<=\w) - (?=\w)", "-", text)
    text = re.sub(r"\s+([,.;:!?%)\]]|'s\b|n't\b|'(?=\s))", r"\1", text)
    text = re.sub(r"([(\[$£€])\s+", r"\1", text)
    return re.sub(r"\s+", " ", text).strip()


def with_other_name(example: Example, pool: Sequence[Example], draw: random.Random) -> str | None:
    """Return the question with a name or number that its answer's sentence shares replaced by one of another example; None if there
    is none.

    Whatever the sentence answers, it doesn't answer that.
    """
    gold = next((candidate for candidate in example.candidates if candidate.label), None)
    if gold is None:
        return None
    shared = [name for name in names_in(gold.text) if re.search(rf"\b{re.escape(name)}\b", example.question, re.IGNORECASE)]
    if not shared:
        return None
    name = draw.choice(shared)
    for _ in range(20):
        other = draw.choice(draw.choice(pool).candidates).text
        fitting = [new for new in names_in(other) if new[0].isdigit() == name[0].isdigit() and new not in gold.text]
        if fitting and (new := draw.choice(fitting)).casefold() not in example.question.casefold():
            cased = new if any(map(str.isupper, example.question)) else new.lower()
            return re.sub(rf"\b{re.escape(name)}\b", cased, example.question, count=1, flags=re.IGNORECASE)
    return None


def names_in(text: str) -> list[str]:
    """Return the runs of capitalised words within a sentence, and the numbers of three digits or more."""
    return [match[0].strip() for match in re.finditer(r"(?<=[\w,;] )[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*|\b\d{3,4}\b", text)]
