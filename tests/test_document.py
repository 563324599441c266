import json

import pytest

from corpus import Document, read_bytes, sentences, shipped
from corpus.draft import CellText, Draft
from corpus.formats import read
from tests.made import pdf, text_document
from tests.tables import cells, laid


def test_a_passage_is_its_slice() -> None:
    document = text_document("First paragraph here.\n\nSecond paragraph here.\n")
    passage = document.passage(7, 30)
    assert passage.text == document.text[7:30]
    assert passage.id == f"{document.id}:7-30"


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (5, 4), (0, 10**6)])
def test_a_passage_outside_the_text_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not within a text of"):
        text_document("Some text.").passage(start, end)


def test_headings_nest_by_level_and_are_not_in_their_own_path() -> None:
    document = text_document("# Report\n\n## A\n\ntext a\n\n### A1\n\ntext a1\n\n## B\n\ntext b\n", "r.md")

    def path(of: str) -> tuple[str, ...]:
        return document.heading_path(document.text.index(of))

    assert document.title == "Report"
    assert path("text a") == ("A",)
    assert path("text a1") == ("A", "A1")
    assert path("A1") == ("A",)
    assert path("text b") == ("B",)
    assert path("B\n") == ()


def test_each_position_is_on_one_page() -> None:
    document = read_bytes(pdf([["On the first page."], [], ["On the third page."]]), "r.pdf")
    first, third = document.text.index("On the first"), document.text.index("On the third")
    assert (document.page_at(first), document.page_at(third)) == (document.pages[0], document.pages[2])
    assert document.pages_without_text() == (2,)
    assert [page.start for page in document.pages[1:]] == [page.end for page in document.pages[:-1]]
    assert (document.pages[0].start, document.pages[-1].end) == (0, len(document.text))


def test_shown_text_joins_words_cut_at_a_line_end() -> None:
    document = text_document("A long-term plan. An invest-\nigation of long-\nterm and short-\n5 things.")
    assert document.shown(0, len(document.text)) == "A long-term plan. An investigation of long-term and short-5 things."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short-\nand long-term debt", "short- and long-term debt"),
        ("a corto-\ny largo plazo", "a corto- y largo plazo"),
        ("Ana Rivera-\nGómez resigned", "Ana Rivera-Gómez resigned"),
        ("He was not-\nguilty. Not all are guilty.", "He was not-guilty. Not all are guilty."),
        ("The investi-\ngation began.", "The investigation began."),
        ("The McDon-\nald case. McDonald won.", "The McDonald case. McDonald won."),
    ],
)
def test_a_line_end_hyphen_is_shown_only_where_it_belongs_to_the_word(text: str, shown: str) -> None:
    document = text_document(f"it was said that {text}\n")
    assert document.shown(0, len(document.text)) == f"it was said that {shown}"


def test_other_separators_are_shown_as_spaces() -> None:
    document = text_document("One.\x0bTwo\x85three\u2028four\x1cfive.\n")
    assert document.shown(0, len(document.text)) == "One. Two three four five."


def test_shown_text_has_no_list_markers_and_no_invisible_characters() -> None:
    document = text_document("Heading Here\n- one\u202eevil\u00ad\n- two  words\n")
    assert document.shown(document.text.index("one"), len(document.text)) == "oneevil two words"


def test_a_document_survives_json() -> None:
    document = read_bytes(pdf([["First page text."], ["Second page text."]], labels=[(0, "ROMAN_LOWER", 1)]), "r.pdf")
    again = Document.from_json(json.loads(json.dumps(document.as_json())))
    assert again == document
    assert again.pages[0].label == "i"


def test_the_shipped_report_has_its_headings_and_no_bullets() -> None:
    (path,) = shipped()
    document = read(path)
    assert document.text == path.read_text(encoding="utf-8")
    assert document.language == "en"
    assert document.title == "Peru’s Law Enforcement Agencies Accused of Corruption as Crime Thrives"
    assert [document.shown(start, end) for _, start, end in document.headings[1:]] == [
        "Organized Crime Groups",
        "Corruption at the Highest Levels",
        "International Cooperation",
        "Challenges Facing Law Enforcement Agencies",
        "Economic and Financial Environment",
        "Civil Society and Social Protection",
        "Journalists Face Harassment and Violence",
    ]
    assert not any(document.text[start:end].startswith("-") for start, end in document.blocks)


REGIONS = (
    (1, [CellText(1, "Seized trucks", 2)]),
    (2, cells("Region", "2020", "2021")),
    (4, cells("Loreto", "", " 4\n12 ")),
)


def table_document(*rows: tuple[int | None, list[CellText]], heads: int = 1) -> Document:
    draft = Draft()
    draft.block("Seizures by region.")
    draft.table(rows, heads)
    draft.block("After the table.")
    return laid(draft, "t.csv", "text/csv")


def test_a_row_is_shown_with_its_column_names_and_quoted_verbatim() -> None:
    document = table_document(*REGIONS, heads=2)
    start = document.text.index("Loreto")
    assert sentences(document, start, start + 1) == [(start, start + len("Loreto | 4 12"))]
    row = document.row_at(start + 3)
    assert row is not None
    assert (row.number, document.text[row.start : row.end]) == (4, "Loreto | 4 12")
    assert document.shown(row.start, row.end) == "Region: Loreto | Seized trucks 2021: 4 12"
    assert document.plain(row.start, row.end) == "Loreto | 4 12"
    assert document.shown(start, start + 4) == "Region: Lore"
    assert document.row_at(0) is None
    assert document.row_at(document.text.index("After")) is None


def test_a_header_row_is_recognised_and_shown_without_names() -> None:
    document = table_document(*REGIONS, heads=2)
    head, body = document.text.index("Region |"), document.text.index("Loreto")
    assert document.shown(head, head + len("Region | 2020 | 2021")) == "Region | 2020 | 2021"
    assert document.names_columns(head)
    assert not document.names_columns(body)
    assert not document.names_columns(0)


def test_a_cell_alone_in_its_row_labels_the_rows_below_and_is_shown_without_a_name() -> None:
    document = table_document(
        (1, cells("Region", "Trucks")), (2, cells("The north:")), (3, cells("Loreto", "412")), (4, cells("", "9"))
    )
    shown = [document.shown(row.start, row.end) for row in document.tables[0].rows]
    assert shown == ["Region | Trucks", "The north:", "Region: Loreto | Trucks: 412", "Trucks: 9"]


def test_a_table_without_column_names_is_shown_verbatim() -> None:
    document = table_document((None, cells("Loreto", "412")), heads=0)
    start = document.text.index("Loreto")
    assert document.shown(start, start + len("Loreto | 412")) == "Loreto | 412"
    assert Document.from_json(json.loads(json.dumps(document.as_json()))) == document


def test_ligatures_and_soft_hyphens_are_not_shown() -> None:
    document = text_document("The o\ufb03ce of \ufb01nance inves\u00adtigated the investi\u00ad\ngation of it.\n")
    assert document.shown(0, len(document.text)) == "The office of finance investigated the investigation of it."


def test_unmapped_characters_count_as_garbled() -> None:
    assert text_document("\uf0b7 An item with a bullet of the font Symbol.").garbled == 0
    assert text_document("abcd\ufffd\ue001 ef").garbled == 2 / 8
