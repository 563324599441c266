"""PPTX: opened by python-pptx, its shapes walked element by element. Slides are pages; speaker notes follow their slide."""

import io
from collections.abc import Iterator
from contextlib import suppress

import pptx
from lxml import etree
from pptx.exc import PythonPptxError
from pptx.oxml.ns import qn
from pptx.shapes.shapetree import SlideShapeFactory
from pptx.slide import Slide

from corpus.draft import CellText, Draft, raised
from corpus.errors import DocumentError
from corpus.parsers.office.charts import append_chart
from corpus.parsers.office.ooxml import COMPATIBILITY, EQUATION, parse_part, refusing_malformed
from corpus.parsers.office.reading_order import ShapeBox, reading_order
from corpus.parsers.tables.grid import Grid
from corpus.parsers.tables.header_rows import header_row_count

_SHAPE, _GROUP, _FRAME, _PLACEHOLDER = map(qn, ("p:sp", "p:grpSp", "p:graphicFrame", "p:ph"))
_PARAGRAPH, _RUN, _FIELD, _TEXT, _BREAK, _RUN_STYLE = map(qn, ("a:p", "a:r", "a:fld", "a:t", "a:br", "a:rPr"))
_TABLE, _TABLE_STYLE, _ROW, _CELL = map(qn, ("a:tbl", "a:tblPr", "a:tr", "a:tc"))
_CHART, _RELATION_ID = map(qn, ("c:chart", "r:id"))
_ALTERNATIVES, _CHOICE, _FALLBACK = (f"{COMPATIBILITY}{name}" for name in ("AlternateContent", "Choice", "Fallback"))
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_DIAGRAM_DATA = qn("r:dm")
_TITLES = ("title", "ctrTitle")
_RUNNING = ("dt", "ftr", "sldNum", "hdr")  # date, footer, slide number, header
_UNTITLED = frozenset(
    (
        "powerpoint presentation",
        "presentación de powerpoint",
        "présentation powerpoint",
        "slide 1",
        "diapositiva 1",
        "untitled",
        "title",
    )
)
"""Placeholder titles, in lower case, that programs give a presentation without a title of its own."""

_NOTES = "Notes"
_LONGEST_TITLE = 100
_MOST_CHARACTERS = 50_000_000  # a small file may show one slide any number of times


def parse_pptx(data: bytes, name: str) -> Draft:
    """Parse PPTX: paragraphs and table rows become blocks, and a chart's numbers become a table.

    A slide is read from the top left, after its title, which is a heading. A slide without a title is headed by its first line if
    that is short. Hidden slides are included. Speaker notes follow the text of their slide, under a heading of their own. Dates,
    footers, slide numbers, comments, pictures and what the slide master shows are left out.

    Raises DocumentError if the file is not a PPTX.
    """
    with refusing_malformed(name, "a PPTX", "a presentation program", PythonPptxError):
        return _parse(data, name)


def _parse(data: bytes, name: str) -> Draft:
    presentation = pptx.Presentation(io.BytesIO(data))
    draft, firsts = Draft(), []
    for number, slide in enumerate(presentation.slides, 1):
        firsts.append(len(draft.blocks))
        _SlideParser(slide, draft).append(number)
        if draft.length > _MOST_CHARACTERS:
            raise DocumentError(
                f"{name} has more than {_MOST_CHARACTERS:,} characters of text, far more than any presentation: split it."
            )
    draft.tile_by_blocks(firsts, [None] * len(firsts))
    title = (presentation.core_properties.title or "").strip()
    draft.title = title if title and title.casefold() not in _UNTITLED else draft.first_heading()
    return draft


