"""Decisions on which evidence answers or why none does, from scores and words alone; and the quotes composed of it."""

from dataclasses import replace

import pytest

from assistant.compose import LONGEST_EXTENDED, compose
from assistant.decision import THRESHOLDS, UNSURE, Caution, decide, distinct, on_topic_similarity
from assistant.question import Question
from assistant.ranking.evidence import Evidence
from corpus import Document
from index import terms
from tests.fakes import Words
from tests.made import text_document

DOCUMENT = text_document(
    "# Forests\n\n## Timber\n\nThe ministry counted 412 sawmills in Peru. However, few were closed. The first law is of 2021.\n\n"
    "## Police\n\nThis was never tried. Officers seized trucks. Officers seized trucks.\n",
    "r.md",
)
VOCABULARY = set(terms(DOCUMENT.text, "en"))


def evidence(sentence: str, score: float, document: Document = DOCUMENT, similarity: float = 0.6) -> Evidence:
    start = document.text.index(sentence)
    return Evidence(document, start, start + len(sentence), score, similarity)


def decided(
    question: Question, *ranked: Evidence, passages: int = 8, languages: str = "en", caution: Caution = "balanced"
) -> tuple[list[str], str]:
    decision = decide(question, ranked, Words(VOCABULARY, passages, [languages]), caution)
    assert bool(decision.chosen) != bool(decision.reason)
    return [piece.text for piece in decision.chosen], str(decision.reason or "")


def asking(**fields: object) -> Question:
    return Question("who asks?", "who asks?", "en", **fields)  # type: ignore[arg-type]


SAWMILLS = evidence("The ministry counted 412 sawmills in Peru.", 0.9)
FEW = evidence("However, few were closed.", 0.88)
LAW = evidence("The first law is of 2021.", 0.85)
TRUCKS = evidence("Officers seized trucks.", 0.8)


def test_the_best_sentence_comes_first_and_nearly_as_good_ones_follow_in_document_order() -> None:
    assert decided(asking(), FEW, TRUCKS, LAW, SAWMILLS)[0] == [FEW.text, LAW.text, TRUCKS.text]
    assert decided(asking(), SAWMILLS, FEW, LAW, TRUCKS)[0] == [SAWMILLS.text, FEW.text, LAW.text]
    assert decided(asking(), SAWMILLS, TRUCKS)[0] == [SAWMILLS.text]  # 0.8 is less than nine tenths of 0.9


def test_a_topic_is_answered_by_more_sentences_than_a_question() -> None:
    topic = Question("sawmills", "sawmills", "en")
    assert decided(topic, SAWMILLS, TRUCKS)[0] == [SAWMILLS.text, TRUCKS.text]


def test_sentences_that_say_nearly_the_same_are_quoted_once() -> None:
    second = Evidence(DOCUMENT, DOCUMENT.text.rindex("Officers"), len(DOCUMENT.text), 0.79)
    assert decided(asking(), TRUCKS, second)[0] == [TRUCKS.text]
    document = text_document("Many of the old prisons in the north are full.\n\nMany old prisons in the north are full now.")
    first, other = (evidence(text, 0.9, document) for text in document.text.split("\n\n"))
    assert decided(asking(), first, other)[0] == [first.text]


def test_the_operator_chooses_how_certain_an_answer_has_to_be() -> None:
    for score, answering in (
        (0.81, {"careful", "balanced", "forthcoming"}),
        (0.66, {"balanced", "forthcoming"}),
        (0.51, {"forthcoming"}),
        (0.49, set[str]()),
    ):
        for caution in THRESHOLDS:
            answer, reason = decided(asking(), evidence(LAW.text, score), caution=caution)
            assert (bool(answer), reason) == (caution in answering, "" if caution in answering else "unsure")


def test_what_is_neither_likely_nor_unlikely_is_unsure_and_what_is_unlikely_is_refused() -> None:
    assert decided(asking(), evidence(LAW.text, UNSURE)) == ([], "unsure")
    assert decided(asking(), evidence(LAW.text, UNSURE - 0.01)) == ([], "not_said")


def test_what_neither_model_reads_is_unsure_at_most() -> None:
    french = replace(DOCUMENT, language="fr")
    sure = evidence(LAW.text, 0.95, french)
    assert decided(asking(), sure, languages="fr") == ([], "unread: fr")
    assert decided(asking(), evidence(LAW.text, 0.1, french), languages="fr") == ([], "not_said")
    asked = Question("Qui contrôle aujourd'hui les forêts dans le nord du pays ?", "forêts", "en")
    assert decided(asked, SAWMILLS) == ([], "unread: fr")
    assert decided(asked, evidence(LAW.text, 0.1)) == ([], "language: fr")


def test_of_several_sentences_those_are_quoted_whose_language_is_read() -> None:
    french = evidence(LAW.text, 0.95, replace(DOCUMENT, language="fr"))
    assert decided(asking(), french, SAWMILLS, languages="fr") == ([SAWMILLS.text], "")
    assert decided(asking(), SAWMILLS, french, languages="fr") == ([SAWMILLS.text], "")


def test_as_many_sentences_are_kept_as_are_shown() -> None:
    document = text_document(
        "\n\n".join(f"Item {number} was {'sold' if number % 2 else 'kept'} in year {number}." for number in range(9))
    )
    pieces = [Evidence(document, block.start, block.end, 0.9) for block in document.blocks]
    assert distinct([pieces[0], pieces[0], *pieces], 3) == pieces[:3]
    assert distinct(pieces, 20) == pieces


