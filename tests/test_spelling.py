"""The correction of misspelled words by the documents' spelling; known words are left alone."""

import pytest

from assistant.question.spelling import corrected, similar_words
from tests.fakes import Words

TERMS = ("2021", "child", "condens", "econom", "economi", "guerrilla", "huguenot", "inform", "informal", "prison", "vraem")
VOCABULARY = Words(TERMS)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("the VREAM area", "the vraem area"),
        ("wich guerrila group", "wich guerrilla group"),
        ("the infromal econmy", "the informal economy"),
        ("prisons in Chile", "prisons in Chile"),  # a known word, though not in the documents and one letter from "child"
        ("hugonotes", "huguenot"),
        ("prisom", "prison"),
        ("zzzzz", "zzzzz"),
        ("2012", "2012"),
    ],
)
def test_an_unknown_word_is_corrected_to_the_documents_spelling(typed: str, expected: str) -> None:
    assert corrected(typed, "en", VOCABULARY) == expected


def test_a_word_that_is_known_elsewhere_is_left_alone() -> None:
    assert corrected("prisom econmy", "en", VOCABULARY, {"prisom"}) == "prisom economy"


def test_without_documents_nothing_is_corrected() -> None:
    assert corrected("the infromal econmy", "en", Words(())) == "the infromal econmy"


def test_a_word_of_hidden_documents_is_not_used() -> None:
    visible = Words(term for term in TERMS if term != "vraem")
    assert corrected("the VREAM area", "en", visible) == "the VREAM area"


def test_a_long_word_may_have_two_wrong_letters_and_a_short_word_one() -> None:
    assert similar_words("gerrila", TERMS) == []
    assert similar_words("geurrila", TERMS) == ["guerrilla"]
    assert similar_words("vramm", TERMS) == ["vraem"]
    assert similar_words("vmmem", TERMS) == []


def test_a_text_with_many_unknown_words_is_in_another_language() -> None:
    text = "les forêtz brûlent toujourz depuys longtemz prisom"
    assert corrected(text, "en", VOCABULARY) == text
    assert corrected("the prisom", "en", VOCABULARY) == "the prison"
