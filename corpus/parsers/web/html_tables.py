"""Distinguishes a page's data tables from those used only for layout."""

from itertools import islice

from lxml import etree

_OWN_ROWS = etree.XPath("./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr")
_OWN_CELLS = etree.XPath("./td | ./th")
_SECTIONED = etree.XPath("boolean(./caption or ./thead)")
_NESTED = etree.XPath("boolean(.//table)")
_HEADINGS = etree.XPath(".//h1 | .//h2 | .//h3 | .//h4 | .//h5 | .//h6")
_LONG = 1000  # characters: a longer cell isn't data, unless the table has header cells or a caption


def is_data_table(table: etree._Element) -> bool:
    """Return whether a `<table>` holds data.

    It does if it has header cells or a caption; or if some row has more than one cell with text, and no cell holds a table, text
    under a heading, or a long text.
    """
    if table.get("role") in ("presentation", "none"):
        return False
    rows = [_OWN_CELLS(row) for row in _OWN_ROWS(table)]
    if _SECTIONED(table) or any(cell.tag == "th" for row in rows for cell in row):
        return True
    if _NESTED(table):
        return False
    lengths = [(_text_length(cell), cell) for row in rows for cell in row]
    return any(sum(_text_length(cell) > 0 for cell in row) > 1 for row in rows) and not any(
        length > _LONG or length > sum(map(_text_length, _HEADINGS(cell))) > 0 for length, cell in lengths
    )


def cell_span(cell: etree._Element, name: str) -> int:
    """Return how many columns or rows a cell spans, by its attribute `name`; 1 if malformed. 0 rows mean all that follow."""
    value = cell.get(name, "").strip()
    if not (value.isascii() and value.isdecimal()):
        return 1
    count = int(value[:6])
    return count or (10**6 if name == "rowspan" else 1)


def _text_length(cell: etree._Element) -> int:
    """Count the characters of a cell's text, stopping once the count is certain to exceed `_LONG`."""
    texts = (stripped for text in cell.itertext() if (stripped := text.strip()))
    return sum(map(len, islice(texts, _LONG + 1)))
