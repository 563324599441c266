"""Which evidence answers, and why none does: decided from scores and words alone."""

from dataclasses import replace

import pytest

from assistant.compose import LONGEST_EXTENDED, compose
from assistant.decision import ENOUGH, Caution, decide, near_enough
from assistant.evidence import Evidence, coverage
from assistant.question import Question
from corpus import Document
from index import question_terms, terms
from tests.fakes import Words
from tests.made import text_document

DOCUMENT = text_document(
    "# Forests\n\n## Timber\n\nThe ministry counted 412 sawmills in Peru. However, few were closed. The first law is of 2021.\n\n"
    "## Police\n\nThis was never tried. Officers seized trucks. Officers seized trucks.\n",
    "r.md",
)
VOCABULARY = set(terms(DOCUMENT.text, "en"))


def evidence(sentence: str, score: float, document: Document = DOCUMENT, near: float = 0.6) -> Evidence:
    start = document.text.index(sentence)
    return Evidence(document, start, start + len(sentence), score, near)


def decided(
    question: Question, *found: Evidence, passages: int = 8, languages: str = "en", caution: Caution = "balanced"
) -> tuple[list[str], str]:
    decision = decide(question, found, Words(VOCABULARY, passages, [languages]), caution)
    assert bool(decision.chosen) != bool(decision.reason)
    return [piece.text for piece in decision.chosen], str(decision.reason or "")


def asking(**more: object) -> Question:
    return Question("who asks?", "who asks?", "en", **more)  # type: ignore[arg-type]


SAWMILLS = evidence("The ministry counted 412 sawmills in Peru.", 0.9)
FEW = evidence("However, few were closed.", 0.88)
LAW = evidence("The first law is of 2021.", 0.85)
TRUCKS = evidence("Officers seized trucks.", 0.8)


def test_the_best_comes_first_and_what_is_nearly_as_good_in_the_documents_order() -> None:
    assert decided(asking(), FEW, TRUCKS, LAW, SAWMILLS)[0] == [FEW.text, LAW.text, TRUCKS.text]
    assert decided(asking(), SAWMILLS, FEW, LAW, TRUCKS)[0] == [SAWMILLS.text, FEW.text, LAW.text]
    assert decided(asking(), SAWMILLS, TRUCKS)[0] == [SAWMILLS.text]  # 0.8 is less than nine tenths of 0.9


def test_on_a_topic_there_is_more_to_say() -> None:
    topic = Question("sawmills", "sawmills", "en")
    assert decided(topic, SAWMILLS, TRUCKS)[0] == [SAWMILLS.text, TRUCKS.text]


def test_what_says_nearly_the_same_is_said_once() -> None:
    second = Evidence(DOCUMENT, DOCUMENT.text.rindex("Officers"), len(DOCUMENT.text), 0.79)
    assert decided(asking(), TRUCKS, second)[0] == [TRUCKS.text]
    document = text_document("Many of the old prisons in the north are full.\n\nMany old prisons in the north are full now.")
    first, other = (evidence(text, 0.9, document) for text in document.text.split("\n\n"))
    assert decided(asking(), first, other)[0] == [first.text]


def test_how_sure_an_answer_has_to_be_is_for_the_operator_to_say() -> None:
    for score, enough in (
        (0.6, {"careful", "balanced", "forthcoming"}),
        (0.4, {"balanced", "forthcoming"}),
        (0.2, {"forthcoming"}),
        (0.1, set[str]()),
    ):
        for caution in ENOUGH:
            assert bool(decided(asking(), evidence(LAW.text, score), caution=caution)[0]) == (caution in enough)


def test_what_is_near_and_does_not_answer_is_told_from_what_is_off_the_topic() -> None:
    weak = evidence("Officers seized trucks.", 0.2, near=0.25)
    assert decided(asking(), weak) == ([], "not_said")
    assert decided(asking(), weak, passages=5000) == ([], "off_topic")
    assert decided(asking(asks="person"), weak) == ([], "no_person")
    assert decided(asking(asks="person"), weak, passages=5000) == ([], "off_topic")
    assert decided(asking()) == ([], "off_topic")
    assert 0.2 == near_enough(1) < near_enough(10) < near_enough(10_000) < 0.3


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("Chile", True),
        ("Peru", False),
        ("Peruvian", False),
        ("Chilean", True),
        ("2021", False),
        ("1998", True),
        ("Ministry", False),
        ("Peru Chile", True),  # as Pedro Sánchez is absent where Pedro Castillo is not
    ],
)
def test_a_name_that_stands_nowhere_is_refused(name: str, absent: bool) -> None:
    assert decided(asking(names=(name,)), SAWMILLS) == (([], f"name_absent: {name}") if absent else ([SAWMILLS.text], ""))


