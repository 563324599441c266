"""Which rows of a table name its columns, by what stands in them alone."""

from itertools import accumulate

import pytest

from corpus.draft import CellText
from corpus.parsers.tables.header_rows import heads_of, is_number

Cells = list[tuple[str, int]]


def rows(table: str) -> list[list[CellText]]:
    """The rows of a table that is written with bars. A cell of the form "3*name" reaches over three columns."""
    return [_row([_spanned(cell.strip()) for cell in line.split("|")]) for line in table.strip().splitlines()]


def _spanned(text: str) -> tuple[str, int]:
    return (text[2:], int(text[0])) if text[1:2] == "*" else (text, 1)


def _row(cells: Cells) -> list[CellText]:
    columns = [0, *accumulate(span for _, span in cells)]
    return [CellText(column, text, span) for column, (text, span) in zip(columns, cells, strict=False)]


NAMED = {
    "words above numbers": (1, "Region | Illegal sawmills | Share\nLoreto | 412 | 3.1 %\nLima | (12) | n/a"),
    "years above numbers": (1, " | 2021 | 2020\nForests | $ 1,200 | 1,100\nRivers | — | 7"),
    "a unit above the items": (1, "(in millions) | 2018 | 2017 | 2016\nNet sales | 32,765 | 31,657 | 30,109"),
    "one year above numbers": (1, "Region | 2021\nLoreto | 412\nLima | 32"),
    "a year without a neighbour": (1, " | 2021\nLoreto | 412\nLima | 32"),
    "quarters": (1, "Product | Q1 | Q2\nTimber | 4 | 5"),
    "months above numbers": (1, "Rubro | enero | febrero\nMadera | 4 | 5"),
    "words above dates": (1, "Convoy | Seized on | Port\nFirst | 2021-03-04 | Callao\nSecond | 12/05/2021 | Paita"),
    "years in the first column": (1, "Year | Cases\n2019 | 15\n2020 | 16"),
    "spanning names": (2, " | 3*Years ended December 31\n | 2018 | 2017 | 2016\nNet sales | 3 | 2 | 1\nCosts | 2 | 2 | 2"),
    "the same names under two": (2, " | 2*Police | 2*Army\nRegion | Men | Women | Men | Women\nLoreto | 4 | 1 | 5 | 2"),
    "a section below": (1, "Item | Planned | Spent\nNorth\nRoads | 500 | 420\nBridges | 30 | 31"),
    "words that name columns": (1, "Nombre | Cargo\nAna Pérez | Ministra\nLuis Soto | Fiscal"),
    "most of the words do": (1, "Name | River | Owner\nEl Pino | Ucayali | Soto\nLa Caoba | Marañón | Ruiz"),
    "identifiers": (1, "sawmill_name | ownerName\nEl Pino | Soto"),
    "questions of a survey": (1, "Respondent | How much do you trust the police of your district?\nA | 3\nB | 4\nC | 1\nD | 2"),
    "words above long texts": (1, f"Advice | Reply\n{'a long sentence ' * 5} | Yes\n{'another sentence ' * 5} | No"),
    "words above kinds of things": (
        1,
        "Sawmill | Standing\n" + "\n".join(f"Mill {letter} | {'open' if letter in 'ACE' else 'closed'}" for letter in "ABCDEFG"),
    ),
}

NAMELESS = {
    "numbers from the first row on": "Loreto | 412\nLima | 32",
    "pairs": "Owner | Ministry of Health\nBudget | 500\nStaff | 20",
    "pairs with a year": "Founded | 1994\nEmployees | 250\nOffices | 3",
    "pairs of two with years": "Founded | 1994 | 1998\nEmployees | 250 | 300",
    "pairs of words": "Name | Ana Pérez\nTown | Iquitos\nCalling | Judge",
    "people": "Ana Pérez | Ministry of Justice\nLuis Soto | Office of the President",
    "a row in which nothing is known": "Callao | n/a | ..\nPaita | 4 | 5\nIlo | 3 | 3",
    "sentences": "The police closed the mill. | 4 | 5\nThe army did not. | 4 | 6",
    "a title above one column": "Cases by region |  | \nLoreto | 4 | 5\nLima | 3 | 3",
    "groups that aren't joined": " | Police | | Army | \nRegion | Men | Women | Men | Women\nLoreto | 4 | 1 | 5 | 2",
    "a value that comes again": "open | 4 | x\nopen | 5 | y\nclosed | 6 | z",
    "fewer names than columns": "Budget | in soles | | |\nRoads | 1 | 2 | 3 | 4\nBridges | 1 | 2 | 3 | 4",
    "a row by itself": "Region | Cases",
    "nothing": "",
}


@pytest.mark.parametrize(("heads", "table"), NAMED.values(), ids=NAMED)
def test_rows_that_name_the_columns_are_found(heads: int, table: str) -> None:
    assert heads_of(rows(table)) == heads


@pytest.mark.parametrize("table", NAMELESS.values(), ids=NAMELESS)
def test_in_doubt_no_row_names_the_columns(table: str) -> None:
    assert heads_of(rows(table)) == 0


@pytest.mark.parametrize("text", ["412", "1,200.50", "(12)", "-3 %", "US$ 4", "S/ 1 200", "12 EUR", "−7", "3.1e-4", "15*", "€5"])
def test_a_number_is_known(text: str) -> None:
    assert is_number(text)


@pytest.mark.parametrize("text", ["2021", "FY2021", "Q1", "2021-03-04", "12 regions", "COVID-19", "n/a", "", "%"])
def test_a_year_a_date_and_a_word_are_no_numbers(text: str) -> None:
    assert not is_number(text)
