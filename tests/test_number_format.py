"""Numbers and dates as a spreadsheet shows them."""

import time
from datetime import datetime

import pytest
from openpyxl.utils.datetime import MAC_EPOCH, to_excel

from corpus.parsers.office.number_format import format_number

MOMENT = to_excel(datetime(2021, 3, 4, 15, 6, 7))


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (412, "General", "412"),
        (412.0, "General", "412"),
        (0.1 + 0.2, "General", "0.3"),
        (1234567.891, "General", "1234567.891"),
        (1.5e-9, "General", "1.5E-09"),
        (1234567.5, "#,##0", "1,234,568"),
        (999, "#,##0", "999"),
        (-1234.5, "#,##0.00", "-1,234.50"),
        (0.031, "0.0%", "3.1%"),
        (0.5, "0 %", "50 %"),
        (2.5, "0", "3"),
        (7, "00000", "00007"),
        (0.25, ".##", ".25"),
        (12.5, "0.0#", "12.5"),
        (12, "0.##", "12"),
        (-1200, '"$"#,##0_);("$"#,##0)', "($1,200)"),
        (1200, '_("$"* #,##0_);_("$"* \\(#,##0\\);_("$"* "-"_);_(@_)', "$1,200"),
        (0, '_("$"* #,##0_);_("$"* \\(#,##0\\);_("$"* "-"_);_(@_)', "$-"),
        (1200, "[$S/-280A] #,##0.00", "S/ 1,200.00"),
        (1200, "[Red]#,##0 [$€-1]", "1,200 €"),
        (12_300_000, '0.0,,"M"', "12.3M"),
        (12345, "0.00E+00", "1.23E+04"),
        (-0.001, "0.0", "0.0"),
        (1.5, "# ?/?", "1.5"),
        (5, "[>=1000]0,;0", "5"),
        (5, ";;;", "5"),
        (0, '0;-0;"none"', "none"),
        (412, '0" sawmills"', "412 sawmills"),
        (1e300, "0", "1" + "0" * 300),
        (5, "0" * 500, "5".rjust(500, "0")),
        (5, "", "5"),
    ],
)
def test_numbers(value: float, code: str, shown: str) -> None:
    assert format_number(value, code) == shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("yyyy-mm-dd", "2021-03-04"),
        ("dd/mm/yyyy", "04/03/2021"),
        ("d mmm yy", "4 Mar 21"),
        ("dddd, mmmm d, yyyy", "Thursday, March 4, 2021"),
        ('[$-280A]d" de "mmmm" de "yyyy', "4 de marzo de 2021"),
        ("[$-C0A]ddd d mmm", "jue 4 mar"),
        ("mm-dd-yy", "2021-03-04 15:06:07"),
        ("[$-F800]dddd, mmmm dd, yyyy", "2021-03-04 15:06:07"),
        ("h:mm AM/PM", "3:06 PM"),
        ("hh:mm:ss", "15:06:07"),
        ("mm:ss.0", "06:07.0"),
        ("mmm-yy", "Mar-21"),
    ],
)
def test_dates(code: str, shown: str) -> None:
    assert format_number(MOMENT, code) == shown


def test_times_without_a_date_and_serials_outside_the_calendar() -> None:
    assert format_number(0.5, "h:mm") == "12:00"
    assert format_number(1.25, "[h]:mm") == "30:00"
    assert format_number(1e12, "yyyy-mm-dd") == "1000000000000"
    assert format_number(-3, "yyyy-mm-dd") == "-3"
    assert format_number(0, "yyyy", MAC_EPOCH) == "1904"


def test_a_code_longer_than_any_program_writes_is_shown_as_general() -> None:
    assert format_number(5, "0" * 1000) == "5".rjust(1000, "0")
    assert format_number(5, "0" * 1001) == "5"
    started = time.monotonic()
    assert format_number(3, "[" * 5000) == "3"
    assert time.monotonic() - started < 0.1