@pytest.mark.parametrize(
    ("name", "absent"),
    [("Ministerio", False), ("1998", True), ("Brasil", True), ("Perú", False), ("Alcaldía", False), ("Estados Unidos", True)],
)
def test_a_spanish_question_may_name_in_spanish_what_english_documents_have(name: str, absent: bool) -> None:
    question = Question("una pregunta", "una pregunta", "es", names=(name,))
    assert decided(question, SAWMILLS)[1] == (f"name_absent: {name}" if absent else "")


def test_an_acronym_may_be_written_out() -> None:
    document = text_document("The Office of the Public Prosecutor fights money laundering. Its head is new.")
    office = evidence("The Office of the Public Prosecutor fights money laundering.", 0.9, document)
    for acronym, absent in (("OPP", False), ("AML", False), ("NATO", True), ("OPQ", True)):
        assert decided(asking(names=(acronym,)), office)[1] == (f"name_absent: {acronym}" if absent else "")


def test_a_check_that_fails_leaves_little_confidence() -> None:
    for question in (asking(names=("Chile",)), asking(asks="number")):
        assert decide(question, [FEW], Words(VOCABULARY)).confidence == pytest.approx(0.088)


def test_a_number_or_a_year_that_is_asked_for_has_to_be_there() -> None:
    assert decided(asking(asks="number"), SAWMILLS, FEW)[0] == [SAWMILLS.text]
    assert decided(asking(asks="number"), FEW, LAW)[0] == [LAW.text]
    assert decided(asking(asks="number"), FEW, TRUCKS) == ([], "no_number")
    assert decided(asking(asks="year"), SAWMILLS, LAW)[0] == [LAW.text]
    assert decided(asking(asks="year"), SAWMILLS, FEW) == ([], "no_year")
    assert decided(asking(asks="date"), FEW)[0] == [FEW.text]  # there are too many ways to say when


@pytest.mark.parametrize(
    "number", ["412", "3.5%", "forty", "twenty-two", "thousands", "half", "dieciséis", "trescientas", "millones"]
)
def test_a_number_may_be_in_words(number: str) -> None:
    found = text_document(f"They counted {number} of them there.")
    whole = Evidence(found, 0, len(found.text), 0.9)
    assert decided(asking(asks="number"), whole)[0] == [whole.text]


def test_a_follow_up_is_answered_by_what_has_its_own_words() -> None:
    assert decided(asking(own_words=("trucks",)), SAWMILLS, FEW, TRUCKS)[0] == [TRUCKS.text]
    assert decided(asking(own_words=("sawmill",)), FEW, TRUCKS) == ([], "off_topic")


def test_coverage_weighs_words() -> None:
    asked = [(frozenset(question_terms(word, "en")), weight) for word, weight in (("prisons", 3.0), ("Peru", 1.0))]
    assert coverage(asked, set(terms("The prison is full.", "en"))) == 0.75
    assert coverage(asked, set(terms("Peruvian prison in Peru", "en"))) == 1.0
    assert coverage([], {"prison"}) == 0.0


def test_a_sentence_that_cannot_stand_alone_takes_in_the_one_before() -> None:
    sentences, citations = compose([FEW, TRUCKS])
    assert [citation.quote for citation in citations] == [f"{SAWMILLS.text} {FEW.text}", TRUCKS.text]
    assert [(sentence.text, sentence.citations) for sentence in sentences] == [(citations[0].text, (1,)), (TRUCKS.text, (2,))]


def test_the_answers_own_words_are_where_the_shown_sentence_has_them() -> None:
    start = FEW.text.index("few")
    alone = compose([replace(FEW, document=text_document("Few were closed."), start=0, end=16, span=(0, 3))])[0][0]
    assert alone.answer_span == (0, 3)
    (sentence,) = compose([replace(FEW, span=(start, start + 3))])[0]
    assert sentence.answer_span is not None
    assert sentence.text[slice(*sentence.answer_span)] == "few"  # of a sentence that takes in the one before


def test_it_never_reaches_over_a_heading() -> None:
    (citation,) = compose([evidence("This was never tried.", 0.5)])[1]
    assert citation.quote == "This was never tried."
    assert citation.heading_path == ("Timber", "Police")[1:]


def test_two_sentences_too_long_together_stay_apart() -> None:
    long = f"The ministry {'counted and ' * 40}stopped."
    document = text_document(f"{long} However, few were closed.")
    (citation,) = compose([evidence("However, few were closed.", 0.5, document)])[1]
    assert citation.quote == "However, few were closed."
    assert len(long) > LONGEST_EXTENDED


def test_a_sentence_that_another_quote_holds_is_not_quoted_again() -> None:
    assert [citation.quote for citation in compose([FEW, SAWMILLS])[1]] == [f"{SAWMILLS.text} {FEW.text}"]
    assert [citation.quote for citation in compose([SAWMILLS, FEW])[1]] == [SAWMILLS.text, FEW.text]
