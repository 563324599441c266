"""The dossiers written for training: how they are read, and what the check says of them."""

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.made_dossiers import RECORD, packed
from tools.train import check
from tools.train.check import complaints, shares_few_words, summary
from tools.train.dossiers import HELD_BACK, Dossier, read_records


def test_a_dossier_is_read_with_its_numbers_headings_and_answers(dossier: Dossier) -> None:
    assert (dossier.id, dossier.language, len(dossier.texts)) == ("w1-01", "en", 6)
    assert [(one.number, one.heading, one.text) for one in dossier.texts[1].sentences] == [
        (4, "", "The port of town 2 was closed."),
        (5, "Causes", "Silt blocked channel 2."),
        (6, "Causes", "Dredger 2 sank."),
    ]
    assert [one.number for one in dossier.sentences] == list(range(1, 19))
    assert dossier.translations == {2: "El limo bloqueó el canal 1."}
    why, who = dossier.questions
    assert [sorted(numbers) for numbers in (why.gold, why.arguable, why.near)] == [[2], [3], []]
    assert [sorted(numbers) for numbers in (who.gold, who.arguable, who.near)] == [[], [], [4]]
    assert (who.wording("en"), who.wording("es")) == ("Who shut the port?", "¿Quién cerró el puerto?")


def test_the_dossiers_keep_to_their_format() -> None:
    records = list(read_records())
    assert len(records) > 100
    assert [complaint for record in records for complaint in complaints(record)] == []
    ids = {record["id"] for record in records}
    assert len(ids) == len(records)
    assert ids > HELD_BACK


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        (["language"], "fr", "w1-01: language fr, en or es expected"),
        (["texts"], RECORD["texts"][:2], "w1-01: 2 texts, 6 expected"),
        (["texts", 0, "sections", 0, "sentences"], {"7": "Again."}, "w1-01: the sentences are not numbered from 1 to 18"),
        (["texts", 0, "sections", 0, "sentences"], {"1": " "}, "w1-01: a sentence is empty"),
        (["translations"], {"19": "Nada."}, "w1-01: translations of sentences that are missing: 19"),
        (["questions", 0, "kind"], "whence", "w1-01, question 1: no kind is called whence"),
        (["questions", 0, "gold"], [], "w1-01, question 1: why needs gold and no near miss"),
        (["questions", 0, "gold"], [2, 20, 19], "w1-01, question 1: no such sentence: 19, 20"),
        (["questions", 0, "arguable"], [2, 3], "w1-01, question 1: gold and arguable at once: 2"),
        (["questions", 0, "text"], 7, "w1-01, question 1: no text 7"),
        (["questions", 0, "spanish"], "", "w1-01, question 1: not asked in Spanish"),
        (
            ["questions", 0, "kind"],
            "follow-up",
            "w1-01, question 1: no 'earlier question >> follow-up' in English",
        ),
        (["questions", 1, "near"], [], "w1-01, question 2: no-person needs a near miss and no gold"),
        (["questions", 1, "english"], "why can't  ships enter?", "w1-01: asked twice: why can't ships enter?"),
    ],
)
def test_the_check_says_what_is_wrong_with_a_dossier(place: list[str | int], value: object, complaint: str) -> None:
    record = deepcopy(RECORD)
    assert list(complaints(record)) == []
    at: Any = record
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    assert complaint in list(complaints(record))


def test_the_check_says_what_lacks_and_which_dossier_comes_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert list(complaints({"id": "w1-02", "texts": []})) == ["w1-02: no language, questions, translations"]
    assert check.main([str(packed(tmp_path, RECORD, RECORD))]) == 1
    assert capsys.readouterr().out == "w1-01: 2 dossiers have this id\n"
    assert check.main([str(packed(tmp_path, RECORD))]) == 0
    assert capsys.readouterr().out.startswith("en: 1 dossiers, 18 sentences, 1 of them translated, 2 questions, 1 answerable")


def test_the_check_counts_by_kind_and_language_and_how_few_words_are_shared(dossier: Dossier) -> None:
    why = dossier.questions[0]
    assert shares_few_words(dossier, why)
    repeats = replace(why, english="What has been blocking the channels?", spanish="¿Qué bloquea el canal?")
    assert not shares_few_words(dossier, repeats)
    spanish = replace(dossier, language="es", questions=(repeats, *dossier.questions))
    assert list(summary([dossier, spanish])) == [
        "en: 1 dossiers, 18 sentences, 1 of them translated, 2 questions, 1 answerable, 1.00 of which share at most one word stem",
        "es: 1 dossiers, 18 sentences, 1 of them translated, 3 questions, 2 answerable, 1.00 of which share at most one word stem",
        "answerable: why 3",
        "unanswerable: no-person 2",
    ]


def test_the_dossiers_are_not_about_the_report_that_is_measured_on() -> None:
    text = json.dumps(list(read_records()), ensure_ascii=False)
    assert [name for name in ("VRAEM", "Shining Path", "Pedro Castillo") if name in text] == []
