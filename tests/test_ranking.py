"""The ranking of sentences: the cross-encoder with its input and scores, the other signals, and their calibration."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import Answer, Assistant, Evidence, SentenceRanker
from assistant.model import Calibration, CrossEncoder, ReadPassage, SentenceScore, Signals, calibrated_encoder, tokenizer
from assistant.model.cross_encoder import CHECKSUMS, FOLDER, TOKENIZER, WEIGHTS
from assistant.model.passage_input import passage_inputs
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


def test_a_passage_is_read_behind_the_question_with_a_marker_for_each_sentence() -> None:
    (part,) = passage_inputs(tokenizer(), "Who?", "Peru", ["Prisons are full.", "So."])
    words = [tokenizer().id_to_token(number) for number in part.ids]
    assert words == "[CLS] who ? [SEP] peru . prisons are full . so . [SEP] [CLS] [CLS]".split()
    assert part.types == [0] * 4 + [1] * 9 + [0] * 2
    assert part.positions == [*range(13), 0, 0]
    assert [words[start:end] for start, end in part.sentences] == [["prisons", "are", "full", "."], ["so", "."]]
    assert part.offsets == [[(0, 7), (8, 11), (12, 16), (16, 17)], [(0, 2), (2, 3)]]


def test_a_marker_looks_at_the_question_and_its_own_sentence_alone() -> None:
    (part,) = passage_inputs(tokenizer(), "Who?", "Peru", ["Full.", "So."])
    seen = part.attention()
    assert seen.shape == (13, 13)
    assert [list(row.nonzero()[0]) for row in seen[11:]] == [[1, 2, 3, 6, 7, 10, 11], [1, 2, 3, 8, 9, 10, 12]]
    assert seen[:11, :11].all()
    assert not seen[:11, 11:].any()


def test_a_long_passage_is_read_in_parts_and_long_texts_are_cut() -> None:
    parts = list(passage_inputs(tokenizer(), "who " * 600, "peru " * 600, ["prison " * 600, "full " * 60, "so " * 60, "no " * 9]))
    assert [[end - start for start, end in part.sentences] for part in parts] == [[96, 60], [60, 9]]
    assert all(len(part.ids) - len(part.sentences) <= 250 for part in parts)
    assert not list(passage_inputs(tokenizer(), "who?", "peru", []))


def read(cross_encoder: CrossEncoder, question: str, *sentences: str) -> list[SentenceScore]:
    """The scores of the sentences of one passage."""
    (scores,) = cross_encoder.score(question, [ReadPassage("Groups", sentences)])
    return scores


def test_the_cross_encoder_prefers_the_sentence_that_answers_and_marks_the_answer(cross_encoder: CrossEncoder) -> None:
    full = "Prisons are overcrowded, a major problem across the country."
    for sentences in ((VRAEM, full), (full, VRAEM)):
        scores = dict(
            zip(sentences, read(cross_encoder, "Which guerrilla group controls the VRAEM area?", *sentences), strict=True)
        )
        assert scores[VRAEM].answers > scores[full].answers + 2
        assert scores[VRAEM].is_about > scores[full].is_about
        span = scores[VRAEM].span
        assert span is not None
        assert "Shining Path" in VRAEM[slice(*span)]


KILLED = {
    "en": ("Fourteen journalists were murdered by hitmen of local mayors.", "Loggers have killed environmental defenders."),
    "es": ("Catorce periodistas fueron asesinados por sicarios.", "Los madereros han matado a defensores ambientales."),
}


@pytest.mark.parametrize(
    ("question", "language"),
    [("Who kills reporters?", "en"), ("Who kills reporters?", "es"), ("¿Quién mata a los reporteros?", "en")],
)
def test_a_question_needs_neither_words_nor_language_of_the_sentence(
    cross_encoder: CrossEncoder, question: str, language: str
) -> None:
    journalists, defenders = read(cross_encoder, question, *KILLED[language])
    assert journalists.answers > defenders.answers + 1


def test_the_cross_encoder_tells_whether_a_sentence_answers_or_only_shares_the_subject(
    cross_encoder: CrossEncoder,
) -> None:
    (who,) = read(cross_encoder, "Who controls the VRAEM area?", VRAEM)
    (leader,) = read(cross_encoder, "What is the name of the leader of the Shining Path?", VRAEM)
    assert who.answers > leader.answers + 2


def test_the_scores_of_a_passage_do_not_depend_on_the_others(cross_encoder: CrossEncoder) -> None:
    alone = read(cross_encoder, "Who?", VRAEM, "So.")
    others = [ReadPassage("", ("Short.",)), ReadPassage("Groups", (VRAEM, "So.")), ReadPassage("", ("A " * 90,))]
    assert cross_encoder.score("Who?", others)[1] == alone


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER])
def test_a_model_that_does_not_match_its_checksums_is_refused(tmp_path: Path, name: str) -> None:
    for file in (WEIGHTS, TOKENIZER, CHECKSUMS):
        (tmp_path / file).symlink_to(FOLDER / file)
    (tmp_path / name).unlink()
    (tmp_path / name).write_bytes(b"other")
    with pytest.raises(EncoderError, match=f"{re.escape(name)} is not the one that Quipu was measured with: reinstall Quipu\\."):
        CrossEncoder.load(tmp_path)


def test_a_model_without_its_tokenizer_is_refused(tmp_path: Path) -> None:
    for file in (WEIGHTS, CHECKSUMS):
        (tmp_path / file).symlink_to(FOLDER / file)
    with pytest.raises(EncoderError, match=r"tokenizer\.json is not the one"):
        CrossEncoder.load(tmp_path)


def test_without_weights_answers_rely_on_similarity_and_the_operator_is_told(encoder: Encoder, home: Home) -> None:
    assert CrossEncoder.load(home.path) is None
    assistant = Assistant(home, encoder, SentenceRanker(encoder))
    answer = assistant.ask("Who controls the VRAEM area?")
    assert "Shining Path" in answer.citations[0].quote
    assert answer.sentences[0].answer_span is None
    assert assistant.ask("How do I bake sourdough bread?").status == "not_in_documents"
    assert assistant.notice() == "The cross-encoder's weights are missing, so answers rely on similarity alone: reinstall Quipu."


def test_a_calibration_is_two_logistic_models() -> None:
    calibration = Calibration({"coverage": 2.0, "named": 1.0, "fits": -1.0}, bias=0.5, slope=2.0, shift=-1.0)
    signals = Signals(None, None, None, coverage=0.5, named=1.0, fits=1.0)
    assert signals.names == ("coverage", "named", "fits")
    assert calibration.logit(signals) == 0.5 + 1.0 + 1.0 - 1.0
    assert calibration.probability(0.5) == 0.5


@pytest.mark.parametrize("logit", [None, 1.0])
@pytest.mark.parametrize("cosine", [None, 0.5])
def test_there_is_a_calibration_for_every_combination_of_signals(logit: float | None, cosine: float | None) -> None:
    """There may be no cross-encoder, and an encoder that wasn't calibrated. Stronger signals give a higher probability."""
    weak = Signals(logit, logit, cosine, 0.2, 1.0, 1.0)
    strong = Signals(logit and logit + 1, logit and logit + 1, cosine and cosine + 0.2, 0.4, 1.0, 1.0)
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
    for fingerprint, name in (("words", DEFAULT_MODEL), (calibrated_encoder(), "words")):
        encoder, home = WordEncoder(fingerprint), Home(tmp_path / fingerprint)
        encoder.name = name
        add(home, [write(tmp_path / "forests.txt", REPORT)], encoder)
        sentences, evidence = measured(home, encoder, "How many illegal sawmills were counted?")
        signals = [sentence.signals for sentence in sentences]
        assert [one.cosine for one in signals] == [sentence.sentence.hit.cosine for sentence in sentences]
        if fingerprint == "words":
            signals = [replace(one, cosine=None) for one in signals]
        calibration = Calibration.of(signals[0].names)
        probabilities = [round(calibration.probability(calibration.logit(one)), 6) for one in signals]
        assert [piece.score for piece in evidence] == sorted(probabilities, reverse=True)