class _SlideParser:
    """Appends one slide to the draft."""

    def __init__(self, slide: Slide, draft: Draft) -> None:
        self.slide = slide
        self.draft = draft
        self.level = 0  # heading level of the next line

    def append(self, number: int) -> None:
        """Append the slide with this number, from 1."""
        shapes = list(_shapes(self.slide.element.cSld.spTree))
        titles = [shape for shape in shapes if _placeholder_type(shape) in _TITLES and _text(shape).strip()]
        for title in titles:
            is_first = number == 1 and _placeholder_type(title) == "ctrTitle"
            self.draft.block(" ".join(_text(title).split()), 1 if is_first else 2)
        self.draft.running_lines += sum(_placeholder_type(shape) in _RUNNING for shape in shapes)
        others = self._ordered([shape for shape in shapes if _placeholder_type(shape) not in (*_TITLES, *_RUNNING)])
        if others and not titles:
            self._head_untitled(others[0], number)
        for shape in others:
            self._append_shape(shape)
        if self.slide.has_notes_slide:
            self._append_notes()

    def _head_untitled(self, first: etree._Element, number: int) -> None:
        """Keep a slide without a title from standing under the previous slide's: head it by its first line or its number."""
        line = next(filter(None, map(str.strip, map(_text, first.iter(_PARAGRAPH)))), "") if first.tag == _SHAPE else ""
        if 0 < len(line) <= _LONGEST_TITLE and line[-1] not in ".,;:":
            self.level = 2
        elif self.draft.headings:
            self.draft.block(f"Slide {number}", 2)

    def _ordered(self, shapes: list[etree._Element]) -> list[etree._Element]:
        """Return the shapes with text in reading order; those without a position come last."""
        placed: list[tuple[etree._Element, ShapeBox]] = []
        unplaced = []
        for shape in shapes:
            if _may_hold_text(shape):
                box = self._box(shape)
                if box:
                    placed.append((shape, box))
                else:
                    unplaced.append(shape)
        return [placed[index][0] for index in reading_order([box for _, box in placed])] + unplaced

    def _box(self, shape: etree._Element) -> ShapeBox | None:
        """Return a shape's position, its own or that of its placeholder in the layout; None if it has none."""
        with suppress(AttributeError, LookupError, TypeError, ValueError):
            placed = SlideShapeFactory(shape, self.slide.shapes)
            return ShapeBox(placed.left, placed.top, placed.left + placed.width, placed.top + placed.height)
        return None

    def _append_shape(self, shape: etree._Element) -> None:
        if shape.tag == _GROUP:
            for inner in self._ordered(list(_shapes(shape))):
                self._append_shape(inner)
        elif shape.tag == _SHAPE:
            self._append_lines(shape)
        elif (table := next(shape.iter(_TABLE), None)) is not None:
            _append_table(table, self.draft)
        elif (chart := next(shape.iter(_CHART), None)) is not None:
            append_chart(self._part(chart.get(_RELATION_ID)), self.draft)
        elif (diagram := next((element for element in shape.iter() if element.get(_DIAGRAM_DATA)), None)) is not None:
            self._append_diagram(self._part(diagram.get(_DIAGRAM_DATA)))

    def _part(self, relation: str) -> etree._Element:
        return parse_part(self.slide.part.related_part(relation).blob)

    def _append_lines(self, element: etree._Element) -> None:
        for paragraph in element.iter(_PARAGRAPH):
            text = _text(paragraph).strip()
            self.draft.block(text, self.level)
            self.level = 0 if text else self.level

    def _append_diagram(self, data: etree._Element) -> None:
        """Append the texts of a diagram (SmartArt); points of other types are connections and layout."""
        for point in data.iter(f"{_DIAGRAM}pt"):
            if point.get("type", "node") in ("node", "asst"):
                self._append_lines(point)

    def _append_notes(self) -> None:
        tree = self.slide.notes_slide.element.cSld.spTree
        shapes = [
            shape
            for shape in _shapes(tree)
            if shape.tag == _SHAPE and _placeholder_type(shape) in ("", "body") and _text(shape).strip()
        ]
        if shapes:
            self.draft.block(_NOTES, 3)
        for shape in shapes:
            self._append_lines(shape)


def _shapes(container: etree._Element) -> Iterator[etree._Element]:
    """Yield the shapes of a slide or group. Of alternatives for newer and older programs, only the newer one."""
    for child in container:
        if child.tag == _ALTERNATIVES:
            for choice in child.iterchildren(_CHOICE):
                yield from _shapes(choice)
        elif child.tag in (_SHAPE, _GROUP, _FRAME):
            yield child


def _placeholder_type(shape: etree._Element) -> str:
    """Return a placeholder's type ("title", "body" and so on); "" for other shapes."""
    placeholder = None if shape.tag == _GROUP else next(shape.iter(_PLACEHOLDER), None)
    return "" if placeholder is None else str(placeholder.get("type", "body"))


def _may_hold_text(shape: etree._Element) -> bool:
    """Return whether a shape may hold text; tables, charts and diagrams are assumed to."""
    if shape.tag == _GROUP:
        return any(map(_may_hold_text, _shapes(shape)))
    return shape.tag == _FRAME or any((text.text or "").strip() for text in shape.iter(_TEXT, EQUATION))


def _text(element: etree._Element) -> str:
    """Return the words under an element, without the slide number; paragraphs and line breaks start new lines."""
    parts: list[str] = []
    is_superscript = False
    walk = etree.iterwalk(element, events=("start",))
    for _, inner in walk:
        if inner.tag == _FALLBACK or (inner.tag == _FIELD and inner.get("type") == "slidenum"):
            walk.skip_subtree()
        elif inner.tag in (_RUN, _FIELD):
            style = inner.find(_RUN_STYLE)
            is_superscript = style is not None and not style.get("baseline", "0").startswith(("0", "-"))
        elif inner.tag == _TEXT:
            parts.append(raised(inner.text or "") if is_superscript else inner.text or "")
        elif inner.tag == EQUATION:
            parts.append(inner.text or "")
        elif inner.tag in (_BREAK, _PARAGRAPH) and parts:
            parts.append("\n")
    return "".join(parts)


def _append_table(table: etree._Element, draft: Draft) -> None:
    """Append a table. Its first rows name the columns if the file formats the first row as a header."""
    style, rows = table.find(_TABLE_STYLE), table.findall(_ROW)
    has_header = style is not None and style.get("firstRow", "0") in ("1", "true")
    header_rows = max(1, header_row_count([_cells(row) for row in rows])) if has_header else 0
    grid = Grid()
    for index, row in enumerate(rows):
        grid.begin_row(is_header=index < header_rows)
        for cell in row.iterchildren(_CELL):
            if cell.get("hMerge", "0") in ("0", "false") and cell.get("vMerge", "0") in ("0", "false"):
                grid.add_cell(_text(cell), columns=int(cell.get("gridSpan", 1)), rows=int(cell.get("rowSpan", 1)))
    grid.append_to(draft)


def _cells(row: etree._Element) -> list[CellText]:
    cells = enumerate(row.iterchildren(_CELL))
    return [CellText(column, _text(cell), int(cell.get("gridSpan", 1))) for column, cell in cells]
