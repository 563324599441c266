"""What pages show of a document's blocks: tables with the names of their columns, in parts, with what is cited marked."""

import re

import pytest
from lxml import html as parsed

from corpus import Document
from corpus.draft import CellText, Draft
from tests.tables import cells, laid, long_sheet, range_of, slides, workbook
from ui.document_blocks import ShownTable, blocks_around, shown_blocks
from ui.pages import Frame
from ui.web.document_page import render
from ui.web.find_in_document import matches_in
from ui.web.page_window import page_window


def page_of(
    document: Document, cited: tuple[int, int] | None = None, *, language: str = "en", **asked: object
) -> parsed.HtmlElement:
    return parsed.fromstring(render(document, cited, False, Frame("es" if language == "es" else "en"), **asked))  # type: ignore[arg-type]  # names of `render`


def rows_of(table: parsed.HtmlElement) -> list[list[str]]:
    """The texts of a table, row by row; a cell over several columns with how many."""
    return [
        [(cell.text_content() + f"*{cell.get('colspan')}" * ("colspan" in cell.attrib)) for cell in row] for row in table.iter("tr")
    ]


def tables_of(document: Document, cited: tuple[int, int]) -> list[ShownTable]:
    return [block.table for block in blocks_around(document, *cited) if block.table]


def test_a_table_is_shown_as_one_with_its_rows_numbered() -> None:
    document = workbook()
    page = page_of(document)
    first, second = page.iter("table")
    assert rows_of(first) == [
        ["3", "Region", "2020", "2021"],
        ["4", "Loreto", "380", "412"],
        ["5", "<b>Ucayali</b>", "", "(1,402)"],
        ["7", "Puno", "7", "9"],
    ]
    assert rows_of(second) == [
        ["1", "", "Years ended December 31*3"],
        ["2", "Item", "2018", "2017", "2016"],
        ["3", "Assets:*4"],
        ["4", "Cash", "1", "", "3"],
    ]
    assert [row[0].getparent().getparent().tag for row in first.iter("tr")] == ["thead", "tbody", "tbody", "tbody"]
    assert [head.get("scope") for head in second.iter("th")] == ["colgroup", "col", "col", "col", "col"]
    assert [row.get("id") for row in first.iter("tr")] == [f"at-{row.start}" for row in document.tables[0].rows]
    assert [head.text for head in first.iter("th") if head.get("class") == "figure"] == ["2020", "2021"]
    assert [mark.text_content() for mark in page.find_class("page")] == ["Budget", "Staff"]
    assert [link.get("href") for link in page.find_class("outline")[0].iter("a")] == ["#page-1", "#page-2"]
    assert page.find_class("wide")


def test_what_is_cited_of_a_row_is_marked_cell_by_cell() -> None:
    document = workbook()
    page = page_of(document, range_of(document, "<b>Ucayali"))
    assert [mark.text for mark in page.iter("mark")] == ["<b>Ucayali</b>", "(1,402)"]
    (row,) = page.find_class("cited")
    assert row.text_content() == "5<b>Ucayali</b>(1,402)"
    start = document.text.index("402)")
    assert [mark.text for mark in page_of(document, (start, start + 3)).iter("mark")] == ["402"]
    assert not list(page_of(document).iter("mark"))


def test_a_table_that_goes_on_over_a_page_has_its_names_again() -> None:
    document = workbook()
    draft = Draft()
    draft.table([(None, cells("Region", "2021")), (None, cells("Loreto", "412")), (None, cells("Puno", "9"))], 1)
    puno = draft.tables[0].rows[2].start
    pages = [document.pages[0]._replace(label=None, end=puno), document.pages[1]._replace(label=None, start=puno, end=draft.length)]
    first, second = page_of(laid(draft, "r.html", pages=pages)).iter("table")
    assert (rows_of(first), rows_of(second)) == ([["Region", "2021"], ["Loreto", "412"]], [["Region", "2021"], ["Puno", "9"]])
    assert [row.get("id") for row in second.iter("tr")] == [None, f"at-{puno}"]


def test_a_text_between_the_rows_of_a_table_stays_between_them() -> None:
    draft = Draft()
    draft.table([(None, cells("Loreto", "412")), (None, cells("Puno", "9"))], 0)
    first, second = draft.tables[0].rows
    draft.tables = [draft.tables[0]._replace(rows=(first,)), draft.tables[0]._replace(rows=(second,))]
    document = laid(draft, "r.html")
    shown = shown_blocks(document, document.blocks, (0, 0), (0, draft.length))
    assert [len(block.table.rows) for block in shown if block.table] == [1, 1]
    assert [list(page.iter("thead")) for page in [page_of(document)]] == [[]]


def test_the_panel_has_whole_rows_and_their_names_from_far_above() -> None:
    document = long_sheet(200)
    (table,) = tables_of(document, range_of(document, "r150c0"))
    assert [cell.pieces[0].text for cell in table.heads[0].cells][:2] == ["name0", "name1"]
    assert (table.heads[0].again, table.heads[0].number) == (True, 1)
    numbers = [row.number for row in table.rows]
    assert numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + len(numbers)))
    assert 140 < (numbers[0] or 0) < 150 < (numbers[-1] or 0) < 165
    assert all(len(row.cells) == 10 for row in table.rows)
    assert [row.number for row in table.rows if row.cited] == [150]


