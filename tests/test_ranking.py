"""The ranking of sentences: the cross-encoder with its input and scores, the other signals, and their calibration."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import Answer, Assistant, Evidence, SentenceRanker
from assistant.model import Calibration, CrossEncoder, Signals, calibrated_encoder, context, tokenizer
from assistant.model.cross_encoder import WEIGHTS
from assistant.model.pairs import encode
from assistant.question import understand
from assistant.ranking.coverage import coverage, weighted_words
from assistant.ranking.ranker import MeasuredSentence
from index import DEFAULT_MODEL, Catalogue, Encoder, EncoderError, Home, default_folder, load_encoder, question_terms, terms
from tests.fakes import WordEncoder, Words, open_index
from tests.inline import add
from tests.made import REPORT, text_document, write

VRAEM = "The VRAEM area is controlled by the Shining Path guerrilla group and drug traffickers."
DOCUMENT = text_document(f"# Peru\n\n## Groups\n\nThere are many groups. {VRAEM}\n\n## Prisons\n\nThey are full.\n", "peru.md")


@pytest.fixture(scope="module")
def cross_encoder() -> CrossEncoder:
    loaded = CrossEncoder.load()
    assert loaded is not None
    return loaded


def test_the_context_of_a_sentence_is_its_headings_and_the_preceding_sentence() -> None:
    assert context(DOCUMENT, DOCUMENT.text.index(VRAEM)) == ("Groups; Peru", "There are many groups.")
    assert context(DOCUMENT, DOCUMENT.text.index("They are full")) == ("Prisons; Peru", "")


def test_a_pair_is_question_sentence_headings_and_preceding_sentence() -> None:
    pair = encode(tokenizer(), "Who?", "Prisons are full.", ("Peru", "Yes."))
    words = [tokenizer().id_to_token(number) for number in pair.ids]
    assert words == "[CLS] who ? [SEP] prisons are full . [SEP] peru [SEP] yes . [SEP]".split()
    assert pair.types == [0] * 4 + [1] * 5 + [0] * 5
    assert words[pair.first : pair.first + len(pair.offsets)] == ["prisons", "are", "full", "."]
    assert pair.offsets == [(0, 7), (8, 11), (12, 16), (16, 17)]


def test_a_long_question_and_a_long_sentence_are_cut_to_what_the_model_takes() -> None:
    pair = encode(tokenizer(), "who " * 600, "prison " * 600, ("peru " * 600, "yes " * 600))
    assert len(pair.ids) == len(pair.types) <= 256
    assert len(pair.offsets) == 96


def test_the_cross_encoder_prefers_the_sentence_that_answers_and_marks_the_answer(cross_encoder: CrossEncoder) -> None:
    sentences = [(VRAEM, ("Groups", "")), ("Prisons are overcrowded, a major problem across the country.", ("Challenges", ""))]
    right, wrong = cross_encoder.score("Which guerrilla group controls the VRAEM area?", sentences)
    assert right.logit > wrong.logit + 2
    assert right.span is not None
    assert "Shining Path" in VRAEM[slice(*right.span)]


def test_the_cross_encoder_tells_whether_a_sentence_answers_or_only_shares_the_subject(
    cross_encoder: CrossEncoder,
) -> None:
    (who,) = cross_encoder.score("Who controls the VRAEM area?", [(VRAEM, ("Groups", ""))])
    (leader,) = cross_encoder.score("What is the name of the leader of the Shining Path?", [(VRAEM, ("Groups", ""))])
    assert who.logit > leader.logit + 2


def test_the_score_of_a_sentence_does_not_depend_on_the_others(cross_encoder: CrossEncoder) -> None:
    (alone,) = cross_encoder.score("Who?", [(VRAEM, ("", ""))])
    assert cross_encoder.score("Who?", [("Short.", ("", "")), (VRAEM, ("", "")), ("A " * 90, ("", ""))])[1] == alone


def test_weights_that_do_not_match_their_checksum_are_refused(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"other")
    (tmp_path / "cross_encoder.json").write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(EncoderError, match=r"cross_encoder\.onnx are not the ones that Quipu was measured with: reinstall Quipu\."):
        CrossEncoder.load(tmp_path)


def test_without_weights_answers_rely_on_similarity_and_the_operator_is_told(encoder: Encoder, home: Home) -> None:
    assert CrossEncoder.load(home.path) is None
    assistant = Assistant(home, encoder, SentenceRanker(encoder))
    answer = assistant.ask("Who controls the VRAEM area?")
    assert "Shining Path" in answer.citations[0].quote
    assert answer.sentences[0].answer_span is None
    assert assistant.ask("How do I bake sourdough bread?").status == "not_in_documents"
    assert assistant.notice() == "The cross-encoder's weights are missing, so answers rely on similarity alone: reinstall Quipu."


def test_a_sentence_in_a_language_that_the_cross_encoder_does_not_know_is_ranked_by_the_other_signals(
    encoder: Encoder, ranker: SentenceRanker, home: Home, tmp_path: Path
) -> None:
    counted = "El ministerio contó 412 aserraderos ilegales en el norte del país."
    spanish = f"Los bosques del norte\n\n{counted} Los agentes incautaron nueve camiones.\n"
    assistant = Assistant(home, encoder, ranker)
    add(assistant.home, [write(tmp_path / "bosques.txt", spanish)], assistant.encoder)
    answer = assistant.ask("¿Cuántos aserraderos ilegales contó el ministerio?")
    assert answer.citations[0].quote == counted
    assert answer.sentences[0].answer_span is None
    assert assistant.ask("¿Cuántas escuelas hay en Chile?").status == "not_in_documents"


def test_a_calibration_is_two_logistic_models() -> None:
    calibration = Calibration({"coverage": 2.0, "named": 1.0, "fits": -1.0}, bias=0.5, slope=2.0, shift=-1.0)
    signals = Signals(None, None, coverage=0.5, named=1.0, fits=1.0)
    assert signals.names == ("coverage", "named", "fits")
    assert calibration.logit(signals) == 0.5 + 1.0 + 1.0 - 1.0
    assert calibration.probability(0.5) == 0.5


@pytest.mark.parametrize("logit", [None, 1.0])
@pytest.mark.parametrize("cosine", [None, 0.5])
def test_there_is_a_calibration_for_every_combination_of_signals(logit: float | None, cosine: float | None) -> None:
    """There may be no cross-encoder, and an encoder that wasn't calibrated. Stronger signals give a higher probability."""
    weak = Signals(logit, cosine, 0.2, 1.0, 1.0)
    strong = Signals(logit and logit + 1, cosine and cosine + 0.2, 0.4, 1.0, 1.0)
    calibration = Calibration.of(weak.names)
    assert 0 < calibration.probability(calibration.logit(weak)) < calibration.probability(calibration.logit(strong)) < 1


