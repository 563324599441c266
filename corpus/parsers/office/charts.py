"""Charts as tables. A DrawingML chart stores the texts and numbers that it draws: its categories and its series."""

from bisect import bisect_right
from datetime import datetime
from itertools import groupby, islice
from math import isfinite
from typing import NamedTuple

from lxml import etree
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from corpus.draft import CellText, Draft
from corpus.parsers.office.number_format import format_number

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_TEXTS = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"
_MOST_POINTS = 10_000  # per series; nobody reads more off a chart


class _Series(NamedTuple):
    """A series by point index: the label (category or x) and the value of each point, as shown."""

    name: str
    labels: dict[int, str]
    values: dict[int, str]


def append_chart(chart: etree._Element, draft: Draft) -> None:
    """Append a chart to the draft: its title and axis titles, a block each, then its numbers as a table.

    The table has a row per category and a column per series. Series that don't share their categories, as in scatter charts, become
    tables of their own.
    """
    for title in chart.iter(f"{_C}title"):
        draft.block(_text(title))
    epoch = MAC_EPOCH if chart.find(f"{_C}date1904[@val='1']") is not None else WINDOWS_EPOCH
    series = (_series(element, epoch) for element in chart.iter(f"{_C}ser"))
    for labels, group in groupby(series, key=lambda each: each.labels):
        _append_table(labels, list(group), draft)


def _append_table(labels: dict[int, str], group: list[_Series], draft: Draft) -> None:
    rows = [[CellText(column, series.name) for column, series in enumerate(group, 1)]]
    for index in sorted({index for series in group for index in series.values}):
        cells = (CellText(column, series.values.get(index, "")) for column, series in enumerate(group, 1))
        rows.append([CellText(0, labels.get(index, "")), *cells])
    draft.table(((None, row) for row in rows), heads=1)


def _series(element: etree._Element, epoch: datetime) -> _Series:
    name = element.find(f"{_C}tx")
    labels, values = (
        {**_points(element, category, epoch), **_points(element, scatter, epoch)}
        for category, scatter in (("cat", "xVal"), ("val", "yVal"))
    )
    return _Series("" if name is None else _text(name), labels, values)


def _text(element: etree._Element) -> str:
    """Return the words of a title or a series name, whether written out or cached from the cells that it refers to."""
    tags = (_TEXTS, f"{_C}v")
    return " ".join(" ".join(part.text or "" for part in element.iter(*tags)).split())


def _points(series: etree._Element, name: str, epoch: datetime) -> dict[int, str]:
    """Return the texts or numbers of a series by point index.

    Multi-level categories are joined with spaces, outermost first; an outer label applies until the next one begins.
    """
    data = series.find(f"{_C}{name}")
    levels = [] if data is None else list(data.iter(f"{_C}lvl")) or [data]
    points_by_level = [_level_points(level, epoch) for level in levels]
    points = points_by_level[0] if points_by_level else {}
    for outer in points_by_level[1:]:
        starts = sorted(outer)
        for index in points if starts else ():
            group = outer[starts[max(0, bisect_right(starts, index) - 1)]]
            points[index] = f"{group} {points[index]}"
    return points


def _level_points(level: etree._Element, epoch: datetime) -> dict[int, str]:
    default_code = level.findtext(f".//{_C}formatCode")
    is_number = default_code is not None or next(level.iter(f"{_C}numCache", f"{_C}numLit"), None) is not None
    points = {}
    for point in islice(level.iter(f"{_C}pt"), _MOST_POINTS):
        value = point.findtext(f"{_C}v") or ""
        points[int(point.get("idx", 0))] = (
            _format_value(value, point.get("formatCode", default_code or "General"), epoch) if is_number else value
        )
    return points


def _format_value(value: str, code: str, epoch: datetime) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    return format_number(number, code, epoch) if isfinite(number) else value
