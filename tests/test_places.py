"""How a citation says where it stands, by page, slide and row and in both languages, wherever it is shown."""

from dataclasses import replace

import pytest
from lxml import html as parsed

from assistant import Answer, Citation, Sentence
from corpus import Document, Page
from corpus.draft import Draft
from index import Entry
from tests.tables import cells, laid, range_of, slides, workbook
from ui.api.answer_json import citation_payload, payload
from ui.api.mcp import answer_text as told
from ui.api.passage_json import passage_payload
from ui.api.request_bodies import GivenAnswer
from ui.api.verify_answer import verify_answer
from ui.cli.text import answer_text
from ui.web.answer_html import answer_html, answer_markdown, unescape
from ui.wording.places import label, page_name, place, within
from ui.wording.words import Language

WHY = "This page is an image, and OCR may have misread it: compare the text with the page."


def cite(document: Document, text: str, number: int = 1) -> Citation:
    return Citation.of(number, document, *range_of(document, text))


def answered(citation: Citation, span: tuple[int, int] | None = None, language: str = "en") -> Answer:
    sentence = Sentence(citation.text, citation.start, citation.end, (1,), span)
    return Answer("q", "q", language, "answered", sentences=(sentence,), citations=(citation,))


def paged(media_type: str, *labels: str | None, ocr: bool = False) -> Document:
    """A document with a word on each of so many pages."""
    draft = Draft()
    pages = []
    for number, printed in enumerate(labels, 1):
        start = draft.length
        draft.block(f"word{number}")
        pages.append(Page(number, printed, start, draft.length, ocr))
    return laid(draft, "paged.pdf", media_type, pages)


@pytest.mark.parametrize(
    ("media_type", "printed", "said", "named"),
    [
        ("application/pdf", None, "PDF 1", "Page 1"),
        ("application/pdf", "1", "p. 1", "Page 1"),
        ("application/pdf", "iv", "p. iv · PDF 1", "Page iv · PDF 1"),
        ("application/epub+zip", None, "p. 1", "Page 1"),
        ("application/epub+zip", "iv", "p. iv", "Page iv"),
        ("text/csv", "Budget", "Budget", "Budget"),
        ("text/csv", None, "", ""),
    ],
)
def test_a_page_is_called_by_what_is_printed_on_it(media_type: str, printed: str | None, said: str, named: str) -> None:
    document = paged(media_type, printed)
    assert label(cite(document, "word1"), "en") == said
    assert page_name(document, document.pages[0], "en") == named


@pytest.mark.parametrize(
    ("language", "row", "slide"),
    [("en", "Budget, row 4", "slide 3 · read by OCR"), ("es", "Budget, fila 4", "diapositiva 3 · leído por OCR")],
)
def test_rows_and_slides_are_named_in_the_readers_language(language: Language, row: str, slide: str) -> None:
    assert place(cite(workbook(), "Loreto"), language) == f"budget · {row}"
    assert within(cite(slides(), "Slide of 3"), language) == slide
    assert within(cite(slides(), "Slide of 2"), language) == slide.partition(" ")[0] + " 2"


def test_a_row_without_a_page_has_its_number() -> None:
    draft = Draft()
    draft.table([(7, cells("a", "b"))], 0)
    assert label(cite(laid(draft, "r.csv", "text/csv"), "a"), "en") == "row 7"


@pytest.mark.parametrize(
    ("language", "where"), [("en", "budget · Budget, row 4"), ("es", "budget · Budget, fila 4")], ids=["English", "Spanish"]
)
def test_a_place_is_said_alike_everywhere(language: str, where: str) -> None:
    answer = answered(cite(workbook(), "Loreto"), language=language)
    assert f"[1] {where} (budget.xlsx, " in answer_text(answer)
    assert where.replace(" · ", ", ") in told(answer, "")
    assert f"[1] {where}, budget.xlsx" in unescape(answer_markdown(answer, lambda _: "2026-01-02", ""))
    sources = parsed.fromstring(answer_html(answer, "")).find_class("sources")
    assert sources[0].text_content() == "budget[1] " + where.removeprefix("budget · ")
    assert payload(answer, 0)["citations"][0]["label"] == where.removeprefix("budget · ")


def test_a_row_that_answers_is_a_table_with_the_answer_marked() -> None:
    citation = cite(workbook(), "<b>Ucayali")
    assert citation.text == "Region: <b>Ucayali</b> | 2021: (1,402)"
    start = citation.text.index("1,402")
    shown = parsed.fromstring(answer_html(answered(citation, (start, start + 5)), ""))
    (row,) = shown.find_class("row")
    assert [head.text_content() for head in row.iter("th")] == ["Region", "2021"]
    assert [cell.text_content() for cell in row.iter("td")] == ["<b>Ucayali</b>", "(1,402)"]
    assert [strong.text_content() for strong in row.iter("strong")] == ["1,402"]
    assert [link.text for link in row.iter("a")] == ["[1]"]
    name = citation.text.index("Region")
    assert not list(parsed.fromstring(answer_html(answered(citation, (name, name + 6)), "")).iter("strong"))


