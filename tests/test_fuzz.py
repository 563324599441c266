"""A short slice of what `python -m tools.fuzz.__main__` does, and that it sees what is wrong."""

import random
from dataclasses import replace

import pytest

from corpus import Document, Worker, read_bytes
from corpus.structure import Block, Cell, Row, Table
from tests.made import REPORT
from tests.samples import samples
from tools.fuzz.__main__ import fuzz, look_at, mutated


def test_whole_files_are_read_and_keep_what_a_document_promises() -> None:
    with Worker() as worker:
        for name, data in samples().items():
            seen = look_at(worker, name, data)
            assert (dict(seen.outcomes), seen.wrong) == ({"read": 1}, [])


def test_broken_files_of_every_format_cost_a_sentence_at_most() -> None:
    found = fuzz(range(20_000, 20_165), seed=1)
    for seen in found.values():
        assert seen.wrong == []
        assert sum(seen.outcomes.values()) == 15
        assert set(seen.outcomes) <= {"read", "refused"}
        assert seen.memory < 400


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
    monkeypatch.setattr(worker, "read", lambda *_: document)
    assert any(fault in wrong for wrong in look_at(worker, "r.txt", b"").wrong)