QUESTIONS = ("Who controls the VRAEM?", "Are prisons in Chile overcrowded?", "How do I bake bread?", "¿Están llenas las cárceles?")


def test_the_default_weights_in_a_folder_give_the_probabilities_of_the_default_name(begun: Home, encoder: Encoder) -> None:
    in_folder = load_encoder(str(default_folder()))
    assert in_folder.name != encoder.name == DEFAULT_MODEL
    by_name, by_folder = (Assistant(begun, one, SentenceRanker.load(one)) for one in (encoder, in_folder))
    assert [by_folder.ask(question) for question in QUESTIONS] == [by_name.ask(question) for question in QUESTIONS]
    assert by_folder.ask(QUESTIONS[0]).confidence > 0.9


def measured(home: Home, encoder: WordEncoder, question: str) -> tuple[list[MeasuredSentence], list[Evidence]]:
    """The sentences of a library with their signals, most similar first, and the evidence of them, best first."""
    scope, ranker = open_index(home, encoder).within(), SentenceRanker(encoder)
    asked = understand(question, (), scope)
    hits = scope.search(asked.phrasings)
    return ranker.measure(asked, scope, hits), ranker.rank(asked, scope, hits)


def test_cosines_count_for_the_calibrated_fingerprint_whatever_the_name(tmp_path: Path) -> None:
    question = "How many illegal sawmills were counted?"
    signals = {}
    for fingerprint, name in (("words", DEFAULT_MODEL), (calibrated_encoder(), "words")):
        encoder, home = WordEncoder(fingerprint), Home(tmp_path / fingerprint)
        encoder.name = name
        add(home, [write(tmp_path / "forests.txt", REPORT)], encoder)
        sentences, evidence = measured(home, encoder, question)
        signals[name] = [sentence.signals for sentence in sentences]
        calibration = Calibration.of(signals[name][0].names)
        probabilities = [round(calibration.probability(calibration.logit(one)), 6) for one in signals[name]]
        assert [piece.score for piece in evidence] == sorted(probabilities, reverse=True)
        expected = encoder.passages([sentence.sentence.text for sentence in sentences]) @ encoder.questions([question])[0]
    assert [one.cosine for one in signals[DEFAULT_MODEL]] == [None] * 5
    assert [one.cosine for one in signals["words"]] == pytest.approx(expected.tolist())
    assert [replace(one, cosine=None) for one in signals["words"]] == signals[DEFAULT_MODEL]


