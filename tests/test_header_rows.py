"""Which rows of a table name its columns, judged by their cells alone."""

from itertools import accumulate

import pytest

from corpus.draft import CellText
from corpus.parsers.tables.cell_values import is_number
from corpus.parsers.tables.header_rows import header_row_count

Cells = list[tuple[str, int]]


def rows(table: str) -> list[list[CellText]]:
    """The rows of a table written with bars. A cell such as "3*name" spans three columns."""
    return [_row([_spanned(cell.strip()) for cell in line.split("|")]) for line in table.strip().splitlines()]


def _spanned(text: str) -> tuple[str, int]:
    return (text[2:], int(text[0])) if text[1:2] == "*" else (text, 1)


def _row(cells: Cells) -> list[CellText]:
    columns = [0, *accumulate(span for _, span in cells)]
    return [CellText(column, text, span) for column, (text, span) in zip(columns, cells, strict=False)]


NAMED = {
    "words above numbers": (1, "Region | Illegal sawmills | Share\nLoreto | 412 | 3.1 %\nLima | (12) | n/a"),
    "years above numbers": (1, " | 2021 | 2020\nForests | $ 1,200 | 1,100\nRivers | — | 7"),
    "a unit above the row labels": (1, "(in millions) | 2018 | 2017 | 2016\nNet sales | 32,765 | 31,657 | 30,109"),
    "one year above numbers": (1, "Region | 2021\nLoreto | 412\nLima | 32"),
    "a single year above numbers without a name for the labels": (1, " | 2021\nLoreto | 412\nLima | 32"),
    "quarters": (1, "Product | Q1 | Q2\nTimber | 4 | 5"),
    "months above numbers": (1, "Rubro | enero | febrero\nMadera | 4 | 5"),
    "words above dates": (1, "Convoy | Seized on | Port\nFirst | 2021-03-04 | Callao\nSecond | 12/05/2021 | Paita"),
    "years in the first column": (1, "Year | Cases\n2019 | 15\n2020 | 16"),
    "spanning names": (2, " | 3*Years ended December 31\n | 2018 | 2017 | 2016\nNet sales | 3 | 2 | 1\nCosts | 2 | 2 | 2"),
    "the same names under two": (2, " | 2*Police | 2*Army\nRegion | Men | Women | Men | Women\nLoreto | 4 | 1 | 5 | 2"),
    "a section row below": (1, "Item | Planned | Spent\nNorth\nRoads | 500 | 420\nBridges | 30 | 31"),
    "words that commonly name columns": (1, "Nombre | Cargo\nAna Pérez | Ministra\nLuis Soto | Fiscal"),
    "most words commonly name columns": (1, "Name | River | Owner\nEl Pino | Ucayali | Soto\nLa Caoba | Marañón | Ruiz"),
    "identifiers": (1, "sawmill_name | ownerName\nEl Pino | Soto"),
    "questions of a survey": (1, "Respondent | How much do you trust the police of your district?\nA | 3\nB | 4\nC | 1\nD | 2"),
    "words above long texts": (1, f"Advice | Reply\n{'a long sentence ' * 5} | Yes\n{'another sentence ' * 5} | No"),
    "words above categories": (
        1,
        "Sawmill | Standing\n" + "\n".join(f"Mill {letter} | {'open' if letter in 'ACE' else 'closed'}" for letter in "ABCDEFG"),
    ),
}

NAMELESS = {
    "numbers from the first row on": "Loreto | 412\nLima | 32",
    "pairs": "Owner | Ministry of Health\nBudget | 500\nStaff | 20",
    "pairs with a year": "Founded | 1994\nEmployees | 250\nOffices | 3",
    "pairs of a name and two years": "Founded | 1994 | 1998\nEmployees | 250 | 300",
    "pairs of words": "Name | Ana Pérez\nTown | Iquitos\nCalling | Judge",
    "people": "Ana Pérez | Ministry of Justice\nLuis Soto | Office of the President",
    "a first row of missing values": "Callao | n/a | ..\nPaita | 4 | 5\nIlo | 3 | 3",
    "sentences": "The police closed the mill. | 4 | 5\nThe army did not. | 4 | 6",
    "a title above one column": "Cases by region |  | \nLoreto | 4 | 5\nLima | 3 | 3",
    "group names that aren't merged": " | Police | | Army | \nRegion | Men | Women | Men | Women\nLoreto | 4 | 1 | 5 | 2",
    "a value that recurs below": "open | 4 | x\nopen | 5 | y\nclosed | 6 | z",
    "fewer names than columns": "Budget | in soles | | |\nRoads | 1 | 2 | 3 | 4\nBridges | 1 | 2 | 3 | 4",
    "a single row": "Region | Cases",
    "nothing": "",
}


@pytest.mark.parametrize(("count", "table"), NAMED.values(), ids=NAMED)
def test_header_rows_are_found(count: int, table: str) -> None:
    assert header_row_count(rows(table)) == count


@pytest.mark.parametrize("table", NAMELESS.values(), ids=NAMELESS)
def test_in_doubt_no_row_is_a_header_row(table: str) -> None:
    assert header_row_count(rows(table)) == 0


@pytest.mark.parametrize("text", ["412", "1,200.50", "(12)", "-3 %", "US$ 4", "S/ 1 200", "12 EUR", "−7", "3.1e-4", "15*", "€5"])
def test_numbers_are_recognised(text: str) -> None:
    assert is_number(text)


@pytest.mark.parametrize("text", ["2021", "FY2021", "Q1", "2021-03-04", "12 regions", "COVID-19", "n/a", "", "%"])
def test_years_dates_and_words_are_not_numbers(text: str) -> None:
    assert not is_number(text)
