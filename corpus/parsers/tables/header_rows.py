"""Finds the rows that name the columns of a table whose file doesn't mark them. When in doubt there are none: a wrong name
misleads.

The first rows are taken for names if they hold nothing but short words, years and dates, and the rows below differ in kind: they
hold numbers, much longer texts, or the same few words again and again. Rows of words that commonly name columns also count.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from corpus.draft import CellText
from corpus.parsers.tables.cell_values import is_date, is_missing, is_number, is_period, year_of

_MOST_HEADER_ROWS = 4
_SAMPLE = 60  # rows
_WIDEST = 1000  # columns; a file may claim any width for a cell
_LONGEST_NAME = 150  # characters; survey tools name columns by whole questions
_SHORT_NAME = 40
_LONG_TEXT = 60
_NUMERIC = 0.8  # share of the values below a name that are numbers, in a column of numbers
_COVERED = 0.6  # share of the columns, without the first, that must have a name
_FEW_ROWS = 4  # two columns with fewer rows may be pairs, such as "Owner" and "Ministry", without names above
_AGAIN = 3  # times that each value occurs on average in a column of categories

_SNAKE = re.compile(r"[^\W\d_]+(?:_\w+)+|[a-z]+[A-Z]\w*")
_WORD = re.compile(r"[^\W\d_]+")
_NAMING_WORDS = frozenset(
    """
    account actividad activity actual address age amount apellido area author autor average año balance banco bank branch budget
    cantidad cargo case caso category categoría city ciudad clase class client cliente code column comentario comment company
    concepto contact contacto correo cost coste costo count country cuenta currency customer código date day deadline
    departamento department descripción description destination destino detail detalle dirección district distrito division
    document documento due duration edad email empleado employee empresa encargado end entidad entity estado estimación estimate
    etapa event evento expense fecha field fin final firm first from fuente full gasto gender goal group grupo género height
    hora id identifier importe index indicador indicator ingreso inicial inicio institución institution invoice issue item job
    key kind language last latitude length level line link location longitude lugar manager max mean measure median mes meta
    metric min ministerio ministry model moneda month monto motivo municipality municipio name net nivel nombre nota note number
    número objective objetivo observacione observación office oficina order organisation organización organization origen origin
    outcome output owner paid parameter participación party país percent percentage period periodo person persona período peso
    phone place plazo población porcentaje position postal precio presupuesto price prioridad priority product producto profit
    program programa programme project promedio proveedor province provincia proyecto puesto quantity quarter rank rate rating
    ratio reason recipient reference region región responsable response responsible result resultado revenue riesgo risk role
    row salario salary saldo sales score section sector semana sender serial service servicio sex sexo share sigla site size
    source stage start state status subject subtotal sum supplier surname target tasa task tax team telephone teléfono tema
    tiempo time tipo title to topic total trimestre type título unidad unit unitario url user valor value variable vendor venta
    version versión volume website week weight work year zip zona área
    """.split()
)
"""Words, in lower case, of which English and Spanish column names are made."""

_LINKING_WORDS = frozenset("a al and by de del el en for in la las los o of or per por the y".split())

_CellsByColumn = dict[int, CellText]
"""A row's filled cells by column."""


def header_row_count(rows: Sequence[Sequence[CellText]]) -> int:
    """Return how many of the first rows name the columns; 0 if none do, or if it is uncertain."""
    grids = [{cell.column: cell for cell in row if cell.text.strip()} for row in rows[:_SAMPLE]]
    for count in range(_nameable_rows(grids), 0, -1):
        are_groups = all(any(cell.span > 1 for cell in grid.values()) for grid in grids[: count - 1])
        if are_groups and _HeaderCandidate(grids[:count], grids[count:]).are_names():
            return count
    return 0


def _nameable_rows(grids: Sequence[_CellsByColumn]) -> int:
    """Count the first rows that hold only possible names. A single word above a single column is a title instead."""
    count = 0
    for grid in grids[: min(_MOST_HEADER_ROWS, len(grids) - 1)]:
        alone = next(iter(grid.values())) if len(grid) == 1 else None
        if not all(map(_may_name, map(_text, grid.values()))) or (alone and alone.span == 1 and not is_period(_text(alone))):
            break
        count += 1
    return count


def _text(cell: CellText) -> str:
    return " ".join(cell.text.split())


