"""Training examples: a question with sentences that answer it or don't, from each source of data."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.model.pairs import context
from corpus import Document, Heading, read_bytes, sentences


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence with what stands around it. `label` says whether it answers, None that nobody knows; `span` is the answer in
    it.
    """

    text: str
    around: tuple[str, str]
    label: bool | None
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A question with the sentences of the document that it is about."""

    source: str
    kind: str
    question: str
    candidates: tuple[Candidate, ...]
    spanish: str = ""

    @property
    def answerable(self) -> bool:
        """Whether one of the sentences answers."""
        return any(candidate.label for candidate in self.candidates)


def reports(path: Path) -> Iterator[dict[str, Any]]:
    """The reports written for training: JSON Lines with `id`, `text` and `questions`, which have `question`, `kind`, `gold_quotes`,
    `answer`, and some of them `spanish`.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def places(text: str, quotes: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Where the quotes first stand in the text."""
    return tuple((text.index(quote), text.index(quote) + len(quote)) for quote in quotes)


def written(path: Path) -> Iterator[Group]:
    """The questions on the written reports, each with all sentences of its report."""
    for report in reports(path):
        document = read_bytes(report["text"].encode("utf-8"), f"{report['id']}.txt")
        for asked in report["questions"]:
            gold, answer = places(document.text, asked["gold_quotes"]), asked["answer"]
            holding = [
                (start, quote) for (start, _), quote in zip(gold, asked["gold_quotes"], strict=True) if answer and answer in quote
            ]
            spans = [(start + quote.index(answer), start + quote.index(answer) + len(answer)) for start, quote in holding]
            candidates = tuple(_candidates(document, gold, spans, ""))
            yield Group(report["id"], asked["kind"], asked["question"], candidates, asked.get("spanish", ""))


def qed(path: Path) -> Iterator[Group]:
    """QED (Lamm et al., 2020): natural questions with a Wikipedia paragraph each. A sentence that repeats the answer elsewhere is
    of unknown label.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        passage, places = row["passage"], row["answer_spans"]
        title = row["title"]
        text = f"{title}\n\n{untokenised(passage)}"
        ranges = []
        for start, end in places:
            answer = untokenised(passage[start:end])
            about = len(title) + 2 + len(untokenised(passage[:start]))
            found = [match.start() for match in re.finditer(re.escape(answer), text)]
            if answer and found:
                nearest = min(found, key=lambda place: abs(place - about))
                ranges.append((nearest, nearest + len(answer)))
        if not ranges:
            continue
        document = _titled(title, text)
        candidates = tuple(_candidates(document, ranges, ranges, text[ranges[0][0] : ranges[0][1]]))
        if any(candidate.label for candidate in candidates):
            yield Group("qed", "natural", row["question"], candidates)


def squad_groups(path: Path, articles: slice, spanish: Path) -> Iterator[Group]:
    """The questions of these articles of a file in SQuAD's format, each with all sentences of its article; `spanish` is the same
    file in Spanish.
    """
    asked_so = {
        asked["id"]: str(asked["question"])
        for article in json.loads(spanish.read_bytes())["data"]
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
        for start, paragraph in zip(starts, article["paragraphs"], strict=True):
            for asked in paragraph["qas"]:
                answer = asked["answers"][0]
                first = start + int(answer["answer_start"])
                gold = [(first, first + len(answer["text"]))]
                candidates = tuple(_candidates(document, gold, gold, answer["text"]))
                yield Group("squad", "squad", str(asked["question"]), candidates, asked_so[asked["id"]])


def squad(
    path: Path, articles: slice, asked_in: Path | None = None
) -> tuple[dict[str, str], list[tuple[str, str, tuple[tuple[int, int], ...]]]]:
    """These articles of a file in SQuAD's format as texts by the name of a file, without every second paragraph; and the questions
    on all paragraphs, with that name and where the answer stands, which for those on what is left out is nowhere.

    The questions are taken from `asked_in` where that is given: the same file in another language.
    """
    asking = json.loads((asked_in or path).read_bytes())["data"][articles]
    texts: dict[str, str] = {}
    questions = []
    for number, (article, other) in enumerate(zip(json.loads(path.read_bytes())["data"][articles], asking, strict=True)):
        name, text = f"{number:04}.txt", str(article["title"]).replace("_", " ")
        for place, paragraph in enumerate(article["paragraphs"]):
            is_out, start = place % 2 == 1, len(text) + 2
            for asked, said in zip(paragraph["qas"], other["paragraphs"][place]["qas"], strict=True):
                first = start + int(asked["answers"][0]["answer_start"])
                gold: tuple[tuple[int, int], ...] = () if is_out else ((first, first + len(asked["answers"][0]["text"])),)
                questions.append((str(said["question"]), name, gold))
            text = text if is_out else f"{text}\n\n{paragraph['context']}"
        texts[name] = text
    return texts, questions


def _titled(title: str, text: str) -> Document:
    """The document of a text whose first line is its title, whatever that looks like."""
    document = read_bytes(text.encode("utf-8"), "titled.txt")
    return replace(document, title=title, headings=(Heading(1, 0, len(title)),))


def _candidates(
    document: Document, gold: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]], answer: str
) -> Iterator[Candidate]:
    headings = {heading.start for heading in document.headings}
    for start, end in sentences(document):
        if start in headings:
            continue
        label: bool | None = any(first < end and start < last for first, last in gold)
        if not label and answer and answer.casefold() in document.text[start:end].casefold():
            label = None
        shown = document.shown(start, end)
        span = None
        for first, last in spans:
            place = shown.find(document.shown(max(first, start), min(last, end))) if first < end and start < last else -1
            if label and place >= 0:
                span = (place, place + len(document.shown(max(first, start), min(last, end))))
        yield Candidate(shown, context(document, start), label, span)


