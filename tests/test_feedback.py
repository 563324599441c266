"""Feedback: kept only if it is turned on, judged by id, deleted with its documents, and turned into drafts of test questions."""

import json
import sqlite3
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant import Answer, Assistant, Feedback, QuestionError, Reason, SentenceRanker
from eval import drafts, read_questions
from index import Encoder, Home, LibraryError, remove
from tests.fakes import Unsure
from tests.inline import add
from tests.made import write
from ui.server import create_app

LOCAL = "http://localhost:7860"


@pytest.fixture
def forests(encoder: Encoder, ranker: SentenceRanker, home: Home, report: Path) -> Assistant:
    add(home, [report], encoder)
    return Assistant(home, encoder, ranker)


@pytest.fixture
def feedback(home: Home) -> Feedback:
    return Feedback(home)


def test_a_kept_question_has_the_ranges_of_its_answer_and_not_their_text(
    forests: Assistant, feedback: Feedback, home: Home
) -> None:
    answer = forests.ask("and in Iquitos?", ["Who seized trucks?"])
    name = feedback.keep(answer, ["Who seized trucks?"])
    (kept,) = feedback.kept()
    assert (kept.id, kept.question, kept.history) == (name, "and in Iquitos?", ("Who seized trucks?",))
    assert (kept.status, kept.helpful, kept.comment) == ("answered", None, "")
    assert kept.cited == tuple((citation.document_id, citation.start, citation.end) for citation in answer.citations)
    assert b"Officers in Iquitos" not in (home.path / "feedback.sqlite").read_bytes()


def test_of_an_unsure_answer_the_closest_sentences_are_kept_and_drafted(
    forests: Assistant, feedback: Feedback, encoder: Encoder, ranker: SentenceRanker
) -> None:
    answer = Assistant(forests.home, encoder, Unsure(ranker)).ask("Who seized trucks?")
    assert answer.status == "unsure"
    feedback.keep(answer)
    (kept,) = feedback.kept()
    assert kept.cited == tuple((citation.document_id, citation.start, citation.end) for citation in answer.nearest)
    (draft,) = drafts(feedback.kept(), forests.scope())
    assert (draft["why"], draft["cited"]) == (["unsure"], [citation.quote for citation in answer.nearest])


def test_the_last_judgement_counts(forests: Assistant, feedback: Feedback) -> None:
    name = feedback.keep(forests.ask("Who seized trucks?"))
    feedback.judge(name, helpful=False, comment="the wrong year")
    feedback.judge(name, helpful=True)
    assert [(kept.helpful, kept.comment) for kept in feedback.kept()] == [(True, "")]
    with pytest.raises(QuestionError, match="There is no answer 'unknown' to judge"):
        feedback.judge("unknown", helpful=True)
    with pytest.raises(QuestionError, match="The comment has 2,001 characters; up to 2,000 are kept"):
        feedback.judge(name, helpful=False, comment="x" * 2001)


def test_reading_creates_no_file(feedback: Feedback, home: Home) -> None:
    assert feedback.kept() == []
    feedback.forget_removed()
    assert not home.path.exists()


def test_the_ranges_of_a_removed_document_are_deleted(forests: Assistant, feedback: Feedback, home: Home) -> None:
    feedback.keep(forests.ask("Who seized trucks?"))
    assert feedback.kept()[0].cited
    feedback.forget_removed()
    assert feedback.kept()[0].cited
    remove(home, "forests.txt")
    feedback.forget_removed()
    assert feedback.kept()[0].cited == ()
    with sqlite3.connect(home.path / "feedback.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM citations").fetchone() == (0,)


def test_a_damaged_database_is_reported(feedback: Feedback, home: Home) -> None:
    write(home.path / "feedback.sqlite", "this is no database")
    with pytest.raises(LibraryError, match=r"feedback\.sqlite can't be used: file is not a database"):
        feedback.kept()


def test_drafts_are_questions_that_were_refused_or_whose_answers_did_not_help(
    forests: Assistant, feedback: Feedback, tmp_path: Path
) -> None:
    def asked(question: str, *, helpful: bool | None = None, comment: str = "") -> Answer:
        answer = forests.ask(question)
        name = feedback.keep(answer)
        if helpful is not None:
            feedback.judge(name, helpful=helpful, comment=comment)
        return answer

    asked("Who seized trucks?", helpful=True)
    asked("How many sawmills were counted?")
    asked("hello")
    assert asked("What is sold in Brazil?").reason == Reason("name_absent", "Brazil")
    asked("What is sold in Brazil?", helpful=False, comment="it is in chapter 2")
    wrong = asked("Were many sawmills closed?", helpful=False)
    drafted = drafts(feedback.kept(), forests.scope())
    assert [(draft["question"], draft["times"], draft["why"]) for draft in drafted] == [
        ("What is sold in Brazil?", 2, ["refused: name_absent: Brazil", "not helpful: it is in chapter 2"]),
        ("Were many sawmills closed?", 1, ["not helpful"]),
    ]
    assert drafted[1]["cited"] == [citation.quote for citation in wrong.citations] != []

    def read(values: dict[str, object]) -> None:
        read_questions(write(tmp_path / "mine.jsonl", json.dumps(values)))

    with pytest.raises(QuestionError, match=r"Line 1 of .*it is a draft: say whether the documents answer it"):
        read(drafted[0])
    read({**drafted[0], "answerable": False})
    read({**drafted[1], "answerable": True, "gold_quotes": ["few were closed"]})


def test_the_api_keeps_questions_and_takes_judgements(forests: Assistant, feedback: Feedback) -> None:
    with TestClient(create_app(forests, feedback), base_url=LOCAL) as client:
        answer = client.post("/api/ask", json={"question": "Who seized trucks?", "history": ["What was counted?"]}).json()
        judged = client.post("/api/feedback", json={"feedback": answer["feedback"], "helpful": False, "comment": "no"})
        assert (judged.status_code, judged.content) == (204, b"")
        broken = client.post(
            "/api/feedback", content=b'{"feedback": "\\ud800", "helpful": true}', headers={"Content-Type": "application/json"}
        )
        assert broken.status_code == 422
        unknown = client.post("/api/feedback", json={"feedback": "unknown", "helpful": True})
        assert (unknown.status_code, unknown.json()["detail"]) == (422, "There is no answer 'unknown' to judge.")
    (kept,) = feedback.kept()
    assert (kept.id, kept.helpful, kept.comment, kept.history) == (answer["feedback"], False, "no", ("What was counted?",))


def test_nothing_is_kept_unless_the_operator_turns_it_on(forests: Assistant, home: Home) -> None:
    with TestClient(create_app(forests), base_url=LOCAL) as client:
        assert client.post("/api/ask", json={"question": "Who seized trucks?"}).json()["feedback"] is None
        judged = client.post("/api/feedback", json={"feedback": "x", "helpful": True})
    assert (judged.status_code, judged.json()["detail"]) == (404, "No feedback is kept here.")
    assert not (home.path / "feedback.sqlite").exists()


def test_a_question_that_cannot_be_kept_is_still_answered(forests: Assistant, home: Home, caplog: pytest.LogCaptureFixture) -> None:
    write(home.path / "feedback.sqlite", "this is no database")
    with TestClient(create_app(forests, Feedback(home)), base_url=LOCAL) as client:
        answer = client.post("/api/ask", json={"question": "Who seized trucks?"}).json()
    assert (answer["status"], answer["feedback"]) == ("answered", None)
    assert "A question was not kept" in caplog.text
