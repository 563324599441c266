"""A short slice of what `python -m tools.fuzz` does, and that it sees what is wrong."""

import random
from dataclasses import replace

import pytest

from corpus import Document, Worker, read_bytes
from corpus.structure import Block, Cell, Row, Table
from tests.made import REPORT
from tests.samples import samples
from tools.fuzz.__main__ import fuzz, main, try_file
from tools.fuzz.checks import refusal_faults
from tools.fuzz.mutations import mutated


def test_whole_files_are_read_and_keep_what_a_document_promises() -> None:
    with Worker() as worker:
        for name, data in samples().items():
            tally = try_file(worker, name, data)
            assert (dict(tally.outcomes), tally.wrong) == ({"read": 1}, [])


def test_broken_files_of_every_format_cost_a_sentence_at_most() -> None:
    tallies = fuzz(range(20_000, 20_165), seed=1)
    assert {suffix: sum(tally.outcomes.values()) for suffix, tally in tallies.items()} == dict.fromkeys(tallies, 15)
    for tally in tallies.values():
        assert tally.wrong == []
        assert set(tally.outcomes) <= {"read", "refused"}
        assert tally.megabytes < 400


def test_the_same_seed_breaks_a_file_in_the_same_way() -> None:
    for data in samples().values():
        assert mutated(data, random.Random("1 2")) == mutated(data, random.Random("1 2"))


WHOLE = read_bytes(REPORT.encode(), "r.txt")


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (replace(WHOLE, blocks=(Block(0, 5), Block(5, 5))), "an empty block"),
        (replace(WHOLE, tables=(Table(((),), (Row(0, 5, None, (Cell(0, 0, 5),)),)),)), "a row that is no block"),
        (replace(WHOLE, blocks=(Block(0, 9000),)), "ValueError: a range outside a text"),
        (replace(WHOLE, text="\n" * 300), "no text"),
    ],
)
def test_a_document_that_breaks_its_promises_is_found(document: Document, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker()
    monkeypatch.setattr(worker, "parse", lambda *_: document)
    assert any(fault in wrong for wrong in try_file(worker, "r.txt", b"").wrong)


def test_a_refusal_that_is_no_sentence_is_found() -> None:
    assert list(refusal_faults("r.pdf can't be read: it is no PDF.")) == []
    assert list(refusal_faults("bad\x00")) == ["a sentence that can't be printed: 'bad\\x00'"]
    assert list(refusal_faults("Traceback (most recent call last)")) == ["no sentence: Traceback (most recent call last)"]


def test_the_command_says_its_own_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python -m tools.fuzz [-h] [--count COUNT]")
