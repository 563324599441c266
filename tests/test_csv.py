"""CSV and TSV: records are numbered like the rows of a sheet, and shown with the names of their columns."""

import re

import pytest

from corpus import DocumentError, read_bytes
from tests.made import text_document
from tests.shown import numbered_blocks


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv_with_any_separator(separator: str) -> None:
    lines = [["Region", "Cases", "Share"], ["Loreto", "412", "3.1 %"], ["Lima", "32", "0.2 %"]]
    document = text_document("".join(f"{separator.join(line)}\r\n" for line in lines), "regions.csv")
    assert numbered_blocks(document) == [
        (1, "Region | Cases | Share"),
        (2, "Region: Loreto | Cases: 412 | Share: 3.1 %"),
        (3, "Region: Lima | Cases: 32 | Share: 0.2 %"),
    ]
    assert document.page_kind == "sheet"
    assert [(page.number, page.label) for page in document.pages] == [(1, None)]
    assert document.title == "regions"


def test_csv_with_decimal_commas_quotes_and_lines_in_fields() -> None:
    document = text_document('Fecha;Monto;Nota\n2021-03-04;1,5;"dos\nlíneas; ""sí"""\n\n2021-03-05;2,5;\n', "gastos.csv")
    assert numbered_blocks(document) == [
        (1, "Fecha | Monto | Nota"),
        (2, 'Fecha: 2021-03-04 | Monto: 1,5 | Nota: dos líneas; "sí"'),
        (4, "2021-03-05 | 2,5"),
    ]


def test_a_table_of_nothing_but_names_is_taken_for_a_common_language() -> None:
    rows = "".join(f"District {chr(65 + place)}{chr(90 - place)},{10 + place},{40 + place}\n" for place in range(26))
    document = text_document(f"District,Seizures,Kilograms\n{rows * 4}", "register.csv")
    assert sum(map(str.isalpha, document.text)) > 1000
    assert document.language == "en"


def test_csv_may_declare_its_separator_and_have_a_title() -> None:
    document = text_document("sep=;\nCases by region, 2021;;\nRegion;Cases;Rate\nLoreto;4,5;1\n", "r.csv")
    assert document.title == "Cases by region, 2021"
    assert numbered_blocks(document)[-1] == (3, "Region: Loreto | Cases: 4,5 | Rate: 1")


def test_tsv_in_utf_16() -> None:
    data = "Region\tCases, all\tRate\nÑuñoa\t4,5\t1\n".encode("utf-16")
    assert numbered_blocks(read_bytes(data, "r.tsv"))[-1] == (2, "Region: Ñuñoa | Cases, all: 4,5 | Rate: 1")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"Regi\xf3n,Cases\nLoreto,4\n", "is not UTF-8 text"),
        (b'Region,Cases\n"' + b"x" * 200_000, "quotation mark"),
        (b"," * 20_000 + b"x\n", "20,001 fields in record 1"),
    ],
)
def test_a_broken_csv_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(DocumentError, match=rf"^r\.csv .*{re.escape(sentence)}[^\n]*$"):
        read_bytes(data, "r.csv")
