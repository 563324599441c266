"""Footnotes in HTML: finds the links that refer to one, as ARIA roles, EPUB, Word and the usual Markdown converters mark them."""

import posixpath
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from lxml import etree

_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
_NOTE_TYPES = frozenset(("doc-footnote", "doc-endnote", "footnote", "endnote", "rearnote"))
_LIST_TYPES = frozenset(("doc-endnotes", "footnotes", "endnotes", "rearnotes"))
_LIST_CLASSES = frozenset(("footnotes", "footnote", "endnotes"))  # of the element around a Markdown converter's list of notes
_REFERENCE_TYPES = frozenset(("doc-noteref", "noteref"))
_WORD_STYLES = ("mso-element:footnote", "mso-element:endnote")
_MAY_HAVE_NOTES = etree.XPath("boolean(//@*[contains(., 'note')])")  # as every marked note does
_LONGEST_MARK = 6  # characters of a link that is only a number or a sign

Notes = dict[etree._Element, etree._Element]
"""Each note's element by the link that refers to it."""


def semantic_types(element: etree._Element) -> frozenset[str]:
    """Return an element's semantic types, from its ARIA `role` and its `epub:type`."""
    types = f"{element.get('role', '')} {element.get(_EPUB_TYPE, '')} {element.get('epub:type', '')}"
    return frozenset(types.split()) if types.strip() else frozenset()


def notes_by_link(roots: Mapping[str, etree._Element]) -> Notes:
    """Return the notes of pages, given their roots by path, by the links that refer to them; links within notes count too."""
    owners = {path: _owners(root) for path, root in roots.items()}
    if not any(owners.values()):
        return {}
    targets = {
        f"{path}#{name}": note
        for path, owned in owners.items()
        for element, note in owned.items()
        for name in fragments_of(element)
    }
    notes: Notes = {}
    for path, root in roots.items():
        for link in root.iter("a"):
            note = targets.get(resolve_link(link.get("href", ""), path))
            if note is not None and owners[path].get(link) is not note and _is_note_mark(link):
                notes[link] = note
    return notes


def resolve_link(href: str, path: str) -> str:
    """Return where a link on the page at `path` leads, as "path#fragment"."""
    file, _, fragment = href.partition("#")
    file = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(file))) if file else path
    return f"{file}#{unquote(fragment)}"


def fragments_of(element: etree._Element) -> Iterator[str]:
    """Yield the fragments by which a link can lead to an element."""
    return (element.get(key) for key in ("id", "name") if element.get(key))


def _owners(root: etree._Element) -> dict[etree._Element, etree._Element]:
    """Return, for each element of a note, the note's own element; a note is its own owner."""
    owners: dict[etree._Element, etree._Element] = {}
    if not _MAY_HAVE_NOTES(root):
        return owners
    lists: set[etree._Element] = set()
    for element in root.iter(etree.Element):
        parent = element.getparent()
        if parent in lists:
            lists.add(element)
        if parent in owners:
            owners[element] = owners[parent]
        elif _is_note(element) or (element.tag == "li" and parent in lists):
            owners[element] = element
        elif not _LIST_TYPES.isdisjoint(semantic_types(element)) or not _LIST_CLASSES.isdisjoint(element.get("class", "").split()):
            lists.add(element)
    return owners


def _is_note(element: etree._Element) -> bool:
    style = element.get("style", "").replace(" ", "").split(";")
    return not _NOTE_TYPES.isdisjoint(semantic_types(element)) or any(part in _WORD_STYLES for part in style)


def _is_note_mark(link: etree._Element) -> bool:
    """Return whether a link is a note's number or sign, rather than words that mention the note."""
    text = "".join(link.itertext()).strip()
    return not _REFERENCE_TYPES.isdisjoint(semantic_types(link)) or (bool(text) and len(text) <= _LONGEST_MARK and " " not in text)