def untokenised(text: str) -> str:
    r"""The text as it was before its words and signs were set apart by spaces.

    >>> untokenised("It is `` new '' , she said ( in 2018 -- 19 ) ; Peru 's first .")
    'It is "new", she said (in 2018–19); Peru\'s first.'
    """
    text = re.sub(r"``\s*", '"', text)
    text = re.sub(r"\s*''", '"', text)
    text = re.sub(r" -- ", "–", text)
    text = re.sub(r"(?<=\w) - (?=\w)", "-", text)
    text = re.sub(r"\s+([,.;:!?%)\]]|'s\b|n't\b|'(?=\s))", r"\1", text)
    text = re.sub(r"([(\[$£€])\s+", r"\1", text)
    return re.sub(r"\s+", " ", text).strip()


def swapped(group: Group, pool: Sequence[Group], draw: random.Random) -> str | None:
    """The question with a name or number that its answer's sentence shares exchanged for one of another article, or None.

    Whatever the sentence answers, it doesn't answer that.
    """
    gold = next((candidate for candidate in group.candidates if candidate.label), None)
    if gold is None:
        return None
    shared = [name for name in names(gold.text) if re.search(rf"\b{re.escape(name)}\b", group.question, re.IGNORECASE)]
    if not shared:
        return None
    name = draw.choice(shared)
    for _ in range(20):
        other = draw.choice(draw.choice(pool).candidates).text
        fitting = [found for found in names(other) if found[0].isdigit() == name[0].isdigit() and found not in gold.text]
        if fitting and (found := draw.choice(fitting)).casefold() not in group.question.casefold():
            said = found if any(map(str.isupper, group.question)) else found.lower()
            return re.sub(rf"\b{re.escape(name)}\b", said, group.question, count=1, flags=re.IGNORECASE)
    return None


def names(text: str) -> list[str]:
    """Runs of capitalised words within a sentence, and numbers of three digits and more."""
    return [match[0].strip() for match in re.finditer(r"(?<=[\w,;] )[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*|\b\d{3,4}\b", text)]
