"""The navigation of an EPUB: its table of contents, which supplies missing headings, and its list of printed pages."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from lxml import etree

from corpus.parsers.book.opf import Book, text_of
from corpus.parsers.web.html_notes import fragments_of, resolve_link, semantic_types
from corpus.parsers.web.html_walk import BLOCKS, HEADINGS

_PAGEBREAKS = frozenset(("pagebreak", "doc-pagebreak"))
_CALLED_PAGE = re.compile(r"(?:page|página|p\.|pág\.)\s*(?=\S)", re.IGNORECASE)
_NOT_XML = re.compile(
    r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)  # yet a page parsed as HTML may hold such characters
_LONGEST_LABEL = 20  # characters; anything longer isn't a page number
_LONGEST_HEADING = 300
_DEEPEST = 6  # heading level
_NO_HEADING_BEFORE = frozenset(
    ("html", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption")
)  # no heading fits before these

_Roots = Mapping[str, etree._Element]
"""The root elements of a book's parts by path."""

PageLabels = dict[etree._Element, str | None]
"""The elements at which a page begins, with the label printed on it, or None."""


class _Entry(NamedTuple):
    """A line of a table of contents or page list: its text, the target that it links to, and its depth, from 1."""

    text: str
    target: str
    depth: int


class Contents:
    """The table of contents and the page list of a book, from its EPUB 3 navigation or else its EPUB 2 NCX."""

    def __init__(self, book: Book) -> None:
        self.entries: list[_Entry] = []
        self.pages: list[_Entry] = []
        navigation = book.navigation()
        if navigation:
            path, root = navigation
            for nav in root.iter("nav"):
                target_list = (
                    self.pages if "page-list" in semantic_types(nav) else self.entries if "toc" in semantic_types(nav) else []
                )
                target_list.extend(_list_entries(nav, path))
        ncx = book.ncx() if not (self.entries and self.pages) else None
        if ncx:
            path, root = ncx
            self.entries = self.entries or list(_ncx_entries(root, "navPoint", path))
            self.pages = self.pages or list(_ncx_entries(root, "pageTarget", path))

    def add_headings(self, roots: _Roots) -> None:
        """Turn the table of contents into headings in the parts that have none. Changes the trees."""
        for path, entries in _by_part(self.entries).items():
            root = roots.get(path)
            if root is None or any(True for _ in root.iter(*HEADINGS)):
                continue
            by_fragment = _elements_by_fragment(root)
            first_with_text = _first_with_text(root)
            headed: set[etree._Element] = set()
            for entry in entries:
                fragment = entry.target.partition("#")[2]
                block = _enclosing_block(by_fragment.get(fragment) if fragment else first_with_text)
                if block is not None and entry.text and block not in headed:
                    headed.add(block)
                    _make_heading(block, entry)

    def page_starts(self, roots: _Roots) -> PageLabels:
        """Return the elements at which pages begin. Page numbers printed in the text are removed from the trees."""
        starts: PageLabels = {}
        for root in roots.values():
            breaks = [element for element in root.iter(etree.Element) if not _PAGEBREAKS.isdisjoint(semantic_types(element))]
            starts.update({element: _label(element) for element in breaks})
        for path, entries in _by_part(self.pages).items():
            by_fragment = _elements_by_fragment(roots[path]) if path in roots else {}
            for entry in entries:
                fragment = entry.target.partition("#")[2]
                element = by_fragment.get(fragment) if fragment else roots[path].find("body") if path in roots else None
                if element is not None and not starts.get(element):
                    starts[element] = entry.text[:_LONGEST_LABEL] or None
        return starts


def _list_entries(nav: etree._Element, path: str) -> Iterator[_Entry]:
    """Yield the entries of a navigation element's nested lists."""
    depth = 0
    for event, element in etree.iterwalk(nav, events=("start", "end"), tag=("ol", "a")):
        if element.tag == "ol":
            depth += 1 if event == "start" else -1
        elif event == "start" and element.get("href"):
            yield _Entry(text_of(element), resolve_link(element.get("href"), path), max(1, depth))


def _ncx_entries(ncx: etree._Element, tag: str, path: str) -> Iterator[_Entry]:
    """Yield the entries of an NCX with this tag, nested ones at greater depth."""
    depth = 0
    for event, point in etree.iterwalk(ncx, events=("start", "end"), tag=tag):
        depth += 1 if event == "start" else -1
        content, label = point.find("content"), point.find("navLabel")
        if event == "start" and content is not None and label is not None:
            yield _Entry(text_of(label), resolve_link(content.get("src", ""), path), depth)


def _by_part(entries: Iterable[_Entry]) -> dict[str, list[_Entry]]:
    """Return the entries by the path of the part that they lead to."""
    parts: dict[str, list[_Entry]] = {}
    for entry in entries:
        parts.setdefault(entry.target.partition("#")[0], []).append(entry)
    return parts


def _elements_by_fragment(root: etree._Element) -> dict[str, etree._Element]:
    """Return the elements that a link can lead to, by fragment; the first one if several share it."""
    by_fragment: dict[str, etree._Element] = {}
    for element in root.iter(etree.Element):
        for name in fragments_of(element):
            by_fragment.setdefault(name, element)
    return by_fragment


def _first_with_text(root: etree._Element) -> etree._Element | None:
    """Return the first element in a part's body with text of its own."""
    body = root.find("body")
    walk = () if body is None else etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        text = element.text if event == "start" else element.tail if element is not body else None
        if text and text.strip():
            return element if event == "start" else element.getparent()
    return None


def _enclosing_block(target: etree._Element | None) -> etree._Element | None:
    """Return the block around a target; None if no heading can be put before it."""
    around = () if target is None else (target, *target.iterancestors())
    block = next((element for element in around if element.tag in BLOCKS), None)
    return None if block is None or block.tag in _NO_HEADING_BEFORE else block


def _make_heading(block: etree._Element, entry: _Entry) -> None:
    """Make a block a heading if its words are the entry's; otherwise put such a heading before it."""
    tag = f"h{min(entry.depth, _DEEPEST)}"
    if _has_words(block, entry.text) and block.tag != "body":
        block.tag = tag
        return
    heading = etree.Element(tag)
    heading.text = _NOT_XML.sub("", entry.text)[:_LONGEST_HEADING]
    if block.tag == "body":
        heading.tail, block.text = _NOT_XML.sub("", block.text or ""), None
        block.insert(0, heading)
    else:
        block.addprevious(heading)


def _has_words(element: etree._Element, text: str) -> bool:
    """Return whether an element's words are `text`, reading no more of it than that takes."""
    expected = "".join(text.split()).casefold()
    seen = ""
    for part in element.itertext():
        if len(part) > _LONGEST_HEADING:
            return False
        seen += "".join(part.split()).casefold()
        if not expected.startswith(seen):
            return False
    return seen == expected


def _label(pagebreak: etree._Element) -> str | None:
    """Return the label of the page that begins at this element. A number that is its own content is removed: it isn't text."""
    printed = text_of(pagebreak)
    is_number = len(printed) <= _LONGEST_LABEL
    if is_number:
        del pagebreak[:]
        pagebreak.text = None
    label = pagebreak.get("title") or pagebreak.get("aria-label") or (printed if is_number else "")
    return _CALLED_PAGE.sub("", label.strip()).rstrip(".")[:_LONGEST_LABEL] or None
