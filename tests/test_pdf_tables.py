from collections.abc import Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest
from reportlab.pdfgen.canvas import Canvas

from corpus import Document, read_bytes, sentences
from tests.made import TOP, drawn_pdf
from tests.shown import blocks_of

LEFT, PITCH = 30.0, 14.0
COLUMNS = (200.0, 280.0, 360.0)
"""The x where the values of each column end."""

Placed = tuple[float, str]
"""An x and a text: the text ends at x, or, if x is negative, has its middle at -x."""
Drawn = tuple[float, str, Sequence[Placed]]
"""A line: its distance below the one before it, its label, and its other texts."""


def row(label: str, *values: str, below: float = PITCH) -> Drawn:
    """Return a line of right-aligned values. A "$" before a value is at the left of its column."""
    placed: list[Placed] = []
    for right, value in zip(COLUMNS, values, strict=False):
        if value.startswith("$ "):
            placed.append((right - 45, "$"))
        if value:
            placed.append((right, value.removeprefix("$ ")))
    return below, label, placed


def line(*placed: Placed, label: str = "", below: float = PITCH) -> Drawn:
    return below, label, placed


def middle(first: int, last: int, text: str) -> Placed:
    """Return a text centred over the columns `first` to `last`, each 50 points wide."""
    return -(COLUMNS[first] - 50 + COLUMNS[last]) / 2, text


def drawn(*pages: Sequence[Drawn]) -> Document:
    def draw(canvas: Canvas) -> None:
        for lines in pages:
            canvas.setFont("Helvetica", 10)
            y = TOP
            for below, label, placed in lines:
                y -= below
                canvas.drawString(LEFT, y, label)
                for x, text in placed:
                    if x > 0:
                        canvas.drawRightString(x, y, text)
                    else:
                        canvas.drawCentredString(-x, y, text)
            canvas.showPage()

    data = drawn_pdf(draw)
    document = read_bytes(data, "r.pdf")
    assert_runs_match_the_file(document, data)
    return document


def assert_runs_match_the_file(document: Document, data: bytes) -> None:
    """Assert that every visible character of the text maps to an equal one of the file."""
    opened = pdfium.PdfDocument(data)
    texts = [page.get_textpage() for page in opened]
    mapped = set()
    for run in document.runs:
        for offset in range(run.length):
            assert raw.FPDFText_GetUnicode(texts[run.page - 1], run.source + offset) == ord(document.text[run.text_start + offset])
            mapped.add(run.text_start + offset)
    assert all(position in mapped for position, character in enumerate(document.text) if not character.isspace())
    opened.close()


HEADS = (
    line(middle(0, 2, "Years ended December 31,")),
    row("", "2018", "2017", "2016"),
)
BODY = (
    row("Net sales", "$ 1,204", "$ 1,100", "$ 998"),
    row("Cost of sales", "(704)", "(650)", "—"),
    row("Margin", "41.5%", "40.9%", "n/a"),
)


def test_a_row_is_shown_with_its_column_names_and_quoted_verbatim() -> None:
    document = drawn([*HEADS, *BODY])
    years = "Years ended December 31, 2018", "Years ended December 31, 2017", "Years ended December 31, 2016"
    assert blocks_of(document)[2:] == [
        f"Net sales | {years[0]}: $ 1,204 | {years[1]}: $ 1,100 | {years[2]}: $ 998",
        f"Cost of sales | {years[0]}: (704) | {years[1]}: (650) | {years[2]}: —",
        f"Margin | {years[0]}: 41.5% | {years[1]}: 40.9% | {years[2]}: n/a",
    ]
    (table,) = document.tables
    net = table.rows[2]
    assert document.text[net.start : net.end] == "Net sales $ 1,204 $ 1,100 $ 998"
    assert [(cell.column, document.text[cell.start : cell.end]) for cell in net.cells] == [
        (0, "Net sales"),
        (1, "$ 1,204"),
        (2, "$ 1,100"),
        (3, "$ 998"),
    ]
    assert (net.start, net.end) in sentences(document)
    assert [document.names_columns(row.start) for row in table.rows] == [True, True, False, False, False]


