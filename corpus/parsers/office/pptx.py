"""PPTX: opened by python-pptx, its shapes walked element by element. Slides are pages; what a speaker noted stands after each."""

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
from corpus.parsers.office.charts import lay_chart
from corpus.parsers.office.ooxml import COMPATIBILITY, EQUATION, parsed, whole
from corpus.parsers.office.reading_order import ShapeBox, reading_order
from corpus.parsers.tables.grid import Grid
from corpus.parsers.tables.header_rows import heads_of

_SHAPE, _GROUP, _FRAME, _PLACEHOLDER = map(qn, ("p:sp", "p:grpSp", "p:graphicFrame", "p:ph"))
_PARAGRAPH, _RUN, _FIELD, _TEXT, _BREAK, _RUN_STYLE = map(qn, ("a:p", "a:r", "a:fld", "a:t", "a:br", "a:rPr"))
_TABLE, _TABLE_STYLE, _ROW, _CELL = map(qn, ("a:tbl", "a:tblPr", "a:tr", "a:tc"))
_CHART, _RELATION = map(qn, ("c:chart", "r:id"))
_ALTERNATIVES, _CHOICE, _FALLBACK = (f"{COMPATIBILITY}{name}" for name in ("AlternateContent", "Choice", "Fallback"))
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_DIAGRAM_DATA = qn("r:dm")
_TITLES = ("title", "ctrTitle")
_RUNNING = ("dt", "ftr", "sldNum", "hdr")
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
"""What programs take for a title when nobody gave one, in lower case."""

_NOTES = "Notes"
_LONGEST_TITLE = 100
_MOST_CHARACTERS = 50_000_000  # a file may show one slide any number of times


def parse_pptx(data: bytes, name: str) -> Draft:
    """Paragraphs and table rows are blocks; the numbers of a chart are a table. What stands on a slide is read from the top left,
    its title first, as a heading: the title, or the first line if it is a short one.

    Hidden slides are read too. Notes stand after the text of their slide, under a heading that says so. Dates, footers and numbers
    of slides are left out; so are comments, pictures, and what the master shows on every slide. Raises DocumentError for a file
    that is not a PPTX.
    """
    with whole(name, "a PPTX", "a presentation program", PythonPptxError):
        return _read(data, name)


def _read(data: bytes, name: str) -> Draft:
    presentation = pptx.Presentation(io.BytesIO(data))
    draft, firsts = Draft(), []
    for number, slide in enumerate(presentation.slides, 1):
        firsts.append(len(draft.blocks))
        _Slide(slide, draft).lay(number)
        if draft.length > _MOST_CHARACTERS:
            raise DocumentError(
                f"{name} has more than {_MOST_CHARACTERS:,} characters of text; a presentation has a thousandth of it."
            )
    draft.tile_by_blocks(firsts, [None] * len(firsts))
    own = (presentation.core_properties.title or "").strip()
    draft.title = own if own and own.casefold() not in _UNTITLED else draft.first_heading()
    return draft