def counted(number: int) -> str:
    return f"In week {number}, the {'very ' * 8}patient ministry counted sawmills."


def test_only_so_much_of_the_passages_is_read(tmp_path: Path) -> None:
    """Of a first passage that is too long, its beginning; of short ones, those that fit."""
    passages = []
    for limit in (4000, 200):
        home, encoder = Home(tmp_path / str(limit)), WordEncoder(limit=limit)
        add(home, [write(tmp_path / "weeks.txt", " ".join(map(counted, range(200))))], encoder)
        read = [one.sentence for one in measured(home, encoder, "How many sawmills were counted?")[0]]
        assert 2500 < sum(len(sentence.text) for sentence in read) <= 4000
        passages.append(len({sentence.hit.passage.start for sentence in read}))
    assert passages[0] == 1 < passages[1]


def test_a_passage_in_a_language_that_the_cross_encoder_does_not_read_is_weighed_by_the_other_signals(
    tmp_path: Path, cross_encoder: CrossEncoder
) -> None:
    home, encoder = Home(tmp_path / "home"), WordEncoder()
    french = (
        "Les scieries\n\nLe ministère a compté 412 scieries illégales dans les forêts du nord du pays. Aujourd'hui, personne ne "
        "sait qui les dirige, et les habitants ont peur de parler aux policiers qui viennent une fois par mois. Les juges de la "
        "capitale n'ont ouvert aucune enquête, parce que les témoins se taisent et que les camions partent la nuit. Depuis deux "
        "ans, les écoles des villages voisins sont fermées, et beaucoup de familles sont allées vivre ailleurs.\n"
    )
    add(home, [write(tmp_path / "scieries.txt", french), write(tmp_path / "forests.txt", REPORT)], encoder)
    scope = open_index(home, encoder).within()
    asked = understand("412 scieries or illegal sawmills?", (), scope)
    found = SentenceRanker(encoder, cross_encoder).measure(asked, scope, scope.search(asked.phrasings))
    assert {(one.sentence.document.language, one.signals.answers is None) for one in found} == {("fr", True), ("en", False)}


def test_a_sentence_without_a_token_is_scored_too(cross_encoder: CrossEncoder) -> None:
    empty, full = read(cross_encoder, "Who controls the VRAEM area?", "\u200b", VRAEM)
    assert empty.span is None
    assert empty.answers < full.answers


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
