"""How questions are understood: what they ask, which names they have, and what they take from earlier questions."""

import pytest

from assistant import QuestionError
from assistant.question import is_elliptical, understand
from corpus import unusual_language
from index import question_terms
from tests.fakes import Words

TEXT = "Who controls the VRAEM area? other areas north coast sawmills Ministry Peru prisons journalists are killed in 2021"


VOCABULARY = Words(question_terms(TEXT, "en"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("???", "empty"),
        ("Hi there, how are you today?", "small_talk"),
        ("hola", "small_talk"),
        ("Gracias, ¡que tengas un buen día!", "small_talk"),
        ("Thank you very much!", "small_talk"),
        ("Who are you?", "small_talk"),
        ("asdkj qwlek zzxcv?", "gibberish"),
        ("xxxxxxx bcdfgh", "gibberish"),
    ],
)
def test_a_text_that_asks_nothing_is_recognized(text: str, code: str) -> None:
    reason = understand(text, [], VOCABULARY).no_question
    assert reason is not None
    assert reason.code == code


@pytest.mark.parametrize(
    "text",
    [
        "Hi, are prisons overcrowded?",
        "VRAEM",
        "prisons",
        "What about insights?",
        "Why?",
        "¿Cuál es la mejor receta para preparar un ceviche?",
        "How do strengths and lengths differ?",
        "AML efforts",
        "2021",
        "监狱是否人满为患",
    ],
)
def test_a_text_that_asks_something_is_a_question(text: str) -> None:
    assert understand(text, [], VOCABULARY).no_question is None


@pytest.mark.parametrize(
    ("turn", "history", "searched"),
    [
        ("and in the north?", ["Who controls the VRAEM area?"], "and in the north? controls VRAEM area"),
        ("what about them?", ["Are journalists killed?"], "what about them? journalists killed"),
        ("why?", ["Are prisons full?"], "why? prisons"),
        ("¿y en el norte?", ["¿Quién controla el VRAEM?"], "¿y en el norte? controla VRAEM"),
        ("and the coast?", ["Who controls the VRAEM area?", "and in the north?"], "and the coast? controls VRAEM area"),
        ("and the coast?", ["Are prisons full?", "thanks!"], "and the coast? prisons"),
        ("Why are prisons overcrowded?", ["Who controls the VRAEM area?"], "Why are prisons overcrowded?"),
        ("What is the capital of France?", ["Who controls the VRAEM area?"], "What is the capital of France?"),
        ("And the price of tea?", ["Who controls the VRAEM area?"], "And the price of tea?"),
        ("and in the north?", [], "and in the north?"),
        ("and in the north?", ["hello"], "and in the north?"),
    ],
)
def test_a_follow_up_is_made_explicit_and_a_complete_question_is_left_alone(turn: str, history: list[str], searched: str) -> None:
    assert understand(turn, history, VOCABULARY).searched == searched


def test_a_sentence_is_scored_by_the_own_words_of_a_follow_up_if_it_has_any() -> None:
    scored = [understand(turn, ["Are prisons full?"], VOCABULARY).scored_as[0].text for turn in ("and in the north?", "why?")]
    assert scored == ["and in the north?", "why? prisons"]


@pytest.mark.parametrize(
    ("turn", "history", "read_as", "in_full"),
    [
        ("and in the north?", ["Are prisons full?"], "and in the north? prisons", "Are prisons full? and in the north?"),
        ("and the coast?", ["Are prisons full?", "and why?"], "and the coast? prisons", "Are prisons full? and the coast?"),
        ("why?", ["Are  prisonns full?"], "why? prisons full", "Are prisons full? why?"),
        ("Who controls the north?", ["Are prisons full?"], "Who controls the north?", "Who controls the north?"),
        ("What does the report say about prisonns?", [], "prisons?", "What does the report say about prisons?"),
    ],
)
def test_misspelled_words_are_corrected_in_what_is_read(turn: str, history: list[str], read_as: str, in_full: str) -> None:
    question = understand(turn, history, VOCABULARY)
    assert (question.read_as, question.in_full) == (read_as, in_full)
    assert question.phrasings[-1] == in_full


