"""Checks the dossiers and counts what is in them.

python -m tools.train.check [DOSSIERS.jsonl.xz]
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from index import fold, terms
from tools.train.dossiers import DOSSIERS, EARLIER, Dossier, DossierQuestion, read_dossiers, read_records

ANSWERABLE = frozenset(
    """factoid paraphrase colloquial typo keywords long acronym negation yes-no why how who when where number list several follow-up
    table""".split()
)
"""Kinds of questions that a sentence answers."""

UNANSWERABLE = frozenset(
    """no-cause no-person no-date no-place no-number no-purpose no-means wrong-entity wrong-date false-premise beside""".split()
)
"""Kinds of questions that none does, by what the dossier lacks."""

_TEXTS = 6
_FIELDS = {"id", "language", "texts", "translations", "questions"}


def complaints(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the record of a dossier, each in a sentence; nothing if it keeps to the format."""
    if missing := _FIELDS - record.keys():
        yield f"{record.get('id', 'a dossier')}: no {', '.join(sorted(missing))}"
        return
    name = record["id"]
    if record["language"] not in ("en", "es"):
        yield f"{name}: language {record['language']}, en or es expected"
    if len(record["texts"]) != _TEXTS:
        yield f"{name}: {len(record['texts'])} texts, {_TEXTS} expected"
    sections = [section for text in record["texts"] for section in text["sections"]]
    numbers = [int(number) for section in sections for number in section["sentences"]]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{name}: the sentences are not numbered from 1 to {len(numbers)}"
    if not all(sentence.strip() for section in sections for sentence in section["sentences"].values()):
        yield f"{name}: a sentence is empty"
    if unknown := {int(number) for number in record["translations"]} - set(numbers):
        yield f"{name}: translations of sentences that are missing: {_listed(unknown)}"
    for place, asked in enumerate(record["questions"], 1):
        for complaint in _question_complaints(asked, set(numbers), len(record["texts"])):
            yield f"{name}, question {place}: {complaint}"
    yield from (f"{name}: asked twice: {question}" for question in _asked_twice(record["questions"]))


def _question_complaints(asked: Mapping[str, Any], numbers: set[int], texts: int) -> Iterator[str]:
    kind = asked["kind"]
    gold, arguable, near = (set(asked[field]) for field in ("gold", "arguable", "near"))
    if kind not in ANSWERABLE | UNANSWERABLE:
        yield f"no kind is called {kind}"
    if kind in ANSWERABLE and (near or not gold):
        yield f"{kind} needs gold and no near miss"
    if kind in UNANSWERABLE and (gold or arguable or not near):
        yield f"{kind} needs a near miss and no gold"
    if gold & arguable:
        yield f"gold and arguable at once: {_listed(gold & arguable)}"
    if unknown := (gold | arguable | near) - numbers:
        yield f"no such sentence: {_listed(unknown)}"
    if not 1 <= asked["text"] <= texts:
        yield f"no text {asked['text']}"
    for language in ("english", "spanish"):
        if not asked[language].strip():
            yield f"not asked in {language.capitalize()}"
        elif kind == "follow-up" and not all(map(str.strip, asked[language].partition(EARLIER))):
            yield f"no 'earlier question {EARLIER} follow-up' in {language.capitalize()}"


def _asked_twice(questions: Sequence[Mapping[str, Any]]) -> list[str]:
    counts = Counter(" ".join(fold(asked[language]).split()) for asked in questions for language in ("english", "spanish"))
    same = Counter(fold(asked["english"]) for asked in questions if fold(asked["english"]) == fold(asked["spanish"]))
    return [question for question, times in counts.items() if times > 1 + same[question]]


def _listed(numbers: set[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def shares_few_words(dossier: Dossier, question: DossierQuestion) -> bool:
    """Return whether a question shares at most one word stem with the sentences that answer it, in the dossier's language."""
    asked = question.wording(dossier.language).split(EARLIER)[-1]
    answers = " ".join(sentence.text for sentence in dossier.sentences if sentence.number in question.gold)
    return len(set(terms(asked, dossier.language)) & set(terms(answers, dossier.language))) <= 1


def summary(dossiers: Sequence[Dossier]) -> Iterator[str]:
    """Yield lines that count the dossiers, their sentences and their questions by language and by kind, and say how many answerable
    questions share at most one word stem with their answers.
    """
    for language in sorted({dossier.language for dossier in dossiers}):
        own = [dossier for dossier in dossiers if dossier.language == language]
        asked = [(dossier, question) for dossier in own for question in dossier.questions]
        answerable = [pair for pair in asked if pair[1].gold]
        few = sum(shares_few_words(*pair) for pair in answerable)
        yield (
            f"{language}: {len(own)} dossiers, {sum(len(dossier.sentences) for dossier in own)} sentences, "
            f"{sum(len(dossier.translations) for dossier in own)} of them translated, {len(asked)} questions, "
            f"{len(answerable)} answerable, {few / max(1, len(answerable)):.2f} of which share at most one word stem"
        )
    kinds = Counter(question.kind for dossier in dossiers for question in dossier.questions)
    for kinds_of, title in ((ANSWERABLE, "answerable"), (UNANSWERABLE, "unanswerable")):
        yield f"{title}: " + ", ".join(f"{kind} {count}" for kind, count in kinds.most_common() if kind in kinds_of)


def main(arguments: Sequence[str]) -> int:
    """Print what is wrong with the dossiers, or what is in them; return 1 if anything is wrong."""
    path = Path(arguments[0]) if arguments else DOSSIERS
    records = list(read_records(path))
    found = [complaint for record in records for complaint in complaints(record)]
    ids = Counter(record.get("id") for record in records)
    found += [f"{name}: {times} dossiers have this id" for name, times in ids.items() if times > 1]
    for line in found or summary(list(read_dossiers(path))):
        print(line)  # noqa: T201 - a command
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
