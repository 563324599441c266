"""The analyser: folding, words, stems, stop words and the language of a question."""

import pytest

from index import content_words, fold, question_language, question_terms, terms, words


def test_folding_ignores_case_accents_and_ligatures() -> None:
    assert fold("PERÚ Perú peru") == "peru peru peru"
    assert fold("Straße ﬁnal CAÑÓN") == "strasse final canon"


def test_numbers_keep_their_separators() -> None:
    assert words("In 2021, 1,500.25 hectares (3.5%) were burnt.") == ["in", "2021", "1,500.25", "hectares", "3.5", "were", "burnt"]


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("trafficking", "trafficked", "en"),
        ("controls", "controlled", "en"),
        ("prisons", "prison", "en"),
        ("corrupciones", "corrupción", "es"),
        ("traficantes", "traficante", "es"),
        ("investigaciones", "investigación", "es"),
    ],
)
def test_forms_of_a_word_are_one_term(one: str, other: str, language: str) -> None:
    assert terms(one, language) == terms(other, language) != []


def test_a_questions_terms_match_passages_in_any_language() -> None:
    assert set(terms("trafficking", "en")) <= set(question_terms("trafficking", "en"))
    assert set(terms("investigaciones", "es")) <= set(question_terms("investigaciones", "en"))
    assert set(terms("élections", "fr")) <= set(question_terms("élections", "en"))


def test_superscripts_are_not_part_of_a_word() -> None:
    assert words("In 2019³ it had 10⁶ m².") == ["in", "2019", "it", "had", "10", "m"]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Does Brazil control Ecuador?", "en"),
        ("Is Dina Boluarte president?", "en"),
        ("Has Keiko Fujimori resigned?", "en"),
        ("Who is Alan García?", "en"),
        ("¿Quién es Alan García?", "es"),
        ("¿Controla Brasil el Ecuador?", "es"),
        ("lavado de dinero", "es"),
        ("money laundering", "en"),
    ],
)
def test_foreign_names_do_not_decide_a_questions_language(question: str, language: str) -> None:
    assert question_language(question) == language


def test_stop_words_are_those_of_the_language() -> None:
    assert content_words("What is the state of the sea?", "en") == ["state", "sea"]
    assert content_words("¿Cuántos son los estados del norte?", "es") == ["estados", "norte"]
    assert terms("und der Wald", "de") == ["und", "der", "wald"]