def test_an_unanswered_question_on_topic_is_distinguished_from_one_off_topic() -> None:
    weak = evidence("Officers seized trucks.", 0.1, similarity=0.25)
    assert decided(asking(), weak) == ([], "not_said")
    assert decided(asking(), weak, passages=5000) == ([], "off_topic")
    assert decided(asking(asks_for="person"), weak) == ([], "no_person")
    assert decided(asking(asks_for="person"), weak, passages=5000) == ([], "off_topic")
    assert decided(asking()) == ([], "off_topic")
    assert 0.2 == on_topic_similarity(1) < on_topic_similarity(10) < on_topic_similarity(10_000) < 0.3


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
def test_a_question_about_an_absent_name_is_refused(name: str, absent: bool) -> None:
    assert decided(asking(names=(name,)), SAWMILLS) == (([], f"name_absent: {name}") if absent else ([SAWMILLS.text], ""))


@pytest.mark.parametrize(
    ("name", "absent"),
    [("Ministerio", False), ("1998", True), ("Brasil", True), ("Perú", False), ("Alcaldía", False), ("Estados Unidos", True)],
)
def test_a_spanish_question_may_use_the_spanish_name_of_something_in_english_documents(name: str, absent: bool) -> None:
    question = Question("una pregunta", "una pregunta", "es", names=(name,))
    assert decided(question, SAWMILLS)[1] == (f"name_absent: {name}" if absent else "")


def test_an_acronym_may_be_written_out_in_the_documents() -> None:
    document = text_document("The Office of the Public Prosecutor fights money laundering. Its head is new.")
    office = evidence("The Office of the Public Prosecutor fights money laundering.", 0.9, document)
    for acronym, absent in (("OPP", False), ("AML", False), ("NATO", True), ("OPQ", True)):
        assert decided(asking(names=(acronym,)), office)[1] == (f"name_absent: {acronym}" if absent else "")


def test_a_failed_check_leaves_little_confidence() -> None:
    for question in (asking(names=("Chile",)), asking(asks_for="number")):
        assert decide(question, [FEW], Words(VOCABULARY)).confidence == pytest.approx(0.088)


def test_an_answer_has_the_number_or_year_that_is_asked_for() -> None:
    assert decided(asking(asks_for="number"), SAWMILLS, FEW)[0] == [SAWMILLS.text]
    assert decided(asking(asks_for="number"), FEW, LAW)[0] == [LAW.text]
    assert decided(asking(asks_for="number"), FEW, TRUCKS) == ([], "no_number")
    assert decided(asking(asks_for="year"), SAWMILLS, LAW)[0] == [LAW.text]
    assert decided(asking(asks_for="year"), SAWMILLS, FEW) == ([], "no_year")
    assert decided(asking(asks_for="date"), FEW)[0] == [FEW.text]  # there are too many ways to give a date


@pytest.mark.parametrize(
    "number", ["412", "3.5%", "forty", "twenty-two", "thousands", "half", "dieciséis", "trescientas", "millones"]
)
def test_a_number_may_be_written_in_words(number: str) -> None:
    document = text_document(f"They counted {number} of them there.")
    whole = Evidence(document, 0, len(document.text), 0.9)
    assert decided(asking(asks_for="number"), whole)[0] == [whole.text]


def test_a_sentence_that_cannot_stand_alone_is_quoted_with_the_preceding_one() -> None:
    sentences, citations = compose([FEW, TRUCKS])
    assert [citation.quote for citation in citations] == [f"{SAWMILLS.text} {FEW.text}", TRUCKS.text]
    assert [(sentence.text, sentence.citations) for sentence in sentences] == [(citations[0].text, (1,)), (TRUCKS.text, (2,))]


def test_the_answer_span_fits_the_sentence_as_shown() -> None:
    start = FEW.text.index("few")
    alone = compose([replace(FEW, document=text_document("Few were closed."), start=0, end=16, span=(0, 3))])[0][0]
    assert alone.answer_span == (0, 3)
    (sentence,) = compose([replace(FEW, span=(start, start + 3))])[0]
    assert sentence.answer_span is not None
    assert sentence.text[slice(*sentence.answer_span)] == "few"  # after the preceding sentence


def test_a_quote_never_crosses_a_heading() -> None:
    (citation,) = compose([evidence("This was never tried.", 0.5)])[1]
    assert citation.quote == "This was never tried."
    assert citation.heading_path == ("Timber", "Police")[1:]


def test_two_sentences_that_are_too_long_together_are_not_joined() -> None:
    long = f"The ministry {'counted and ' * 40}stopped."
    document = text_document(f"{long} However, few were closed.")
    (citation,) = compose([evidence("However, few were closed.", 0.5, document)])[1]
    assert citation.quote == "However, few were closed."
    assert len(long) > LONGEST_EXTENDED


def test_a_sentence_within_another_quote_is_not_quoted_again() -> None:
    assert [citation.quote for citation in compose([FEW, SAWMILLS])[1]] == [f"{SAWMILLS.text} {FEW.text}"]
    assert [citation.quote for citation in compose([SAWMILLS, FEW])[1]] == [SAWMILLS.text, FEW.text]
