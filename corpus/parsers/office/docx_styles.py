"""What the styles of a DOCX say about text: whether it is a heading, and whether it is superscript."""

import re

from docx.oxml.ns import qn
from lxml import etree

_VALUE = qn("w:val")
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_OUTLINE_LEVELS = frozenset("012345678")  # 9 is body text
SUPERSCRIPT = "superscript"


def value_of(element: etree._Element | None) -> str:
    """Return the value of a property element: "on" if it has no value, "" if it is None or off."""
    value = "" if element is None else str(element.get(_VALUE, "on"))
    return "" if value in ("0", "false", "off") else value


class Styles:
    """The styles of a document. Word's built-in styles are stored under English names, whatever the language."""

    def __init__(self, styles: etree._Element) -> None:
        elements = list(styles.iterchildren(qn("w:style")))
        self._by_id = {style.get(qn("w:styleId")): style for style in reversed(elements)}
        paragraphs = (style for style in elements if style.get(qn("w:type")) == "paragraph")
        self._default = next((style for style in paragraphs if style.get(qn("w:default")) in ("1", "true", "on")), None)
        self._levels: dict[str | None, int] = {}
        for name in self._by_id:
            self._record_level(name)
        alignment = f"{qn('w:rPr')}/{qn('w:vertAlign')}"
        self._superscript_ids = {name for name, style in self._by_id.items() if value_of(style.find(alignment)) == SUPERSCRIPT}

    def level(self, paragraph: etree._Element) -> int:
        """Return a paragraph's heading level: 1 for the title and first-level headings, and so on; 0 for text."""
        style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        name = None if style is None else style.get(_VALUE)
        if name not in self._levels and self._default is not None:
            name = self._default.get(qn("w:styleId"))
        return self._levels.get(name, 0)

    def is_superscript(self, name: str) -> bool:
        """Return whether the character style with this id is superscript."""
        return name in self._superscript_ids

    def _record_level(self, name: str | None) -> None:
        """Record a style's level, its own or the first one inherited through `basedOn`, for it and every style on the way there."""
        visited, level = [], None
        while level is None and name in self._by_id and name not in self._levels:
            style = self._by_id[name]
            self._levels[name] = 0  # the result where styles are based on each other in a circle
            visited.append(name)
            level, name = _own_level(style), value_of(style.find(qn("w:basedOn")))
        inherited = self._levels.get(name, 0) if level is None else level
        self._levels |= dict.fromkeys(visited, inherited)


def _own_level(style: etree._Element) -> int | None:
    """Return a style's level by its name or its outline level; None if neither gives one."""
    name = value_of(style.find(qn("w:name")))
    if name.lower() == "title":
        return 1
    if heading := _HEADING.match(name):
        return int(heading[1])
    outline = style.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
    if outline is None:
        return None
    level = outline.get(_VALUE, "")
    return int(level) + 1 if level in _OUTLINE_LEVELS else 0
