"""What an EPUB holds: its parts by their paths, in the order of reading, and what it says of itself."""

import io
import re
from html.entities import html5
from typing import NamedTuple
from zipfile import ZipFile

from lxml import etree

from corpus.archive import BROKEN_ZIP
from corpus.errors import DocumentError
from corpus.names import printable
from corpus.parsers.web.html import parse
from corpus.parsers.web.html_notes import address

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_FOR_FONTS = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
"""What fonts are disguised with, so that they can't be taken out of a book."""

_PAGES = frozenset(("application/xhtml+xml", "text/html", "text/x-oeb1-document"))
_PAGE_ENDINGS = (".xhtml", ".html", ".htm")  # whatever media type the package gives them
_NCX = "application/x-dtbncx+xml"
_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]*;)")
_OF_XML = frozenset((b"amp;", b"lt;", b"gt;", b"quot;", b"apos;"))


class _Item(NamedTuple):
    """A part of the book as its package lists it."""

    path: str
    media_type: str
    is_navigation: bool

    @property
    def is_page(self) -> bool:
        is_text = self.media_type in _PAGES or self.path.lower().endswith(_PAGE_ENDINGS)
        return is_text and not self.is_navigation


class Book:
    """An opened EPUB. Its constructor and its methods raise DocumentError where it is broken or locked."""

    def __init__(self, data: bytes, name: str) -> None:
        self._name = name
        try:
            self._zip = ZipFile(io.BytesIO(data))
        except BROKEN_ZIP as error:
            raise self._broken(str(error)) from None
        self._members = {member.casefold(): member for member in reversed(self._zip.namelist())}
        root = next(self._xml(_CONTAINER).iter("rootfile"), None)
        place = address(root.get("full-path", ""), "")[:-1] if root is not None else ""
        self._package = self._xml(place)
        self._items = {element.get("id", ""): _item(element, place) for element in self._package.iter("item")}

    @property
    def title(self) -> str:
        """The first title that the package gives; "" without one."""
        found = next(self._package.iter("title"), None)
        return words(found) if found is not None else ""

    @property
    def is_pictured(self) -> bool:
        """Whether each part is laid out as one page, as in picture books."""
        layouts = (meta for meta in self._package.iter("meta") if meta.get("property") == "rendition:layout")
        return any((meta.text or "").strip() == "pre-paginated" for meta in layouts)

    def pages(self) -> dict[str, etree._Element]:
        """The roots of the parts with the text by their paths, in the order of reading."""
        items = (self._items.get(reference.get("idref", "")) for reference in self._package.iter("itemref"))
        paths = dict.fromkeys(item.path for item in items if item and item.is_page)
        if not paths:
            raise self._broken("it lists no text")
        if not self._locked().isdisjoint(paths):
            raise DocumentError(
                f"{self._name} is locked by its seller (DRM), so its text can't be read: add a copy without the lock."
            )
        return {path: self._page(path) for path in paths}

    def navigation(self) -> tuple[str, etree._Element] | None:
        """The path and the root of EPUB 3's table of contents, if there is one."""
        path = next((item.path for item in self._items.values() if item.is_navigation), "")
        return (path, self._page(path)) if self._has(path) else None

    def ncx(self) -> tuple[str, etree._Element] | None:
        """The path and the root of EPUB 2's table of contents, if there is one."""
        path = next((item.path for item in self._items.values() if item.media_type == _NCX), "")
        return (path, self._xml(path)) if self._has(path) else None

    def _page(self, path: str) -> etree._Element:
        """The root of a part that is a page. What is no XHTML is read as HTML."""
        data = self._part(path)
        try:
            return _parsed(_ENTITY.sub(_as_number, data))
        except etree.XMLSyntaxError:
            return parse(data, f"{self._name} ({path})")

    def _xml(self, path: str) -> etree._Element:
        try:
            return _parsed(self._part(path))
        except etree.XMLSyntaxError as error:
            raise self._broken(f"{path}: {error.msg}") from None

    def _has(self, path: str) -> bool:
        return path.casefold() in self._members

    def _part(self, path: str) -> bytes:
        if not self._has(path):
            raise self._broken(f"{path or 'its list of parts'} is missing")
        try:
            return self._zip.read(self._members[path.casefold()])
        except BROKEN_ZIP as error:
            raise self._broken(f"{path}: {error}") from None

    def _broken(self, reason: str) -> DocumentError:
        return DocumentError(
            f"{self._name} is not a whole EPUB file ({printable(reason)}): copy or download it again, and add that."
        )

    def _locked(self) -> set[str]:
        """The paths of the parts that are encrypted."""
        if not self._has(_ENCRYPTION):
            return set()
        locked = (part for part in self._xml(_ENCRYPTION).iter("EncryptedData") if not _is_font(part))
        return {address(part.get("URI", ""), "").partition("#")[0] for data in locked for part in data.iter("CipherReference")}


def words(element: etree._Element) -> str:
    """The text under an element, on one line."""
    return " ".join("".join(element.itertext()).split())


def _is_font(encrypted: etree._Element) -> bool:
    return _FOR_FONTS.issuperset(method.get("Algorithm", "") for method in encrypted.iter("EncryptionMethod"))


def _item(element: etree._Element, package: str) -> _Item:
    path = address(element.get("href", ""), package).partition("#")[0]
    return _Item(path, element.get("media-type", ""), "nav" in element.get("properties", "").split())


def _parsed(data: bytes) -> etree._Element:
    """The root of an XML part, its elements without namespaces. Nothing is fetched, and no entity is put in."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
    root = etree.fromstring(data, parser)
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname
    return root


def _as_number(match: re.Match[bytes]) -> bytes:
    """HTML's name for a character, which XML doesn't know, as its number."""
    text = html5.get(match[1].decode("ascii"))
    if text is None or match[1] in _OF_XML:
        return match[0]
    return "".join(f"&#{ord(character)};" for character in text).encode("ascii")