def test_of_english_documents_a_spanish_question_is_read_in_english() -> None:
    spanish = understand("¿Están llenas las cárceles?", [], VOCABULARY)
    assert (spanish.read_in("es"), spanish.read_in("en")) == ("¿Están llenas las cárceles?", spanish.searched_as[-1].text)
    assert "prisons" in spanish.read_in("en")
    assert understand("Are prisons full?", [], VOCABULARY).read_in("es") == "Are prisons full?"


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("What does the report say about prisons?", "prisons?"),
        ("According to this report, who controls the north?", "who controls the north?"),
        ("¿Qué dice el informe sobre los periodistas?", "¿los periodistas?"),
        ("What does the report say?", "What does the report say?"),
    ],
)
def test_the_framing_of_a_question_is_not_searched(text: str, searched: str) -> None:
    assert understand(text, [], VOCABULARY).searched == searched


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Are prisons in Chile overcrowded?", ("Chile",)),
        ("Was Pedro Castillo impeached in 2022?", ("Pedro Castillo", "2022")),
        ("What did the Ministry of Interior do?", ("Ministry", "Interior")),
        ("who controls brazil's amazon?", ()),
        ("¿Qué pasa con la minería en La Libertad?", ("Libertad",)),
        ("Do I know Chile?", ("Chile",)),
        ("What Is The State Of Prisons Today?", ()),
        ("Who controls the VRAEM?", ("VRAEM",)),
        ("NATO or the UN?", ("NATO", "UN")),
        ("¿Quién vivió en Lima en el siglo XVIII?", ("Lima",)),
        ("Was Louis XIV there?", ("Louis",)),
        ("I read it. Prisons are full there. Is Mr. Brown right?", ("Brown",)),
    ],
)
def test_names_are_recognized_by_their_capitals(text: str, names: tuple[str, ...]) -> None:
    assert understand(text, [], VOCABULARY).names == names


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How many defenders were killed?", "number"),
        ("By what percentage was the budget cut?", "number"),
        ("¿Cuánto dinero reciben las víctimas?", "number"),
        ("¿Cuántas cárceles hay?", "number"),
        ("How much does it cost?", "number"),
        ("How much influence do they have?", ""),
        ("In what year was it ratified?", "year"),
        ("¿En qué año se ratificó?", "year"),
        ("When was it ratified?", "date"),
        ("Who is the leader?", "person"),
        ("¿Quién manda?", "person"),
        ("Where is it?", "place"),
        ("Why was he impeached?", "cause"),
        ("¿Por qué fue destituido?", "cause"),
        ("Are prisons full?", ""),
    ],
)
def test_the_kind_of_thing_that_is_asked_for(text: str, kind: str) -> None:
    assert understand(text, [], VOCABULARY).asks_for == kind


def test_the_language_of_a_question_is_detected() -> None:
    assert understand("¿Quién controla el VRAEM?", [], VOCABULARY).language == "es"
    assert understand("Who controls the VRAEM?", [], VOCABULARY).language == "en"


def test_a_text_too_long_to_be_a_question_is_refused() -> None:
    with pytest.raises(QuestionError, match=r"The question has 100,000 characters; Quipu takes up to 2,000."):
        understand("a" * 100_000, [], VOCABULARY)


def test_a_complete_question_may_begin_like_a_follow_up() -> None:
    assert not is_elliptical("And who is said to control the forests of the north?", "en")
    assert not is_elliptical("Is it true that Peru has not entered into any extradition treaties?", "en")
    assert is_elliptical("and who controls them?", "en")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Qui contrôle aujourd'hui la région du nord du Pérou ?", "fr"),
        ("Qui contrôle le VRAEM ?", "fr"),
        ("Wer kontrolliert die Region VRAEM?", "de"),
        ("As prisões no Peru estão superlotadas?", "pt"),
        ("Кто контролирует север Перу?", "ru"),
        ("Who controls the VRAEM?", None),
        ("infromal econmy", None),
        ("wich guerrila grup contrls teh VRAEM", None),
        ("periodistas amenasas jueces", None),
        ("AML efforts", None),
        ("2021?", None),
    ],
)
def test_a_misspelled_question_is_not_taken_for_one_in_another_language(text: str, language: str | None) -> None:
    assert unusual_language(text) == language
