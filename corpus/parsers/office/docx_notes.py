"""The footnotes and endnotes of a DOCX, which stand in parts of their own, and the numbers that Word gives them."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from docx.document import Document as DocxDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from lxml import etree

from corpus.parsers.note_marks import mark

_ID, _VALUE = qn("w:id"), qn("w:val")
_CUSTOM = qn("w:customMarkFollows")
_PARTS = {"footnote": RELATIONSHIP_TYPE.FOOTNOTES, "endnote": RELATIONSHIP_TYPE.ENDNOTES}
REFERENCES = {qn(f"w:{kind}Reference"): kind for kind in _PARTS}
"""The kinds of notes by the elements that refer to them."""

_USUAL = {"footnote": "decimal", "endnote": "lowerRoman"}
_SIGNS = "*†‡§"


def _roman(number: int) -> str:
    """A number from 1 in small Roman numerals.

    >>> [_roman(number) for number in (4, 19, 90)]
    ['iv', 'xix', 'xc']
    """
    numerals = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
    parts = []
    for value, sign in (*numerals, (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        count, number = divmod(number, value)
        parts.append(sign * count)
    return "".join(parts)


def _letters(number: int) -> str:
    """The number-th of a to z, aa to zz, and so on, as Word counts."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


_FORMATS: dict[str, Callable[[int], str]] = {
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "chicago": lambda number: _SIGNS[(number - 1) % len(_SIGNS)] * ((number - 1) // len(_SIGNS) + 1),
}
"""How notes are numbered other than in plain figures, by Word's names."""


class Note(NamedTuple):
    """A note that a paragraph refers to: its mark, "" if the author's own stands in its text, and its element."""

    mark: str
    element: etree._Element


class Notes:
    """The notes of a document, each given out at the first reference to it."""

    def __init__(self, document: DocxDocument) -> None:
        self._found = {(kind, note.get(_ID)): note for kind in _PARTS for note in _notes(document, kind)}
        self._numbering = {kind: _Numbering(document, kind) for kind in _PARTS}
        self._marks: dict[tuple[str, str | None], str] = {}
        self._pending: list[Note] = []

    def refer(self, reference: etree._Element) -> str:
        """The mark of the note that this element refers to; the note, if there is one, is then pending."""
        key = REFERENCES[reference.tag], reference.get(_ID)
        if key in self._marks:
            return self._marks[key]
        sign = "" if reference.get(_CUSTOM, "0") not in ("0", "false", "off") else mark(self._numbering[key[0]].following())
        self._marks[key] = sign
        if key in self._found:
            self._pending.append(Note(sign, self._found[key]))
        return sign

    def pending(self) -> Iterator[Note]:
        """Take the notes that were referred to and not yet taken."""
        while self._pending:
            yield self._pending.pop(0)


class _Numbering:
    """The numbers of one kind of notes, in the format that the document's sections or its settings choose."""

    def __init__(self, document: DocxDocument, kind: str) -> None:
        name = qn(f"w:{kind}Pr")
        sections = document.element.body.iter(qn("w:sectPr"))
        chosen = [*(found for section in sections for found in section.findall(name)), *document.settings.element.iter(name)]

        def choice(name: str, usual: str) -> str:
            values = (found.get(_VALUE) for properties in chosen for found in properties.findall(qn(name)))
            return next((value for value in values if value), usual)

        start = choice("w:numStart", "1")
        self._next = int(start[:6]) if start.isdecimal() else 1
        self._format = _FORMATS.get(choice("w:numFmt", _USUAL[kind]), str)

    def following(self) -> str:
        self._next += 1
        return self._format(max(1, self._next - 1))


def _notes(document: DocxDocument, kind: str) -> Iterator[etree._Element]:
    """The elements of all notes of one kind; the lines that separate them from the text are of a type, and none."""
    for relation in document.part.rels.values():
        if relation.reltype == _PARTS[kind] and not relation.is_external:
            for note in parse_xml(relation.target_part.blob).iterchildren(qn(f"w:{kind}")):
                if note.get(qn("w:type"), "normal") == "normal":
                    yield note
