"""The footnotes and endnotes of a DOCX, which are stored in package parts of their own, and the numbers that Word gives them."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from docx.document import Document as DocxDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from lxml import etree

from corpus.parsers.note_marks import note_mark

_ID, _VALUE = qn("w:id"), qn("w:val")
_CUSTOM_MARK = qn("w:customMarkFollows")
_PART_TYPES = {"footnote": RELATIONSHIP_TYPE.FOOTNOTES, "endnote": RELATIONSHIP_TYPE.ENDNOTES}
REFERENCES = {qn(f"w:{kind}Reference"): kind for kind in _PART_TYPES}
"""The kind of note, "footnote" or "endnote", by the tag of the element that refers to it."""

_DEFAULT_FORMATS = {"footnote": "decimal", "endnote": "lowerRoman"}
_SIGNS = "*†‡§"


def _roman(number: int) -> str:
    """Return a number, from 1, in lower-case Roman numerals.

    >>> [_roman(number) for number in (4, 19, 90)]
    ['iv', 'xix', 'xc']
    """
    numerals = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
    parts = []
    for value, numeral in (*numerals, (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        count, number = divmod(number, value)
        parts.append(numeral * count)
    return "".join(parts)


def _letters(number: int) -> str:
    """Return the number, from 1, as letters the way Word counts: "a" to "z", "aa" to "zz", "aaa" and so on."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


_FORMATS: dict[str, Callable[[int], str]] = {
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "chicago": lambda number: _SIGNS[(number - 1) % len(_SIGNS)] * ((number - 1) // len(_SIGNS) + 1),
}
"""Note numbering other than in decimal figures, by Word's name for it (ST_NumberFormat, ECMA-376 part 1, section 17.18.59)."""


class Note(NamedTuple):
    """A note that a paragraph refers to: its mark and its element. The mark is "" where the author set one by hand, which is then
    part of the text.
    """

    mark: str
    element: etree._Element


class Notes:
    """The notes of a document, each returned once, after the first reference to it."""

    def __init__(self, document: DocxDocument) -> None:
        self._elements = {(kind, note.get(_ID)): note for kind in _PART_TYPES for note in _note_elements(document, kind)}
        self._numbering = {kind: _Numbering(document, kind) for kind in _PART_TYPES}
        self._marks: dict[tuple[str, str | None], str] = {}
        self._pending: list[Note] = []

    def refer(self, reference: etree._Element) -> str:
        """Return the mark of the note that this element refers to. Its first reference makes the note, if it exists, pending."""
        key = REFERENCES[reference.tag], reference.get(_ID)
        if key in self._marks:
            return self._marks[key]
        mark = "" if reference.get(_CUSTOM_MARK, "0") not in ("0", "false", "off") else note_mark(self._numbering[key[0]].advance())
        self._marks[key] = mark
        if key in self._elements:
            self._pending.append(Note(mark, self._elements[key]))
        return mark

    def pending(self) -> Iterator[Note]:
        """Yield and remove the pending notes in the order of their references, including those added meanwhile."""
        while self._pending:
            yield self._pending.pop(0)


class _Numbering:
    """The numbering of one kind of note, in the format that the document's sections or settings choose."""

    def __init__(self, document: DocxDocument, kind: str) -> None:
        name = qn(f"w:{kind}Pr")
        sections = document.element.body.iter(qn("w:sectPr"))
        all_properties = [
            *(element for section in sections for element in section.findall(name)),
            *document.settings.element.iter(name),
        ]

        def choice(name: str, default: str) -> str:
            values = (element.get(_VALUE) for properties in all_properties for element in properties.findall(qn(name)))
            return next((value for value in values if value), default)

        start = choice("w:numStart", "1")
        self._next = int(start[:6]) if start.isdecimal() else 1
        self._format = _FORMATS.get(choice("w:numFmt", _DEFAULT_FORMATS[kind]), str)

    def advance(self) -> str:
        """Return the next number, formatted."""
        self._next += 1
        return self._format(max(1, self._next - 1))


def _note_elements(document: DocxDocument, kind: str) -> Iterator[etree._Element]:
    """Yield the note elements of one kind. Separator lines, which carry another type, are left out."""
    for relation in document.part.rels.values():
        if relation.reltype == _PART_TYPES[kind] and not relation.is_external:
            for note in parse_xml(relation.target_part.blob).iterchildren(qn(f"w:{kind}")):
                if note.get(qn("w:type"), "normal") == "normal":
                    yield note
