"""Which `<table>` of a page holds data, and which one only lays the page out."""

from itertools import islice

from lxml import etree

_OWN_ROWS = etree.XPath("./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr")
_OWN_CELLS = etree.XPath("./td | ./th")
_SECTIONED = etree.XPath("boolean(./caption or ./thead)")
_NESTED = etree.XPath("boolean(.//table)")
_HEADINGS = etree.XPath(".//h1 | .//h2 | .//h3 | .//h4 | .//h5 | .//h6")
_LONG = 1000  # characters: a cell with more isn't data, where nothing else says so


def is_data(table: etree._Element) -> bool:
    """Whether it is a table to a reader too: it has heads or a caption; or a row has more than one cell, and none holds a table, a
    text under a heading, or a long text.
    """
    if table.get("role") in ("presentation", "none"):
        return False
    rows = [_OWN_CELLS(row) for row in _OWN_ROWS(table)]
    if _SECTIONED(table) or any(cell.tag == "th" for row in rows for cell in row):
        return True
    if _NESTED(table):
        return False
    lengths = [(_length(cell), cell) for row in rows for cell in row]
    return any(sum(_length(cell) > 0 for cell in row) > 1 for row in rows) and not any(
        length > _LONG or length > sum(map(_length, _HEADINGS(cell))) > 0 for length, cell in lengths
    )


def span(cell: etree._Element, name: str) -> int:
    """How many columns or rows a cell reaches over, by this attribute; no number counts as one, and 0 rows as all."""
    value = cell.get(name, "").strip()
    if not (value.isascii() and value.isdecimal()):
        return 1
    count = int(value[:6])
    return count or (10**6 if name == "rowspan" else 1)


def _length(cell: etree._Element) -> int:
    """The characters of a cell's texts, counted no further than it takes."""
    texts = (stripped for text in cell.itertext() if (stripped := text.strip()))
    return sum(map(len, islice(texts, _LONG + 1)))