def test_coverage_weighs_words() -> None:
    asked = [(frozenset(question_terms(word, "en")), weight) for word, weight in (("prisons", 3.0), ("Peru", 1.0))]
    assert coverage(asked, set(terms("The prison is full.", "en"))) == 0.75
    assert coverage(asked, set(terms("Peruvian prison in Peru", "en"))) == 1.0
    assert coverage([], {"prison"}) == 0.0


def test_a_word_weighs_more_the_rarer_it_is() -> None:
    (common, rare) = weighted_words("Peru quokka", "en", Words(["peru"], passages=3))
    assert common[0] == {"peru"}
    assert rare[0] == {"quokka", "quokk"}
    assert (common[1], rare[1]) == pytest.approx((0.980829, 2.079442))  # log(1 + 2.5 / 1.5), log(1 + 3.5 / 0.5)


def test_words_are_weighed_over_the_documents_that_are_asked(encoder: Encoder, ranker: SentenceRanker, tmp_path: Path) -> None:
    """Not over the rest of the library, where "sawmills" is so common that it would hardly count."""
    forests = write(tmp_path / "forests.txt", REPORT)
    months = [write(tmp_path / f"{month}.md", f"# Month {month}\n\nSawmills were visited.\n") for month in range(12)]
    library, alone = Home(tmp_path / "library"), Home(tmp_path / "alone")
    add(library, [forests, *months], encoder)
    add(alone, [forests], encoder)
    (one,) = [entry.id for entry in Catalogue(alone).active()]

    def answers(home: Home, documents: list[str] | None) -> list[Answer]:
        assistant = Assistant(home, encoder, ranker)
        questions = ("How many illegal sawmills were counted?", "Did the army count the sawmills?", "Were trucks seized in Lima?")
        return [replace(assistant.ask(question, documents=documents), generation=0) for question in questions]

    assert answers(library, [one]) == answers(alone, None)
    assert answers(library, None)[1].confidence < answers(alone, None)[1].confidence


class Unhashable(str):
    """A text whose hash nobody may ask for."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]


def test_evidence_is_hashed_by_the_id_of_its_document() -> None:
    """Not by its text and all its ranges, which takes a tenth of a second in a large spreadsheet."""
    other = replace(DOCUMENT, text=DOCUMENT.text + "More.")
    assert hash(other) == hash(DOCUMENT) == hash(replace(DOCUMENT, headings=(), blocks=()))
    assert other != DOCUMENT
    assert hash(replace(DOCUMENT, id="0" * 16)) != hash(DOCUMENT)
    large = replace(DOCUMENT, text=Unhashable(DOCUMENT.text))
    first, second = Evidence(large, 0, 4, 0.9), Evidence(large, 5, 9, 0.9)
    assert dict.fromkeys([first, second, replace(first)], 1) == {first: 1, second: 1}
    with pytest.raises(TypeError, match="unhashable type"):
        hash(large.text)
