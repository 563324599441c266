"""Originals are parsed again in a worker, with OCR only if it was used before."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from corpus import ISOLATED_PARSERS, Document, IsolatedParsers, ReadOptions, Worker
from index import Catalogue, Home, Library, LibraryError, add, reread, verify
from tests.fakes import WordEncoder, open_index
from tests.made import pdf, write

Read = Callable[..., Document]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool | None]:
    """The `ocr` argument of each file that was parsed. A document that begins with "Seen" counts as read by OCR if OCR is on."""
    arguments: list[bool | None] = []
    real = Worker.parse

    def record(worker: Worker, data: bytes, name: str, *, ocr: bool | None = None) -> Document:
        arguments.append(ocr)
        document = real(worker, data, name, ocr=False)
        uses_ocr = (worker.options.ocr if ocr is None else ocr) and document.text.startswith("Seen")
        return replace(document, pages=tuple(page._replace(ocr=uses_ocr) for page in document.pages))

    monkeypatch.setattr(Worker, "parse", record)
    return arguments


def test_only_what_was_read_by_ocr_is_read_by_ocr_again(home: Home, words: WordEncoder, asked: list[bool | None]) -> None:
    paths = [write(home.path / f"{name}.pdf", pdf([[f"{name} on a page of rivers."]])) for name in ("Seen", "Typed")]
    add(home, paths, words)
    assert asked == [None, None]
    assert [checked.problem for checked in verify(home)] == ["", ""]
    assert asked[2:] == [True, False]
    seen, typed = Catalogue(home).active()
    index, pool = open_index(home, words), ISOLATED_PARSERS.open()
    assert index.within().reread(seen.id) == index.within().document(seen.id) == Library(home).reread(seen, pool)
    assert index.within().reread(typed.id).pages[0].ocr is False
    assert asked[4:] == [True, True, False]


def test_a_document_added_without_ocr_is_compared_without_it(home: Home, words: WordEncoder, asked: list[bool | None]) -> None:
    path = write(home.path / "seen.pdf", pdf([["Seen on a page of rivers."]]))
    add(home, [path], words, parsers=IsolatedParsers(ReadOptions(ocr=False)))
    assert [checked.problem for checked in verify(home, IsolatedParsers(ReadOptions()))] == [""]
    assert asked == [None, False]


def test_a_missing_tesseract_is_reported(
    home: Home, words: WordEncoder, asked: list[bool | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home, [write(home.path / "seen.pdf", pdf([["Seen on a page of rivers."]]))], words)
    (entry,) = Catalogue(home).active()
    parse = Worker.parse
    monkeypatch.setattr(Worker, "parse", lambda worker, data, name, **_: parse(worker, data, name, ocr=False))
    sentence = "seen.pdf was read by OCR, which is not available now: install tesseract and compare again."
    assert [checked.problem for checked in verify(home)] == [sentence]
    with pytest.raises(LibraryError) as raised:
        reread(home, entry, ISOLATED_PARSERS.open())
    assert str(raised.value) == sentence
    assert asked == [None, False, False]


def test_a_document_with_a_damaged_text_can_still_be_parsed_again(home: Home, words: WordEncoder) -> None:
    add(home, [write(home.path / "typed.txt", "Rivers are wide.")], words)
    (entry,) = Catalogue(home).active()
    index = open_index(home, words)
    for path in (home.documents / entry.id).glob("text.*.json"):
        path.write_bytes(b"damaged")
    assert index.within().reread(entry.id).text == "Rivers are wide."
