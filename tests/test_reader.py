"""The reader: what it is given, what it says, and what becomes of an answer without it."""

import json
from pathlib import Path

import pytest

from assistant import Assistant, SentenceRanker
from assistant.model import CrossEncoder, context, tokenizer
from assistant.model.calibration import Calibration, Signals
from assistant.model.pairs import encode
from index import Encoder, EncoderError, Home, add
from tests.made import text_document, write

VRAEM = "The VRAEM area is controlled by the Shining Path guerrilla group and drug traffickers."
DOCUMENT = text_document(f"# Peru\n\n## Groups\n\nThere are many groups. {VRAEM}\n\n## Prisons\n\nThey are full.\n", "peru.md")


@pytest.fixture(scope="module")
def cross() -> CrossEncoder:
    found = CrossEncoder.load()
    assert found is not None
    return found


def test_a_sentence_is_read_with_its_headings_and_the_one_before() -> None:
    assert context(DOCUMENT, DOCUMENT.text.index(VRAEM)) == ("Groups; Peru", "There are many groups.")
    assert context(DOCUMENT, DOCUMENT.text.index("They are full")) == ("Prisons; Peru", "")


def test_a_pair_is_question_sentence_headings_and_the_sentence_before() -> None:
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


def test_it_tells_the_sentence_that_answers_and_where(cross: CrossEncoder) -> None:
    sentences = [(VRAEM, ("Groups", "")), ("Prisons are overcrowded, a major problem across the country.", ("Challenges", ""))]
    right, wrong = cross.read("Which guerrilla group controls the VRAEM area?", sentences)
    assert right.logit > wrong.logit + 2
    assert right.span is not None
    assert "Shining Path" in VRAEM[slice(*right.span)]


def test_it_tells_what_is_asked_from_what_is_said_of_it(cross: CrossEncoder) -> None:
    (who,) = cross.read("Who controls the VRAEM area?", [(VRAEM, ("Groups", ""))])
    (leader,) = cross.read("What is the name of the leader of the Shining Path?", [(VRAEM, ("Groups", ""))])
    assert who.logit > leader.logit + 2


def test_what_it_says_of_a_sentence_does_not_depend_on_the_others(cross: CrossEncoder) -> None:
    (alone,) = cross.read("Who?", [(VRAEM, ("", ""))])
    assert cross.read("Who?", [("Short.", ("", "")), (VRAEM, ("", "")), ("A " * 90, ("", ""))])[1] == alone


def test_other_weights_than_the_measured_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"other")
    (tmp_path / "reader.json").write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(EncoderError, match=r"model.onnx are not the ones that Quipu was measured with: install Quipu anew."):
        CrossEncoder.load(tmp_path)


def test_without_weights_answers_go_by_likeness_and_the_operator_is_told(encoder: Encoder, home: Home) -> None:
    assert CrossEncoder.load(home.path) is None
    assistant = Assistant(home, encoder, SentenceRanker(encoder))
    answer = assistant.ask("Who controls the VRAEM area?")
    assert "Shining Path" in answer.citations[0].quote
    assert answer.sentences[0].answer_span is None
    assert assistant.ask("How do I bake sourdough bread?").status == "not_in_documents"
    assert assistant.notice() == "The reader's weights are missing: answers go by likeness alone; install Quipu anew."


def test_a_sentence_in_a_language_that_it_cannot_read_is_weighed_by_likeness(encoder: Encoder, home: Home, tmp_path: Path) -> None:
    counted = "El ministerio contó 412 aserraderos ilegales en el norte del país."
    spanish = f"Los bosques del norte\n\n{counted} Los agentes incautaron nueve camiones.\n"
    assistant = Assistant(home, encoder, SentenceRanker.load(encoder))
    add(assistant.home, [write(tmp_path / "bosques.txt", spanish)], assistant.encoder)
    answer = assistant.ask("¿Cuántos aserraderos ilegales contó el ministerio?")
    assert answer.citations[0].quote == counted
    assert answer.sentences[0].answer_span is None
    assert assistant.ask("¿Cuántas escuelas hay en Chile?").status == "not_in_documents"


def test_a_calibration_is_two_logistic_models() -> None:
    calibration = Calibration({"coverage": 2.0, "named": 1.0, "fits": -1.0}, bias=0.5, slope=2.0, shift=-1.0)
    signals = Signals(None, None, coverage=0.5, named=1.0, fits=1.0)
    assert signals.seen == ("coverage", "named", "fits")
    assert calibration.logit(signals) == 0.5 + 1.0 + 1.0 - 1.0
    assert calibration.probability(0.5) == 0.5


@pytest.mark.parametrize("reader", [None, 1.0])
@pytest.mark.parametrize("cosine", [None, 0.5])
def test_there_is_a_calibration_for_whatever_is_seen(reader: float | None, cosine: float | None) -> None:
    """Without the weights, and with an encoder whose cosines nobody calibrated; more of anything is never less likely."""
    few = Signals(reader, cosine, 0.2, 1.0, 1.0)
    many = Signals(reader and reader + 1, cosine and cosine + 0.2, 0.4, 1.0, 1.0)
    calibration = Calibration.of(few.seen)
    assert 0 < calibration.probability(calibration.logit(few)) < calibration.probability(calibration.logit(many)) < 1