def test_words_on_the_line_of_the_years_name_the_column_of_labels() -> None:
    document = drawn([row("(in millions)", "2018", "2017", "2016"), *BODY[:2]])
    assert blocks_of(document)[1] == "(in millions): Net sales | 2018: $ 1,204 | 2017: $ 1,100 | 2016: $ 998"


def test_a_title_that_happens_to_be_over_a_column_does_not_name_it() -> None:
    title = line((-185.0, "(In thousands)"))
    document = drawn([title, HEADS[1], *BODY])
    assert blocks_of(document)[:3] == [
        "(In thousands)",
        "2018 | 2017 | 2016",
        "Net sales | 2018: $ 1,204 | 2017: $ 1,100 | 2016: $ 998",
    ]


def test_a_head_on_two_lines_names_one_column() -> None:
    heads = (
        line(middle(1, 1, "Fixed asset"), below=PITCH),
        line(middle(0, 0, "Employees"), middle(1, 1, "costs"), middle(2, 2, "Other"), below=9.5),
    )
    document = drawn([*heads, *BODY])
    assert blocks_of(document)[2] == "Net sales | Employees: $ 1,204 | Fixed asset costs: $ 1,100 | Other: $ 998"


def test_a_head_that_may_be_over_one_column_or_all_names_none() -> None:
    heads = (line(middle(1, 1, "Segment")), line(middle(0, 0, "Europe"), middle(1, 1, "Americas"), middle(2, 2, "Asia")))
    document = drawn([*heads, *BODY[:2]])
    assert blocks_of(document) == [
        "Segment",
        "Europe Americas Asia",
        "Segment Europe Americas Asia: Net sales $ 1,204 $ 1,100 $ 998",
        "Segment Europe Americas Asia: Cost of sales (704) (650) —",
    ]


def test_repeated_years_are_distinguished_by_the_heads_above_them() -> None:
    narrow = (170.0, 230.0, 300.0, 360.0)
    years = line(*[(right, year) for right, year in zip(narrow, ("2018", "2017") * 2, strict=True)])
    over = line((-187.0, "Pension"), (-317.0, "Other benefits"))
    values = line(
        *[(right, value) for right, value in zip(narrow, ("11,111", "22,222", "33,333", "44,444"), strict=True)], label="Cost"
    )
    more = line(*[(right, value) for right, value in zip(narrow, ("1", "2", "3", "4"), strict=True)], label="Gain")
    document = drawn([over, years, values, more])
    assert blocks_of(document)[3] == "Gain | Pension 2018: 1 | Pension 2017: 2 | Other benefits 2018: 3 | Other benefits 2017: 4"
    assert blocks_of(drawn([years, values, more]))[1] == "2018 2017 2018 2017: Cost 11,111 22,222 33,333 44,444"


@pytest.mark.parametrize(
    "between",
    [row("Kind of rate", "fixed", "variable", "fixed"), row("Expiry year", "2027", "2031", "2029")],
    ids=["words", "years"],
)
def test_a_row_of_words_or_years_within_a_table_does_not_name_columns(between: Drawn) -> None:
    document = drawn([*HEADS, *BODY, between, row("Notes", "1,5", "2,5", "3,5"), row("Bonds", "7,5", "8,5", "9,5")])
    assert blocks_of(document)[-2:] == ["Notes | 1,5 | 2,5 | 3,5", "Bonds | 7,5 | 8,5 | 9,5"]


def test_new_years_within_a_table_name_its_columns_from_there_on() -> None:
    document = drawn([HEADS[1], *BODY, row("As of June 30,", "2015", "2014", "2013"), *BODY])
    assert blocks_of(document)[-1] == "As of June 30: Margin | 2015: 41.5% | 2014: 40.9% | 2013: n/a"