def test_a_row_without_names_and_words_of_more_than_a_row_are_a_sentence() -> None:
    draft = Draft()
    draft.table([(None, cells("Loreto", "412"))], 0)
    plain = cite(laid(draft, "r.html"), "Loreto")
    assert (plain.text, plain.cells) == ("Loreto | 412", (("", "Loreto"), ("", "412")))
    assert parsed.fromstring(answer_html(answered(plain), "")).find_class("sentence")[0].text_content() == "Loreto | 412 [1]"
    document = workbook()
    assert Citation.of(1, document, document.text.index("Loreto"), len(document.text)).cells == ()
    assert Citation.of(1, document, document.text.index("412"), document.text.index("412") + 3).cells == (("2021", "412"),)


def test_what_ocr_read_says_so_on_a_closer_look() -> None:
    shown = parsed.fromstring(answer_html(answered(cite(slides(), "Slide of 3")), ""))
    assert [link.get("title") for link in shown.find_class("cite")] == [WHY, WHY]
    others = parsed.fromstring(answer_html(answered(cite(slides(), "Slide of 2")), ""))
    assert [link.get("title") for link in others.find_class("cite")] == [None, None]


def test_a_citation_as_json_says_what_it_is() -> None:
    given = citation_payload(cite(workbook(), "Loreto"), "es")
    assert {key: given[key] for key in ("page", "page_label", "page_kind", "row", "label", "ocr", "cells")} == {
        "page": 1,
        "page_label": "Budget",
        "page_kind": "sheet",
        "row": 4,
        "label": "Budget, fila 4",
        "ocr": False,
        "cells": [{"name": "Region", "text": "Loreto"}, {"name": "2020", "text": "380"}, {"name": "2021", "text": "412"}],
    }


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({}, ""),
        ({"label": "Budget, fila 4"}, ""),
        (dict.fromkeys(("page_kind", "row", "label", "ocr", "cells")), ""),  # as they were before: left out
        ({"label": "Budget, row 5"}, "[1] stands in budget.xlsx, but its label is not what the document has."),
        ({"ocr": True}, "[1] stands in budget.xlsx, but its ocr is not what the document has."),
        ({"row": 9, "page": 2}, "[1] stands in budget.xlsx, but its page and row is not what the document has."),
        ({"cells": []}, "[1] stands in budget.xlsx, but its cells is not what the document has."),
    ],
)
def test_answers_are_verified_in_any_language_and_without_what_is_new(changed: dict[str, object], problem: str) -> None:
    document = workbook()
    given = {**citation_payload(cite(document, "Loreto"), "en"), **changed}
    kept = {name: value for name, value in given.items() if value is not None}
    entry = Entry(document.id, document.source, "", "2026-01-02")
    (quote,) = verify_answer(GivenAnswer.model_validate({"citations": [kept]}), "a.json", [entry], lambda _: document)
    assert quote.problem == problem


def test_two_citations_of_a_sentence_leave_it_a_sentence() -> None:
    first = cite(workbook(), "Loreto")
    answer = answered(first)
    both = replace(answer, citations=(first, replace(first, number=2)), sentences=(replace(answer.sentences[0], citations=(1, 2)),))
    assert [element.tag for element in parsed.fromstring(answer_html(both, "")).find_class("sentence")] == ["p"]


def test_the_context_of_a_row_has_the_cells_of_its_table() -> None:
    document = workbook()
    passage = passage_payload(document, cite(document, "Cash"), "en")
    rows = [block["row"] for block in passage["context"] if "row" in block]
    assert [(row["table"], row["number"], row["names_columns"]) for row in rows] == [
        *[(1, 3, True), (1, 4, False), (1, 5, False), (1, 7, False)],
        *[(2, 1, True), (2, 2, True), (2, 3, False), (2, 4, False)],
    ]
    assert [(cell["column"], cell["span"], cell["pieces"]) for cell in rows[4]["cells"]] == [
        (1, 3, [{"text": "Years ended December 31", "cited": False}])
    ]
    assert [(cell["column"], cell["pieces"]) for cell in rows[-1]["cells"]] == [
        (column, [{"text": text, "cited": True}]) for column, text in ((0, "Cash"), (1, "1"), (3, "3"))
    ]
    assert passage["context"][0] == {"heading": False, "pieces": [{"text": "Trucks seized", "cited": False}]}
    assert passage["context"][-1]["pieces"] == [{"text": "Cash | 1 | 3", "cited": True}]
