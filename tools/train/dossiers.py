"""Reads the dossiers written for training: each has six texts on related matters, questions that a sentence of theirs answers, and
questions like these that none does.
"""

import json
import lzma
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DOSSIERS = Path(__file__).with_name("dossiers.jsonl.xz")

HELD_BACK = frozenset(f"w{series}-{number}" for series in range(1, 7) for number in (13, 14))
"""The ids of the dossiers that no model is trained on: the calibration is fitted on them."""

EARLIER = ">>"
"""What stands between an earlier question and the follow-up to it."""


@dataclass(frozen=True, slots=True)
class DossierSentence:
    """A sentence, list item or table row: its number in the dossier, the heading it stands under ("" for none), and its text."""

    number: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class DossierText:
    """A text of a dossier: its genre (such as "audit"), its title, and its sentences in order."""

    genre: str
    title: str
    sentences: tuple[DossierSentence, ...]


@dataclass(frozen=True, slots=True)
class DossierQuestion:
    """A question in English and in Spanish. A follow-up stands behind the earlier question and `EARLIER`.

    `gold` are the numbers of the sentences each of which answers it, none if nothing in the dossier does; `arguable` those of which
    one may argue that they do; `near` those that someone hasty would take for the answer, of a question without one.
    """

    kind: str
    english: str
    spanish: str
    gold: frozenset[int] = frozenset()
    arguable: frozenset[int] = frozenset()
    near: frozenset[int] = frozenset()

    def wording(self, language: str) -> str:
        """Return the question in "en" or "es"."""
        return self.spanish if language == "es" else self.english


@dataclass(frozen=True, slots=True)
class Dossier:
    """Texts in one language ("en" or "es"), numbered through, and the questions on them. `translations` are sentences in the other
    language, by number.
    """

    id: str
    language: str
    texts: tuple[DossierText, ...]
    questions: tuple[DossierQuestion, ...]
    translations: Mapping[int, str] = field(default_factory=dict)

    @property
    def sentences(self) -> tuple[DossierSentence, ...]:
        """The sentences of all texts, in order."""
        return tuple(sentence for text in self.texts for sentence in text.sentences)


def read_records(path: Path = DOSSIERS) -> Iterator[dict[str, Any]]:
    """Read the dossiers as they are kept, in JSON Lines compressed by xz: one record for each dossier.

    A record has `id`, `language`, `texts`, `translations` and `questions`. A text has `genre`, `title` and `sections`, each with a
    `heading` and its `sentences` by number. A question has `text` (the number of the text that it is about, from 1), `kind`,
    `english`, `spanish`, `gold`, `arguable` and `near`.
    """
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_dossiers(path: Path = DOSSIERS) -> Iterator[Dossier]:
    """Read the dossiers. `tools.train.check` says whether they keep to the format."""
    for record in read_records(path):
        yield Dossier(
            id=record["id"],
            language=record["language"],
            texts=tuple(_text(text) for text in record["texts"]),
            questions=tuple(
                DossierQuestion(
                    asked["kind"],
                    asked["english"],
                    asked["spanish"],
                    *(frozenset(asked[name]) for name in ("gold", "arguable", "near")),
                )
                for asked in record["questions"]
            ),
            translations={int(number): text for number, text in record["translations"].items()},
        )


def _text(record: Mapping[str, Any]) -> DossierText:
    sentences = (
        DossierSentence(int(number), section["heading"], sentence)
        for section in record["sections"]
        for number, sentence in section["sentences"].items()
    )
    return DossierText(record["genre"], record["title"], tuple(sentences))
