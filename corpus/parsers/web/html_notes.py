"""Footnotes in HTML: which links refer to one, as the roles of ARIA, EPUB, Word and the usual Markdown programs mark them."""

import posixpath
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from lxml import etree

_TYPE = "{http://www.idpf.org/2007/ops}type"
_NOTES = frozenset(("doc-footnote", "doc-endnote", "footnote", "endnote", "rearnote"))
_LISTS = frozenset(("doc-endnotes", "footnotes", "endnotes", "rearnotes"))
_LIST_CLASSES = frozenset(("footnotes", "footnote", "endnotes"))  # around the list that Markdown programs make
_REFERENCES = frozenset(("doc-noteref", "noteref"))
_WORD_NOTES = ("mso-element:footnote", "mso-element:endnote")
_MAY_HAVE_NOTES = etree.XPath("boolean(//@*[contains(., 'note')])")  # as all marks of a note do
_LONGEST_SIGN = 6  # characters of a link that is no more than a number or a sign

Notes = dict[etree._Element, etree._Element]
"""The notes by the links that refer to them."""


def kinds(element: etree._Element) -> frozenset[str]:
    """What an element is, by its role and its `epub:type`."""
    named = f"{element.get('role', '')} {element.get(_TYPE, '')} {element.get('epub:type', '')}"
    return frozenset(named.split()) if named.strip() else frozenset()


def notes_of(roots: Mapping[str, etree._Element]) -> Notes:
    """The notes of a page, or of several by their paths, by the links that refer to them; those within a note too."""
    owners = {path: _owners(root) for path, root in roots.items()}
    if not any(owners.values()):
        return {}
    targets = {
        f"{path}#{name}": note for path, owned in owners.items() for element, note in owned.items() for name in names_of(element)
    }
    found: Notes = {}
    for path, root in roots.items():
        for link in root.iter("a"):
            note = targets.get(address(link.get("href", ""), path))
            if note is not None and owners[path].get(link) is not note and _is_sign(link):
                found[link] = note
    return found


def address(href: str, path: str) -> str:
    """Where a link on the page `path` leads, as a path and a fragment with "#" between them."""
    file, _, fragment = href.partition("#")
    file = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(file))) if file else path
    return f"{file}#{unquote(fragment)}"


def names_of(element: etree._Element) -> Iterator[str]:
    """The names by which a link can lead to an element."""
    return (element.get(key) for key in ("id", "name") if element.get(key))


def _owners(root: etree._Element) -> dict[etree._Element, etree._Element]:
    """The elements within notes, and the notes themselves, each with its note."""
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
        elif not _LISTS.isdisjoint(kinds(element)) or not _LIST_CLASSES.isdisjoint(element.get("class", "").split()):
            lists.add(element)
    return owners


def _is_note(element: etree._Element) -> bool:
    style = element.get("style", "").replace(" ", "").split(";")
    return not _NOTES.isdisjoint(kinds(element)) or any(part in _WORD_NOTES for part in style)


def _is_sign(link: etree._Element) -> bool:
    """Whether a link is a note's number or sign, and not words that mention it."""
    text = "".join(link.itertext()).strip()
    return not _REFERENCES.isdisjoint(kinds(link)) or (bool(text) and len(text) <= _LONGEST_SIGN and " " not in text)
