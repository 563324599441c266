"""Which rows of a table name its columns, where nothing in the file says so. A wrong name misleads, so in doubt there is none.

The first rows are taken for names if they hold nothing but short words, years and dates, and the rows below are of another kind:
they hold numbers, or much longer texts, or the same few words again and again; or if the words are such as name columns everywhere.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from corpus.draft import CellText

_MOST_HEADS = 4
_LOOKED_AT = 60  # rows
_WIDEST = 1000  # columns; a file may claim that a cell reaches over any number
_LONGEST_NAME = 150  # characters; survey tools name columns by whole questions
_SHORT_NAME = 40
_LONG_TEXT = 60
_TYPED = 0.8  # of the values below a name, in a column of numbers
_COVERED = 0.6  # of the columns but the first one have a name
_FEW_ROWS = 4  # two columns with fewer rows may be pairs, such as "Owner" and "Ministry", with no names above
_AGAIN = 3  # times that each value of a column comes, on average, for it to hold kinds of things

_CURRENCY = r"(?:US\$|S/\.?|[A-Z]{3}|[$€£¥])"
_NUMBER = re.compile(
    rf"[(\[]?\s*[-+−–±<>≤≥~]?\s*{_CURRENCY}?\s*[-+−]?\s*\d(?:[\d.,'’ \u00a0\u202f]*\d)?(?:[eE][-+]?\d+)?"
    rf"\s*(?:%|{_CURRENCY})?\s*[)\]]?\s*[*†‡⁰-⁹¹²³]{{0,3}}"
)
_YEAR = re.compile(r"(?:FY\s?)?((?:1[89]|20)\d\d)(?:\s?[-/–]\s?(?:20)?\d\d)?\s*[EAFPepr*]?")
MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|enero|febrero|marzo|abril|mayo|junio"
    "|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre"
)
"""The names of months, as a part of a regular expression."""

_MONTH = rf"(?:{MONTHS}|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|set|dic)\.?)"
_DATE = re.compile(
    r"\d{4}[-/.]\d\d?(?:[-/.]\d\d?)?(?:[T ][\d:.]+Z?)?|\d\d?[-/.]\d\d?[-/.]\d{2,4}(?: [\d:.]+)?|\d\d?:\d\d(?::\d\d)?"
    rf"|\d\d?(?: de |[ -]){_MONTH}(?:(?: de |[ ,-]+)\d{{2,4}})?|{_MONTH} \d\d?, \d{{4}}|{_MONTH}(?: de |[ -])\d{{2,4}}",
    re.IGNORECASE,
)
_PERIOD = re.compile(rf"{_MONTH}|(?:Q[1-4]|[1-4]Q|T[1-4]|[1-4]T|H[12]|[12]H)(?:[ -]?\d{{2,4}})?", re.IGNORECASE)
_NOTHING = re.compile(r"[-–—.…*•/?\s]*|n\.?\s?[/.]?\s?[adsm]\.?|n\.?\s?disp\.?|nil|none|null|x", re.IGNORECASE)
_SNAKE = re.compile(r"[^\W\d_]+(?:_\w+)+|[a-z]+[A-Z]\w*")
_WORD = re.compile(r"[^\W\d_]+")
_NAMING = frozenset(
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
"""Words, in lower case, of which the names of columns are made in English and Spanish."""

_LINKING = frozenset("a al and by de del el en for in la las los o of or per por the y".split())

_Grid = dict[int, CellText]
"""A row's cells that aren't blank, by their column."""


def heads_of(rows: Sequence[Sequence[CellText]]) -> int:
    """How many of the first rows name the columns of a table whose file doesn't say; 0 if none does, or it isn't sure."""
    grids = [{cell.column: cell for cell in row if cell.text.strip()} for row in rows[:_LOOKED_AT]]
    for count in range(_nameable(grids), 0, -1):
        are_groups = all(any(cell.span > 1 for cell in grid.values()) for grid in grids[: count - 1])
        if are_groups and _Heads(grids[:count], grids[count:]).are_names():
            return count
    return 0


def is_number(text: str) -> bool:
    """Whether it is a number, be it an amount of money or a percentage; a year is not."""
    return _NUMBER.fullmatch(text) is not None and not _is_time(text)


def _nameable(grids: Sequence[_Grid]) -> int:
    """How many of the first rows hold nothing but what may be names. A word that stands alone, above one column, is a title."""
    count = 0
    for grid in grids[: min(_MOST_HEADS, len(grids) - 1)]:
        alone = next(iter(grid.values())) if len(grid) == 1 else None
        if not all(map(_may_name, map(_text, grid.values()))) or (alone and alone.span == 1 and not _is_period(_text(alone))):
            break
        count += 1
    return count


def _text(cell: CellText) -> str:
    return " ".join(cell.text.split())


def _may_name(text: str) -> bool:
    is_sentence = text.endswith((".", ";")) and text.count(" ") > 2
    return len(text) <= _LONGEST_NAME and not is_number(text) and not _NOTHING.fullmatch(text) and not is_sentence


def _is_time(text: str) -> bool:
    return _YEAR.fullmatch(text) is not None or _DATE.fullmatch(text) is not None


def _is_period(text: str) -> bool:
    return _is_time(text) or _PERIOD.fullmatch(text) is not None


def _is_usual(text: str) -> bool:
    """Whether it is a word that names columns everywhere, or an identifier such as `unit_price`."""
    words = {word.casefold() for word in _WORD.findall(text.split(" (")[0])} - _LINKING
    return _SNAKE.fullmatch(text) is not None or (
        bool(words) and all({word, word.removesuffix("s"), word.removesuffix("es")} & _NAMING for word in words)
    )


class _Heads:
    """The first rows of a table, as if they were the names of what stands below."""

    def __init__(self, heads: Sequence[_Grid], below: Sequence[_Grid]) -> None:
        self.count = len(heads[-1])
        self.names: dict[int, tuple[str, ...]] = {}
        for cell in (cell for grid in heads for cell in grid.values()):
            for column in range(cell.column, cell.column + min(cell.span, _WIDEST)):
                self.names[column] = (*self.names.get(column, ()), _text(cell))
        self.columns: dict[int, list[str]] = {}
        for column, cell in (item for grid in below for item in grid.items()):
            self.columns.setdefault(column, []).append(_text(cell))
        self.first = min(self.columns, default=0)
        self.rows = len(below)

    def are_names(self) -> bool:
        """Whether each column but the first has its own name that isn't among its values, and something speaks for it."""
        inner = self.columns.keys() - {self.first}
        lowest = {column: name[-1] for column, name in self.names.items()}
        if (
            (self.count < 2 and not all(map(_is_period, lowest.values())))
            or len(set(self.names.values())) < len(self.names)
            or len(inner & lowest.keys()) < _COVERED * len(inner)
            or any(name in self.columns.get(column, ()) for column, name in lowest.items())
        ):
            return False
        usual = sum(map(_is_usual, lowest.values()))
        return (usual > 1 and 2 * usual > len(lowest)) or self._above_numbers(lowest) or self._above_other_texts(lowest)

    def _above_numbers(self, lowest: dict[int, str]) -> bool:
        """Whether words stand above columns of numbers or dates, or periods above numbers."""
        words = {column for column, name in lowest.items() if not _is_period(name) and self._typed(column, with_time=True)}
        if words - {self.first}:
            is_sure = any(len(self.columns[column]) > 1 for column in words) or words >= self.columns.keys() - {self.first}
            return is_sure and (len(self.columns) > 2 or self.rows >= _FEW_ROWS)
        periods = [name for column, name in sorted(lowest.items()) if _is_period(name) and self._typed(column, with_time=False)]
        stub = lowest.get(self.first)
        return bool(periods) and (stub is None or _is_usual(stub) or (len(periods) > 1 and _follow(periods)))

    def _typed(self, column: int, *, with_time: bool) -> bool:
        told = [value for value in self.columns.get(column, ()) if not _NOTHING.fullmatch(value)]
        typed = sum(is_number(value) or (with_time and _is_time(value)) for value in told)
        return bool(typed) and typed >= _TYPED * len(told)

    def _above_other_texts(self, lowest: dict[int, str]) -> bool:
        """Whether short names stand above much longer texts, or above the same few words again and again."""
        if any(len(name) > _SHORT_NAME for name in lowest.values()):
            return False
        below = {column: values for column, values in self.columns.items() if column in lowest and len(values) > 1}
        long = [column for column, values in below.items() if min(map(len, values)) >= _LONG_TEXT]
        kinds = any(len(values) >= _AGAIN * max(2, len(set(values))) and len(set(values)) > 1 for values in below.values())
        return self.first in long or len(long) > 1 or kinds


def _follow(periods: Sequence[str]) -> bool:
    """Whether years come at equal steps; two, one right after the other. Other periods may come as they will."""
    years = [int(year[1]) for year in map(_YEAR.fullmatch, periods) if year]
    steps = {later - sooner for sooner, later in pairwise(years)}
    return len(steps) < 2 and 0 not in steps and (len(years) != 2 or steps <= {1, -1})
