"""The table of contents of an EPUB, which gives headings to parts without any, and its list of printed pages."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from lxml import etree

from corpus.parsers.book.opf import Book, words
from corpus.parsers.web.html_notes import address, kinds, names_of
from corpus.parsers.web.html_walk import BLOCKS, HEADINGS

_PAGEBREAKS = frozenset(("pagebreak", "doc-pagebreak"))
_CALLED_PAGE = re.compile(r"(?:page|página|p\.|pág\.)\s*(?=\S)", re.IGNORECASE)
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # but a page read as HTML may hold it
_LONGEST_LABEL = 20  # characters; what is longer isn't the number of a page
_LONGEST_HEADING = 300
_DEEPEST = 6
_NO_PLACE = frozenset(("html", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption"))  # for a heading

_Roots = Mapping[str, etree._Element]
"""The parts of a book by their paths."""

Pages = dict[etree._Element, str | None]
"""The elements that begin a page, with what is printed on it."""


class _Entry(NamedTuple):
    """A line of a table of contents or of a list of pages: its text, where it leads, and how deep it stands, from 1."""

    text: str
    target: str
    depth: int


class Contents:
    """What a book's navigation lists."""

    def __init__(self, book: Book) -> None:
        self.entries: list[_Entry] = []
        self.pages: list[_Entry] = []
        navigation = book.navigation()
        if navigation:
            path, root = navigation
            for nav in root.iter("nav"):
                listed = self.pages if "page-list" in kinds(nav) else self.entries if "toc" in kinds(nav) else []
                listed.extend(_listed(nav, path))
        ncx = book.ncx() if not (self.entries and self.pages) else None
        if ncx:
            path, root = ncx
            self.entries = self.entries or list(_points(root, "navPoint", path))
            self.pages = self.pages or list(_points(root, "pageTarget", path))

    def add_headings(self, roots: _Roots) -> None:
        """Make headings, in the parts that have none, of what the table of contents leads to there."""
        for path, entries in _by_part(self.entries).items():
            root = roots.get(path)
            if root is None or any(True for _ in root.iter(*HEADINGS)):
                continue
            names = _names(root)
            first = _first(root)
            headed: set[etree._Element] = set()
            for entry in entries:
                fragment = entry.target.partition("#")[2]
                block = _block(names.get(fragment) if fragment else first)
                if block is not None and entry.text and block not in headed:
                    headed.add(block)
                    _head(block, entry)

    def page_starts(self, roots: _Roots) -> Pages:
        """The elements of these parts that begin a page. The numbers that are printed there are taken out of the text."""
        starts: Pages = {}
        for root in roots.values():
            breaks = [element for element in root.iter(etree.Element) if not _PAGEBREAKS.isdisjoint(kinds(element))]
            starts.update({element: _label(element) for element in breaks})
        for path, entries in _by_part(self.pages).items():
            names = _names(roots[path]) if path in roots else {}
            for entry in entries:
                fragment = entry.target.partition("#")[2]
                element = names.get(fragment) if fragment else roots[path].find("body") if path in roots else None
                if element is not None and not starts.get(element):
                    starts[element] = entry.text[:_LONGEST_LABEL] or None
        return starts


def _listed(nav: etree._Element, path: str) -> Iterator[_Entry]:
    """The entries of a navigation's nested lists."""
    depth = 0
    for event, element in etree.iterwalk(nav, events=("start", "end"), tag=("ol", "a")):
        if element.tag == "ol":
            depth += 1 if event == "start" else -1
        elif event == "start" and element.get("href"):
            yield _Entry(words(element), address(element.get("href"), path), max(1, depth))


def _points(ncx: etree._Element, tag: str, path: str) -> Iterator[_Entry]:
    """The entries of an NCX that are elements of this name, within each other if they are nested."""
    depth = 0
    for event, point in etree.iterwalk(ncx, events=("start", "end"), tag=tag):
        depth += 1 if event == "start" else -1
        content, label = point.find("content"), point.find("navLabel")
        if event == "start" and content is not None and label is not None:
            yield _Entry(words(label), address(content.get("src", ""), path), depth)


def _by_part(entries: Iterable[_Entry]) -> dict[str, list[_Entry]]:
    parts: dict[str, list[_Entry]] = {}
    for entry in entries:
        parts.setdefault(entry.target.partition("#")[0], []).append(entry)
    return parts


def _names(root: etree._Element) -> dict[str, etree._Element]:
    """The elements that a link can lead to by their names; the first one of each name."""
    names: dict[str, etree._Element] = {}
    for element in root.iter(etree.Element):
        for name in names_of(element):
            names.setdefault(name, element)
    return names


def _first(root: etree._Element) -> etree._Element | None:
    """The first element of a part's body that has words of its own."""
    body = root.find("body")
    walk = () if body is None else etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        text = element.text if event == "start" else element.tail if element is not body else None
        if text and text.strip():
            return element if event == "start" else element.getparent()
    return None


def _block(target: etree._Element | None) -> etree._Element | None:
    """The block that a target stands in, where a heading can stand before it."""
    around = () if target is None else (target, *target.iterancestors())
    block = next((element for element in around if element.tag in BLOCKS), None)
    return None if block is None or block.tag in _NO_PLACE else block


def _head(block: etree._Element, entry: _Entry) -> None:
    """Make a block a heading if it says what the entry does; else put such a heading before it."""
    tag = f"h{min(entry.depth, _DEEPEST)}"
    if _says(block, entry.text) and block.tag != "body":
        block.tag = tag
        return
    heading = etree.Element(tag)
    heading.text = _NOT_XML.sub("", entry.text)[:_LONGEST_HEADING]
    if block.tag == "body":
        heading.tail, block.text = _NOT_XML.sub("", block.text or ""), None
        block.insert(0, heading)
    else:
        block.addprevious(heading)


def _says(element: etree._Element, text: str) -> bool:
    """Whether an element's words are these; it isn't read further than that takes."""
    sought = "".join(text.split()).casefold()
    said = ""
    for part in element.itertext():
        if len(part) > _LONGEST_HEADING:
            return False
        said += "".join(part.split()).casefold()
        if not sought.startswith(said):
            return False
    return said == sought


def _label(pagebreak: etree._Element) -> str | None:
    """What is printed on the page that begins here, without the words of its own that say so: they are no text."""
    printed = words(pagebreak)
    is_number = len(printed) <= _LONGEST_LABEL
    if is_number:
        del pagebreak[:]
        pagebreak.text = None
    given = pagebreak.get("title") or pagebreak.get("aria-label") or (printed if is_number else "")
    return _CALLED_PAGE.sub("", given.strip()).rstrip(".")[:_LONGEST_LABEL] or None
