"""Misspelt words are mended from the documents; words that somebody knows are left alone."""

import pytest

from assistant.spelling import mended, nearest
from tests.fakes import Words

TERMS = ("2021", "child", "condens", "econom", "economi", "guerrilla", "huguenot", "inform", "informal", "prison", "vraem")
VOCABULARY = Words(TERMS)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("the VREAM area", "the vraem area"),
        ("wich guerrila group", "wich guerrilla group"),
        ("the infromal econmy", "the informal economy"),
        ("prisons in Chile", "prisons in Chile"),  # a word, if none of the documents, and one letter from "child"
        ("hugonotes", "huguenot"),
        ("prisom", "prison"),
        ("zzzzz", "zzzzz"),
        ("2012", "2012"),
    ],
)
def test_an_unknown_word_is_read_as_the_documents_spell_it(typed: str, read: str) -> None:
    assert mended(typed, "en", VOCABULARY) == read


def test_without_documents_nothing_is_mended() -> None:
    assert mended("the infromal econmy", "en", Words(())) == "the infromal econmy"


def test_a_word_of_documents_that_may_not_be_found_is_not_used() -> None:
    visible = Words(term for term in TERMS if term != "vraem")
    assert mended("the VREAM area", "en", visible) == "the VREAM area"


def test_a_long_word_may_have_two_wrong_letters_and_a_short_one_one() -> None:
    assert nearest("gerrila", TERMS) == []
    assert nearest("geurrila", TERMS) == ["guerrilla"]
    assert nearest("vramm", TERMS) == ["vraem"]
    assert nearest("vmmem", TERMS) == []


def test_many_unknown_words_are_another_language() -> None:
    text = "les forêtz brûlent toujourz depuys longtemz prisom"
    assert mended(text, "en", VOCABULARY) == text
    assert mended("the prisom", "en", VOCABULARY) == "the prison"
