"""What training reads: the examples of each source, and the groups made of them."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from tests.made import write
from tools.train.dossiers import Dossier, read_records
from tools.train.examples import (
    REPORTS,
    Candidate,
    Example,
    qed_examples,
    read_reports,
    squad_examples,
    squad_library,
    with_other_name,
)
from tools.train.groups import Group, article_groups, as_read, dossier_groups, natural_groups, report_groups
from tools.train.nearest import nearest_sentences

QED = (
    '{"id": "1", "question": "who controls the area", "title": "Area", "passage": "The area is large . The Path controls it'
    ' ( since 1980 ) .", "sentences": [], "answer_spans": [[20, 28]]}\n'
)
SQUAD = (
    '{"data": [{"title": "The_Area", "paragraphs": [{"context": "It is held by the Path.", "qas": [{"id": "1", "question": "Who?",'
    ' "answers": [{"text": "the Path", "answer_start": 14}]}]}, {"context": "It is large.", "qas": [{"id": "2", "question": "How?",'
    ' "answers": [{"text": "large", "answer_start": 6}]}]}]}]}'
)


def test_each_written_question_is_answered_by_its_gold_alone(on_reports: list[Example]) -> None:
    asked = [question for report in read_reports(REPORTS) for question in report["questions"]]
    assert len(on_reports) == len(asked) > 3000
    assert [example.answerable for example in on_reports] == [bool(question["gold_quotes"]) for question in asked]
    assert sum(example.answerable for example in on_reports) == len(on_reports) / 2
    for example in on_reports:
        for candidate in example.candidates:
            if candidate.span is not None:
                assert candidate.label
                assert candidate.text[slice(*candidate.span)].strip()


def test_the_written_reports_and_dossiers_are_not_about_the_report_that_is_measured_on() -> None:
    text = REPORTS.read_text(encoding="utf-8") + json.dumps(list(read_records()), ensure_ascii=False)
    assert [name for name in ("VRAEM", "Shining Path", "Pedro Castillo") if name in text] == []


def test_a_natural_question_is_answered_by_the_sentence_of_its_span(tmp_path: Path) -> None:
    (example,) = qed_examples(write(tmp_path / "q.jsonl", QED))
    assert [(candidate.text, candidate.label) for candidate in example.candidates] == [
        ("The area is large.", False),
        ("The Path controls it (since 1980).", True),
    ]
    assert example.candidates[1].span == (0, 8)
    assert example.candidates[1].headings == "Area"


def test_of_squad_every_second_paragraph_is_left_out_in_whatever_language_it_is_asked(tmp_path: Path) -> None:
    english, spanish = write(tmp_path / "s.json", SQUAD), write(tmp_path / "es.json", SQUAD.replace("Who?", "¿Quién?"))
    texts, questions = squad_library(english, slice(None), spanish)
    assert texts == {"0000.txt": "The Area\n\nIt is held by the Path."}
    (who, how) = questions
    assert who[0] == "¿Quién?"
    assert texts[who[1]][slice(*who[2][0])] == "the Path"
    assert how == ("How?", "0000.txt", ())
    (example, _) = squad_examples(english, slice(None), spanish)
    assert [(candidate.text, candidate.label) for candidate in example.candidates] == [
        ("It is held by the Path.", True),
        ("It is large.", False),
    ]
    assert (example.question, example.other) == ("Who?", "¿Quién?")


def test_a_question_with_another_name_asks_something_else() -> None:
    gold = Candidate("In Lima, the Path rules.", "Lima", True)
    other = Candidate("It is said that Quito rules.", "Quito", False)
    example, pool = Example("a", "natural", "who rules with the path", (gold,)), [Example("b", "natural", "x", (other,))]
    assert with_other_name(example, pool, random.Random(1)) == "who rules with the quito"
    assert with_other_name(replace(example, question="who rules"), pool, random.Random(1)) is None


def test_the_sentences_nearest_to_a_question_are_those_most_like_it(dossier: Dossier) -> None:
    def embed(texts: Sequence[str]) -> Tensor:
        return torch.tensor([[float("ship" in text or "Silt" in text), float("port" in text)] for text in texts])

    why, who = nearest_sentences(dossier, embed)
    assert why[:6] == [2, 5, 8, 11, 14, 17]
    assert who[:6] == [1, 4, 7, 10, 13, 16]
    assert len(why) == 12


def many_groups(dossier: Dossier) -> tuple[list[Group], list[Group]]:
    """The groups of two hundred draws for the question with an answer, and for the one without."""
    draw = random.Random(1)
    pairs = [list(dossier_groups(dossier, [[2, 3, 1, 5, 8, 11], [4, 1, 7, 5]], draw)) for _ in range(200)]
    return [why for why, _ in pairs], [who for _, who in pairs]


def test_a_group_of_a_dossier_labels_gold_and_leaves_the_arguable_open(dossier: Dossier) -> None:
    groups, _ = many_groups(dossier)
    answered = [group for group in groups if True in group.labels]
    assert 0.8 < len(answered) / len(groups) < 0.97
    for group in answered:
        labels = dict(zip(group.sentences, group.labels, strict=True))
        assert labels.pop("Silt blocked channel 1.") is True
        assert labels.pop("Dredger 1 sank.", None) is None
        assert set(labels.values()) == {False}
        assert group.near == frozenset()
        assert group.headings in ("Causes; Chapter 1", "")
    assert {group.question for group in groups} == {"Why can't ships enter?", "¿Por qué no entran barcos?"}
    assert any(None in group.labels for group in groups)
    neighbours = [group for group in answered if "The port of town 1 was closed." in group.sentences]
    assert 0.2 < len(neighbours) / len(answered) < 0.9


def test_a_group_without_its_answer_shows_neither_gold_nor_what_one_may_argue_for(dossier: Dossier) -> None:
    groups, _ = many_groups(dossier)
    left_out = [group for group in groups if True not in group.labels]
    assert len(left_out) > 5
    for group in left_out:
        assert set(group.labels) == {False}
        assert not {"Silt blocked channel 1.", "Dredger 1 sank."} & set(group.sentences)


def test_a_group_of_an_unanswerable_question_names_its_near_miss(dossier: Dossier) -> None:
    _, groups = many_groups(dossier)
    for group in groups:
        assert set(group.labels) == {False}
        assert [group.sentences[place] for place in group.near] == ["The port of town 2 was closed."]
        assert 2 <= len(group.sentences) <= 6
    shown = {sentence for group in groups for sentence in group.sentences}
    assert {"The port of town 1 was closed.", "The port of town 3 was closed.", "Silt blocked channel 2."} <= shown


def test_a_follow_up_is_read_behind_the_earlier_question_or_by_itself() -> None:
    draw = random.Random(0)
    read = [as_read("Who paid? >> And why?", draw) for _ in range(200)]
    assert set(read) == {"Who paid? And why?", "And why?"}
    assert 0.7 < read.count("Who paid? And why?") / 200 < 0.9
    assert as_read("Who paid?", draw) == "Who paid?"


def example_of(*labels: bool | None) -> Example:
    candidates = (Candidate(f"Sentence {n}, in Lima.", "Area", label, (0, 10) if label else None) for n, label in enumerate(labels))
    return Example("a", "natural", "who rules in lima", tuple(candidates), "¿quién manda en Lima?")


def test_groups_of_older_data_are_passages_around_the_answer() -> None:
    example = example_of(False, False, None, False, True, False, False)
    draw = random.Random(1)
    for group in report_groups([example] * 100, draw):
        place = group.labels.index(True)
        assert group.sentences[place] == "Sentence 4, in Lima."
        assert group.span == (place, 0, 10)
        assert group.headings == "Area"
        numbers = [int(sentence.split()[1].strip(",")) for sentence in group.sentences]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    articles = list(article_groups([example] * 100, draw))
    assert {group.question for group in articles} == {"who rules in lima", "¿quién manda en Lima?"}
    assert 0.5 < sum(True in group.labels for group in articles) / 100 < 0.9
    unanswerable = list(report_groups([example_of(False, False, False, False)] * 10, draw))
    assert all(True not in group.labels and group.span is None for group in unanswerable)


def test_a_natural_question_with_another_name_is_answered_by_nothing() -> None:
    examples = [example_of(True, False), replace(example_of(True, False), candidates=(Candidate("It is Quito.", "B", True),))]
    groups = list(natural_groups(examples * 50, random.Random(1)))
    renamed = [group for group in groups if "quito" in group.question.lower()]
    assert renamed
    assert all(True not in group.labels and group.span is None for group in renamed)
    assert {group.question for group in groups} >= {"who rules in lima", "Who rules in lima?"}