def _may_name(text: str) -> bool:
    is_sentence = text.endswith((".", ";")) and text.count(" ") > 2
    return len(text) <= _LONGEST_NAME and not is_number(text) and not is_missing(text) and not is_sentence


def _is_common_name(text: str) -> bool:
    """Return whether a text is made of words that commonly name columns, or is an identifier such as `unit_price`."""
    words = {word.casefold() for word in _WORD.findall(text.split(" (")[0])} - _LINKING_WORDS
    return _SNAKE.fullmatch(text) is not None or (
        bool(words) and all({word, word.removesuffix("s"), word.removesuffix("es")} & _NAMING_WORDS for word in words)
    )


class _HeaderCandidate:
    """The first rows of a table, taken as the possible names of the columns below."""

    def __init__(self, header: Sequence[_CellsByColumn], below: Sequence[_CellsByColumn]) -> None:
        self.name_count = len(header[-1])  # in the lowest header row
        self.names: dict[int, tuple[str, ...]] = {}
        for cell in (cell for grid in header for cell in grid.values()):
            for column in range(cell.column, cell.column + min(cell.span, _WIDEST)):
                self.names[column] = (*self.names.get(column, ()), _text(cell))
        self.columns: dict[int, list[str]] = {}
        for column, cell in (item for grid in below for item in grid.items()):
            self.columns.setdefault(column, []).append(_text(cell))
        self.first = min(self.columns, default=0)
        self.row_count = len(below)

    def are_names(self) -> bool:
        """Return whether the names are distinct, cover most columns, aren't among the values below, and fit what is below."""
        inner = self.columns.keys() - {self.first}
        lowest = {column: name[-1] for column, name in self.names.items()}
        if (
            (self.name_count < 2 and not all(map(is_period, lowest.values())))
            or len(set(self.names.values())) < len(self.names)
            or len(inner & lowest.keys()) < _COVERED * len(inner)
            or any(name in self.columns.get(column, ()) for column, name in lowest.items())
        ):
            return False
        common = sum(map(_is_common_name, lowest.values()))
        return (common > 1 and 2 * common > len(lowest)) or self._above_numbers(lowest) or self._above_other_texts(lowest)

    def _above_numbers(self, lowest: dict[int, str]) -> bool:
        """Return whether words head columns of numbers or dates, or periods head columns of numbers."""
        words = {column for column, name in lowest.items() if not is_period(name) and self._is_numeric(column, with_dates=True)}
        if words - {self.first}:
            is_sure = any(len(self.columns[column]) > 1 for column in words) or words >= self.columns.keys() - {self.first}
            return is_sure and (len(self.columns) > 2 or self.row_count >= _FEW_ROWS)
        periods = [
            name for column, name in sorted(lowest.items()) if is_period(name) and self._is_numeric(column, with_dates=False)
        ]
        first_name = lowest.get(self.first)
        return bool(periods) and (
            first_name is None or _is_common_name(first_name) or (len(periods) > 1 and _are_in_steps(periods))
        )

    def _is_numeric(self, column: int, *, with_dates: bool) -> bool:
        """Return whether nearly all values of a column are numbers (or dates, if `with_dates`), missing ones aside."""
        values = [value for value in self.columns.get(column, ()) if not is_missing(value)]
        numeric = sum(is_number(value) or (with_dates and is_date(value)) for value in values)
        return bool(numeric) and numeric >= _NUMERIC * len(values)

    def _above_other_texts(self, lowest: dict[int, str]) -> bool:
        """Return whether short names head columns of much longer texts, or of a few words that recur."""
        if any(len(name) > _SHORT_NAME for name in lowest.values()):
            return False
        below = {column: values for column, values in self.columns.items() if column in lowest and len(values) > 1}
        long = [column for column, values in below.items() if min(map(len, values)) >= _LONG_TEXT]
        has_categories = any(len(values) >= _AGAIN * max(2, len(set(values))) and len(set(values)) > 1 for values in below.values())
        return self.first in long or len(long) > 1 or has_categories


def _are_in_steps(periods: Sequence[str]) -> bool:
    """Return whether the years among periods are at equal steps; two must be consecutive. Other periods may be in any order."""
    years = [year for year in map(year_of, periods) if year is not None]
    steps = {later - earlier for earlier, later in pairwise(years)}
    return len(steps) < 2 and 0 not in steps and (len(years) != 2 or steps <= {1, -1})
