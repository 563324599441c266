"""Charts as tables: what a chart of DrawingML draws is kept in it, as the texts and numbers of its categories and series."""

from bisect import bisect_right
from datetime import datetime
from itertools import groupby, islice
from math import isfinite
from typing import NamedTuple

from lxml import etree
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from corpus.draft import CellText, Draft
from corpus.parsers.office.number_format import shown_number

_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_TEXTS = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"
_MOST_POINTS = 10_000  # of a series; nobody reads more off a chart


class _Series(NamedTuple):
    name: str
    labels: dict[int, str]
    values: dict[int, str]


def lay_chart(chart: etree._Element, draft: Draft) -> None:
    """Lay a chart's title and those of its axes into the draft, a block each, then its numbers: a row for each category, and a
    column for each series. Series that are drawn over others, as in scatter charts, are tables of their own.
    """
    for title in chart.iter(f"{_CHART}title"):
        draft.block(_text(title))
    epoch = MAC_EPOCH if chart.find(f"{_CHART}date1904[@val='1']") is not None else WINDOWS_EPOCH
    series = (_series(element, epoch) for element in chart.iter(f"{_CHART}ser"))
    for labels, group in groupby(series, key=lambda one: one.labels):
        _lay(labels, list(group), draft)


def _lay(labels: dict[int, str], group: list[_Series], draft: Draft) -> None:
    rows = [[CellText(column, one.name) for column, one in enumerate(group, 1)]]
    for place in sorted({place for one in group for place in one.values}):
        cells = (CellText(column, one.values.get(place, "")) for column, one in enumerate(group, 1))
        rows.append([CellText(0, labels.get(place, "")), *cells])
    draft.table(((None, row) for row in rows), heads=1)


def _series(element: etree._Element, epoch: datetime) -> _Series:
    name = element.find(f"{_CHART}tx")
    labels, values = (
        {**_points(element, first, epoch), **_points(element, other, epoch)} for first, other in (("cat", "xVal"), ("val", "yVal"))
    )
    return _Series("" if name is None else _text(name), labels, values)


def _text(element: etree._Element) -> str:
    """The words of a title or a name, be they its own or those of the cells that it refers to."""
    tags = (_TEXTS, f"{_CHART}v")
    return " ".join(" ".join(part.text or "" for part in element.iter(*tags)).split())


def _points(series: etree._Element, name: str, epoch: datetime) -> dict[int, str]:
    """The texts or numbers of a series by their place; those of categories in levels one after the other, outermost first."""
    data = series.find(f"{_CHART}{name}")
    levels = [] if data is None else list(data.iter(f"{_CHART}lvl")) or [data]
    found = [_level(level, epoch) for level in levels]
    points = found[0] if found else {}
    for outer in found[1:]:
        places = sorted(outer)
        for place in points if places else ():
            above = outer[places[max(0, bisect_right(places, place) - 1)]]
            points[place] = f"{above} {points[place]}"
    return points


def _level(level: etree._Element, epoch: datetime) -> dict[int, str]:
    usual = level.findtext(f".//{_CHART}formatCode")
    is_number = usual is not None or next(level.iter(f"{_CHART}numCache", f"{_CHART}numLit"), None) is not None
    points = {}
    for point in islice(level.iter(f"{_CHART}pt"), _MOST_POINTS):
        value = point.findtext(f"{_CHART}v") or ""
        points[int(point.get("idx", 0))] = _shown(value, point.get("formatCode", usual or "General"), epoch) if is_number else value
    return points


def _shown(value: str, code: str, epoch: datetime) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    return shown_number(number, code, epoch) if isfinite(number) else value