def test_values_below_a_title_keep_the_names_of_the_table_above_it() -> None:
    title = line((-200.0, "LIABILITIES AND EQUITY"))
    document = drawn([HEADS[1], *BODY, title, row("Debt", "9", "8", "7"), row("Equity", "6", "5", "4")])
    assert blocks_of(document)[4:] == [
        "LIABILITIES AND EQUITY",
        "Debt | 2018: 9 | 2017: 8 | 2016: 7",
        "Equity | 2018: 6 | 2017: 5 | 2016: 4",
    ]
    assert len(document.tables) == 1


def test_a_label_on_two_lines_is_one_row() -> None:
    document = drawn(
        [
            HEADS[1],
            *BODY,
            line(label="Income attributable to", below=PITCH),
            row("shareholders", "55", "44", "33", below=11.0),
            row("Loss attributable", "5", "4", "3"),
            line(label="to others", below=11.0),
        ]
    )
    assert blocks_of(document)[-2:] == [
        "Income attributable to shareholders | 2018: 55 | 2017: 44 | 2016: 33",
        "Loss attributable | 2018: 5 | 2017: 4 | 2016: 3 | to others",
    ]


def test_a_label_that_continues_in_brackets_is_one_row() -> None:
    below = [line(label="Costs recorded in Other", below=PITCH), row("(income) or loss", "5", "4", "3", below=11.0)]
    assert blocks_of(drawn([HEADS[1], *BODY, *below]))[-1] == (
        "Costs recorded in Other (income) or loss | 2018: 5 | 2017: 4 | 2016: 3"
    )


def test_labels_among_the_rows_are_rows_too() -> None:
    document = drawn([HEADS[1], line(label="Current assets:"), *BODY, line(label="Other:"), row("Land", "3", "2", "1")])
    assert blocks_of(document)[1] == "Current assets:"
    assert blocks_of(document)[-2:] == ["Other:", "Land | 2018: 3 | 2017: 2 | 2016: 1"]
    assert len(document.tables[0].rows) == 7


def test_a_table_that_continues_on_the_next_page_keeps_its_names() -> None:
    document = drawn([HEADS[1], *BODY], [row("Land", "3", "2", "1"), row("Cash", "6", "5", "4")])
    assert blocks_of(document)[-1] == "Cash | 2018: 6 | 2017: 5 | 2016: 4"
    assert len(document.tables) == 1
    assert document.page_at(document.tables[0].rows[-1].start) == document.pages[1]


def test_names_that_the_next_page_repeats_apply_to_its_rows() -> None:
    heads = row("", "2015", "2014", "2013")
    document = drawn([HEADS[1], *BODY], [heads, row("Land", "3", "2", "1"), row("Cash", "6", "5", "4")])
    assert blocks_of(document)[-2:] == ["Land | 2015: 3 | 2014: 2 | 2013: 1", "Cash | 2015: 6 | 2014: 5 | 2013: 4"]


def test_values_in_other_places_on_the_next_page_have_no_names() -> None:
    other = [line((150.0, "3"), (250.0, "2"), label="Land"), line((150.0, "6"), (250.0, "5"), label="Cash")]
    assert blocks_of(drawn([HEADS[1], *BODY], other))[-1] == "Cash | 6 | 5"


def test_words_between_labels_and_values_are_a_column() -> None:
    def lease(label: str, place: str, *values: str) -> Drawn:
        return PITCH, label, [(-140.0, place), *zip((280.0, 360.0), values, strict=True)]

    document = drawn(
        [lease("Lease", "Kind", "2018", "2017"), lease("Offices", "Rent", "12", "11"), lease("Cars", "Rent", "2", "1")]
    )
    assert blocks_of(document)[1] == "Lease: Offices | Kind: Rent | 2018: 12 | 2017: 11"


def test_text_with_numbers_is_not_a_table() -> None:
    text = "The ministry counted 412 sawmills in 2021 and closed 20 of them."
    document = drawn([line(label=text), line(label=text), line(label=text)])
    assert document.tables == ()
    assert blocks_of(document) == [" ".join([text] * 3)]