class _Slide:
    """Lays one slide into the draft."""

    def __init__(self, slide: Slide, draft: Draft) -> None:
        self.slide = slide
        self.draft = draft
        self.level = 0  # of the next line

    def lay(self, number: int) -> None:
        shapes = list(_shapes(self.slide.element.cSld.spTree))
        titles = [shape for shape in shapes if _kind(shape) in _TITLES and _text(shape).strip()]
        for title in titles:
            is_first = number == 1 and _kind(title) == "ctrTitle"
            self.draft.block(" ".join(_text(title).split()), 1 if is_first else 2)
        self.draft.running_lines += sum(_kind(shape) in _RUNNING for shape in shapes)
        others = self._ordered([shape for shape in shapes if _kind(shape) not in (*_TITLES, *_RUNNING)])
        if others and not titles:
            self._lead(others[0], number)
        for shape in others:
            self._lay(shape)
        if self.slide.has_notes_slide:
            self._lay_notes()

    def _lead(self, first: etree._Element, number: int) -> None:
        """See that what follows doesn't stand under the title of the slide before."""
        line = next(filter(None, map(str.strip, map(_text, first.iter(_PARAGRAPH)))), "") if first.tag == _SHAPE else ""
        if 0 < len(line) <= _LONGEST_TITLE and line[-1] not in ".,;:":
            self.level = 2
        elif self.draft.headings:
            self.draft.block(f"Slide {number}", 2)

    def _ordered(self, shapes: list[etree._Element]) -> list[etree._Element]:
        """The shapes that say something, in the order in which they are read; those that stand nowhere come last."""
        placed: list[tuple[etree._Element, ShapeBox]] = []
        others = []
        for shape in shapes:
            if _says_something(shape):
                box = self._box(shape)
                if box:
                    placed.append((shape, box))
                else:
                    others.append(shape)
        return [placed[place][0] for place in reading_order([box for _, box in placed])] + others

    def _box(self, shape: etree._Element) -> ShapeBox | None:
        """Where a shape stands, by itself or by the slide's layout."""
        with suppress(AttributeError, LookupError, TypeError, ValueError):
            found = SlideShapeFactory(shape, self.slide.shapes)
            return ShapeBox(found.left, found.top, found.left + found.width, found.top + found.height)
        return None

    def _lay(self, shape: etree._Element) -> None:
        if shape.tag == _GROUP:
            for inner in self._ordered(list(_shapes(shape))):
                self._lay(inner)
        elif shape.tag == _SHAPE:
            self._lay_lines(shape)
        elif (table := next(shape.iter(_TABLE), None)) is not None:
            _lay_table(table, self.draft)
        elif (chart := next(shape.iter(_CHART), None)) is not None:
            lay_chart(self._part(chart.get(_RELATION)), self.draft)
        elif (diagram := next((element for element in shape.iter() if element.get(_DIAGRAM_DATA)), None)) is not None:
            self._lay_diagram(self._part(diagram.get(_DIAGRAM_DATA)))

    def _part(self, relation: str) -> etree._Element:
        return parsed(self.slide.part.related_part(relation).blob)

    def _lay_lines(self, element: etree._Element) -> None:
        for paragraph in element.iter(_PARAGRAPH):
            text = _text(paragraph).strip()
            self.draft.block(text, self.level)
            self.level = 0 if text else self.level

    def _lay_diagram(self, data: etree._Element) -> None:
        """Lay the texts of a diagram (SmartArt); its other points are lines and places."""
        for point in data.iter(f"{_DIAGRAM}pt"):
            if point.get("type", "node") in ("node", "asst"):
                self._lay_lines(point)

    def _lay_notes(self) -> None:
        tree = self.slide.notes_slide.element.cSld.spTree
        noted = [shape for shape in _shapes(tree) if shape.tag == _SHAPE and _kind(shape) in ("", "body") and _text(shape).strip()]
        if noted:
            self.draft.block(_NOTES, 3)
        for shape in noted:
            self._lay_lines(shape)


def _shapes(container: etree._Element) -> Iterator[etree._Element]:
    """The shapes of a slide or a group; of those that are there once more for old programs, the new ones."""
    for child in container:
        if child.tag == _ALTERNATIVES:
            for choice in child.iterchildren(_CHOICE):
                yield from _shapes(choice)
        elif child.tag in (_SHAPE, _GROUP, _FRAME):
            yield child


def _kind(shape: etree._Element) -> str:
    """The type of a placeholder: "title", "body" and so on; "" for what is none."""
    found = None if shape.tag == _GROUP else next(shape.iter(_PLACEHOLDER), None)
    return "" if found is None else str(found.get("type", "body"))


def _says_something(shape: etree._Element) -> bool:
    if shape.tag == _GROUP:
        return any(map(_says_something, _shapes(shape)))
    return shape.tag == _FRAME or any((text.text or "").strip() for text in shape.iter(_TEXT, EQUATION))


def _text(element: etree._Element) -> str:
    """The words under an element, paragraphs and broken lines on lines of their own, without the number of the slide."""
    parts: list[str] = []
    is_raised = False
    walk = etree.iterwalk(element, events=("start",))
    for _, inner in walk:
        if inner.tag == _FALLBACK or (inner.tag == _FIELD and inner.get("type") == "slidenum"):
            walk.skip_subtree()
        elif inner.tag in (_RUN, _FIELD):
            style = inner.find(_RUN_STYLE)
            is_raised = style is not None and not style.get("baseline", "0").startswith(("0", "-"))
        elif inner.tag == _TEXT:
            parts.append(raised(inner.text or "") if is_raised else inner.text or "")
        elif inner.tag == EQUATION:
            parts.append(inner.text or "")
        elif inner.tag in (_BREAK, _PARAGRAPH) and parts:
            parts.append("\n")
    return "".join(parts)


def _lay_table(table: etree._Element, draft: Draft) -> None:
    """Lay a table; its first row names the columns if the file says that it is set off."""
    style, rows = table.find(_TABLE_STYLE), table.findall(_ROW)
    is_headed = style is not None and style.get("firstRow", "0") in ("1", "true")
    heads = max(1, heads_of([_cells(row) for row in rows])) if is_headed else 0
    grid = Grid()
    for place, row in enumerate(rows):
        grid.row(in_head=place < heads)
        for cell in row.iterchildren(_CELL):
            if cell.get("hMerge", "0") in ("0", "false") and cell.get("vMerge", "0") in ("0", "false"):
                grid.cell(_text(cell), columns=int(cell.get("gridSpan", 1)), rows=int(cell.get("rowSpan", 1)))
    grid.lay(draft)


def _cells(row: etree._Element) -> list[CellText]:
    cells = enumerate(row.iterchildren(_CELL))
    return [CellText(column, _text(cell), int(cell.get("gridSpan", 1))) for column, cell in cells]