def test_of_a_huge_row_the_panel_shows_what_is_near() -> None:
    draft = Draft()
    draft.table([(None, cells(*(f"a {'word ' * 200}{column}" for column in range(50)))), (None, cells("end"))], 0)
    document = laid(draft, "r.html")
    start = document.text.index("25 |")
    (table,) = tables_of(document, (start, start + 2))
    shown = "".join(piece.text for row in table.rows for cell in row.cells for piece in cell.pieces)
    assert "25" in shown
    assert len(shown) < 2000
    assert [cell.span for cell in table.rows[0].cells] == [25, 1, 1, 23]  # what is left out is blank


def test_columns_that_nothing_stands_in_take_no_room() -> None:
    draft = Draft()
    draft.table([(None, [CellText(0, "a"), CellText(16_000, "z")]), (None, [CellText(3, "b")])], 0)
    (table,) = page_of(laid(draft, "r.html")).iter("table")
    assert rows_of(table) == [["a", "*15999", "z"], ["*3", "b", "*15997"]]


def test_a_long_document_is_shown_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.web.page_window._MOST", 2000)
    monkeypatch.setattr("ui.web.page_window._BEFORE", 500)
    document = long_sheet(5000)
    page = page_of(document, range_of(document, "r3000c0"))
    rows = rows_of(next(page.iter("table")))
    assert (rows[0][:2], len(rows)) == (["1", "name0"], 201)
    assert [row[0] for row in (rows[1], rows[-1])] == ["2950", "3149"]
    assert "part of it: All, row 2950 to All, row 3149." in page.find_class("notice")[0].text_content()
    turns = [link.get("href").removeprefix("?at=") for link in page.find_class("turn")[0]]
    shown = []
    for address in turns:
        rows = rows_of(next(page_of(document, at=int(address)).iter("table")))
        shown.append((rows[1][0], rows[-1][0]))
    assert shown == [("2", "200"), ("2750", "2949"), ("3150", "3349"), ("4802", "5001")]
    at_end = page_of(document, at=10**12)
    assert [link.text for link in at_end.find_class("turn")[0]] == ["Beginning", "Previous part"]


@pytest.mark.parametrize("rows", [1, 1999])
def test_another_is_shown_whole(rows: int) -> None:
    document = long_sheet(rows)
    page = page_of(document, range_of(document, "r2c0"), at=5)
    assert len(rows_of(next(page.iter("table")))) == rows + 1
    assert not page.find_class("turn")


def test_portions_follow_one_another_without_a_gap() -> None:
    document = long_sheet(7000)
    part = page_window(document, None, None)
    seen = list(part.blocks)
    while part.later is not None:
        assert part.later == document.blocks[len(seen)].start
        following = page_window(document, part.later, None)
        seen += [block for block in following.blocks if block.start >= part.later]
        part = following
    assert seen == list(document.blocks)


def test_a_row_that_is_too_much_for_a_part_is_one() -> None:
    draft = Draft()
    draft.table([(number, cells(*("x" for _ in range(25_000)))) for number in (1, 2, 3)], 0)
    document = laid(draft, "wide.xlsx")
    part = page_window(document, document.blocks[1].start, None)
    assert (len(part.blocks), part.earlier, part.later) == (1, document.blocks[0].start, document.blocks[2].start)


def test_slides_are_named_so_and_what_ocr_read_is_said() -> None:
    page = page_of(slides(), language="es")
    assert [(mark.text_content(), mark.get("title")) for mark in page.find_class("page")][1:] == [
        ("Diapositiva 2", None),
        (
            "Diapositiva 3 · leído por OCR",
            "Esta página es una imagen y el OCR puede haberla leído mal: compare el texto con la página.",
        ),
    ]


@pytest.mark.parametrize(
    ("text", "sought", "found"),
    [
        ("illegal saw-\nmills here", "sawmills", ["saw-\nmills"]),
        ("illegal saw\u00admills here", "Sawmills", ["saw\u00admills"]),
        ("illegal saw\u00ad\nmills here", "sawmills", ["saw\u00ad\nmills"]),
        ("illegal saw\u2010\nmills here", "illegal sawmills", ["illegal saw\u2010\nmills"]),
        ("a long-\nterm and a long-term and a long\u2010term", "long-term", ["long-\nterm", "long-term", "long\u2010term"]),
        ("the of\ufb01ce, the o\ufb03ce", "office", ["of\ufb01ce", "o\ufb03ce"]),
        ("the \ufb01ne", "ine", ["\ufb01ne"]),
        ("Peru\u0301 and Per\u00fa", "per\u00fa", ["Peru\u0301", "Per\u00fa"]),
        ("zero\u200bwidth", "zerowidth", ["zero\u200bwidth"]),
        ("2019-2020 and 2019-\n2020", "2019-2020", ["2019-2020", "2019-\n2020"]),
        ("saw - mills, saw\nmills", "sawmills", []),
        ("a.b", "a+b", []),
    ],
)
def test_words_are_found_however_they_are_cut(text: str, sought: str, found: list[str]) -> None:
    draft = Draft()
    draft.block(text)
    assert [place.citation.quote for place in matches_in(laid(draft, "r.html"), sought)] == found


def test_words_that_are_found_in_a_table_are_shown_without_its_names() -> None:
    (place,) = matches_in(workbook(), "412")
    assert (place.before[-14:], place.text, place.after) == (
        "Loreto | 380 |",
        "412",
        "<b>Ucayali</b> | (1,402) Puno | 7 | 9 Years ended",
    )


def test_words_are_found_far_down_in_a_sheet() -> None:
    (place,) = matches_in(long_sheet(3000), "R2999C9")
    assert place.citation.row == 2999
    assert re.search("r2999c8 \\|$", place.before)
