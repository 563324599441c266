"""What the styles of a DOCX say of the text that has them: whether it is a heading, and whether it is raised."""

import re

from docx.oxml.ns import qn
from lxml import etree

_VALUE = qn("w:val")
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_LEVELS = frozenset("012345678")  # of Word's outline; 9 is text
SUPERSCRIPT = "superscript"


def value_of(element: etree._Element | None) -> str:
    """The value of a property; "on" if it has none, "" if it is None or off."""
    value = "" if element is None else str(element.get(_VALUE, "on"))
    return "" if value in ("0", "false", "off") else value


class Styles:
    """The styles of a document. Those of Word have English names in every language."""

    def __init__(self, styles: etree._Element) -> None:
        found = list(styles.iterchildren(qn("w:style")))
        self._by_id = {style.get(qn("w:styleId")): style for style in reversed(found)}
        paragraphs = (style for style in found if style.get(qn("w:type")) == "paragraph")
        self._default = next((style for style in paragraphs if style.get(qn("w:default")) in ("1", "true", "on")), None)
        self._levels: dict[str | None, int] = {}
        for name in self._by_id:
            self._find_level(name)
        raised = f"{qn('w:rPr')}/{qn('w:vertAlign')}"
        self._raised = {name for name, style in self._by_id.items() if value_of(style.find(raised)) == SUPERSCRIPT}

    def level(self, paragraph: etree._Element) -> int:
        """1 for the title and first-level headings, and so on; 0 for text."""
        named = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        name = None if named is None else named.get(_VALUE)
        if name not in self._levels and self._default is not None:
            name = self._default.get(qn("w:styleId"))
        return self._levels.get(name, 0)

    def is_raised(self, name: str) -> bool:
        """Whether text in the style of this id is a superscript."""
        return name in self._raised

    def _find_level(self, name: str | None) -> None:
        """Enter the level of a style, its own or that of the first one with a level that it is made from, for all on the way."""
        passed, level = [], None
        while level is None and name in self._by_id and name not in self._levels:
            style = self._by_id[name]
            self._levels[name] = 0  # of those that are made from each other in a circle
            passed.append(name)
            level, name = _own_level(style), value_of(style.find(qn("w:basedOn")))
        found = self._levels.get(name, 0) if level is None else level
        self._levels |= dict.fromkeys(passed, found)


def _own_level(style: etree._Element) -> int | None:
    """The level of a style by its name or its place in the outline; None if neither says anything."""
    name = value_of(style.find(qn("w:name")))
    if name.lower() == "title":
        return 1
    if heading := _HEADING.match(name):
        return int(heading[1])
    outline = style.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
    if outline is None:
        return None
    level = outline.get(_VALUE, "")
    return int(level) + 1 if level in _LEVELS else 0
