"""Spanish questions in English words, and everyday English in the words of reports."""

from importlib.resources import files

import pytest

from assistant.glossary import in_english, in_plain_words
from index import fold


@pytest.mark.parametrize(
    ("spanish", "english"),
    [
        ("¿Quién controla el VRAEM?", "who control the VRAEM?"),
        ("¿Qué ministerio presentó una guía?", "what ministry present submit a guide?"),
        ("¿Cuántos periodistas murieron?", "how many journalists died?"),
        ("lavado de dinero en los bancos", "money laundering in the banks"),
        ("que problemas enfrentan los periodistas", "what problem face the journalists"),
        ("¿Están llenas las cárceles de Chile?", "are the prisons of Chile full?"),
        ("CRIMEN ORGANIZADO", "organized crime"),
        ("¿Y Zúñiga-Paredes?", "and Zúñiga-Paredes?"),
        ("", ""),
    ],
)
def test_a_spanish_question_is_put_into_english_words(spanish: str, english: str) -> None:
    assert in_english(spanish) == english


def test_a_name_that_is_also_a_word_is_not_translated() -> None:
    assert in_english("¿Fue destituido Pedro Castillo?", {"castillo"}.__contains__).endswith("Pedro Castillo?")
    assert in_english("¿Quién destruyó el castillo?", {"castillo"}.__contains__).endswith("the castle?")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("so are the cops in bed with the crooks?", "so are the police complicit with the criminals?"),
        ("What about AML efforts?", "What about anti-money laundering efforts?"),
        ("Are prisons full?", "Are prisons full?"),
    ],
)
def test_everyday_words_are_put_into_the_words_of_reports(typed: str, expected: str) -> None:
    assert in_plain_words(typed) == expected


@pytest.mark.parametrize("name", ["spanish", "english"])
def test_each_line_of_a_glossary_has_a_phrase_of_its_own_and_an_equivalent(name: str) -> None:
    lines = files("assistant.glossary").joinpath(f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    entries = [tuple(line.split("\t")) for line in lines]
    assert len(entries) > 1000
    assert [entry for entry in entries if len(entry) != 2 or not all(part.strip() == part != "" for part in entry)] == []
    assert len({left for left, _ in entries}) == len(entries)
    assert all(len(fold(left).split()) <= 5 for left, _ in entries)
