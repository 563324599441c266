"""The package of an EPUB (OPF): its parts by path, their reading order, and its metadata."""

import io
import re
from html.entities import html5
from typing import NamedTuple
from zipfile import ZipFile

from lxml import etree

from corpus.containers.zips import BROKEN_ZIP
from corpus.errors import DocumentError
from corpus.names import printable
from corpus.parsers.web.html import parse_page
from corpus.parsers.web.html_notes import resolve_link

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_FONT_OBFUSCATION = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
"""The algorithms that only obfuscate embedded fonts; they don't lock the text."""

_CONTENT_TYPES = frozenset(("application/xhtml+xml", "text/html", "text/x-oeb1-document"))
_CONTENT_SUFFIXES = (".xhtml", ".html", ".htm")  # accepted whatever their media type
_NCX = "application/x-dtbncx+xml"
_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]*;)")
_XML_ENTITIES = frozenset((b"amp;", b"lt;", b"gt;", b"quot;", b"apos;"))


class _Item(NamedTuple):
    """A part of the book as the package's manifest lists it."""

    path: str
    media_type: str
    is_navigation: bool

    @property
    def is_content(self) -> bool:
        """Whether the part holds text to read, and isn't the navigation."""
        is_text = self.media_type in _CONTENT_TYPES or self.path.lower().endswith(_CONTENT_SUFFIXES)
        return is_text and not self.is_navigation


class Book:
    """An open EPUB. The constructor and the methods raise DocumentError where the book is damaged or locked."""

    def __init__(self, data: bytes, name: str) -> None:
        self._name = name
        try:
            self._zip = ZipFile(io.BytesIO(data))
        except BROKEN_ZIP as error:
            raise self._broken(str(error)) from None
        self._members = {member.casefold(): member for member in reversed(self._zip.namelist())}
        root = next(self._xml(_CONTAINER).iter("rootfile"), None)
        path = resolve_link(root.get("full-path", ""), "")[:-1] if root is not None else ""
        self._package = self._xml(path)
        self._items = {element.get("id", ""): _item(element, path) for element in self._package.iter("item")}

    @property
    def title(self) -> str:
        """The first title in the package; "" if it has none."""
        title = next(self._package.iter("title"), None)
        return text_of(title) if title is not None else ""

    @property
    def is_fixed_layout(self) -> bool:
        """Whether each part is laid out as one fixed page, as in picture books."""
        layouts = (meta for meta in self._package.iter("meta") if meta.get("property") == "rendition:layout")
        return any((meta.text or "").strip() == "pre-paginated" for meta in layouts)

    def content(self) -> dict[str, etree._Element]:
        """Return the root elements of the parts with text, by path, in reading order."""
        items = (self._items.get(reference.get("idref", "")) for reference in self._package.iter("itemref"))
        paths = dict.fromkeys(item.path for item in items if item and item.is_content)
        if not paths:
            raise self._broken("it lists no text")
        if not self._encrypted_paths().isdisjoint(paths):
            raise DocumentError(f"{self._name} is locked by its seller (DRM), so its text can't be read: add a copy without DRM.")
        return {path: self._content_root(path) for path in paths}

    def navigation(self) -> tuple[str, etree._Element] | None:
        """Return the path and the root of the EPUB 3 navigation document, if there is one."""
        path = next((item.path for item in self._items.values() if item.is_navigation), "")
        return (path, self._content_root(path)) if self._has(path) else None

    def ncx(self) -> tuple[str, etree._Element] | None:
        """Return the path and the root of the EPUB 2 table of contents (NCX), if there is one."""
        path = next((item.path for item in self._items.values() if item.media_type == _NCX), "")
        return (path, self._xml(path)) if self._has(path) else None

    def _content_root(self, path: str) -> etree._Element:
        """Return the root of a content document, which is parsed as HTML if it isn't well-formed XHTML."""
        data = self._part(path)
        try:
            return _parse_xml(_ENTITY.sub(_as_numeric, data))
        except etree.XMLSyntaxError:
            return parse_page(data, f"{self._name} ({path})")

    def _xml(self, path: str) -> etree._Element:
        try:
            return _parse_xml(self._part(path))
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
            f"{self._name} is not a whole EPUB file ({printable(reason)}): copy or download it again, and add the new copy."
        )

    def _encrypted_paths(self) -> set[str]:
        """Return the paths of the encrypted parts, fonts aside."""
        if not self._has(_ENCRYPTION):
            return set()
        encrypted = (part for part in self._xml(_ENCRYPTION).iter("EncryptedData") if not _is_font(part))
        return {
            resolve_link(part.get("URI", ""), "").partition("#")[0] for data in encrypted for part in data.iter("CipherReference")
        }


def text_of(element: etree._Element) -> str:
    """Return the text under an element, on one line."""
    return " ".join("".join(element.itertext()).split())


def _is_font(encrypted: etree._Element) -> bool:
    return _FONT_OBFUSCATION.issuperset(method.get("Algorithm", "") for method in encrypted.iter("EncryptionMethod"))


def _item(element: etree._Element, package: str) -> _Item:
    path = resolve_link(element.get("href", ""), package).partition("#")[0]
    return _Item(path, element.get("media-type", ""), "nav" in element.get("properties", "").split())


def _parse_xml(data: bytes) -> etree._Element:
    """Return the root of an XML part, its tags without namespaces. Nothing is fetched, and no entity is expanded."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
    root = etree.fromstring(data, parser)
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname
    return root


def _as_numeric(match: re.Match[bytes]) -> bytes:
    """Return a named HTML entity, which XML doesn't know, as numeric character references."""
    text = html5.get(match[1].decode("ascii"))
    if text is None or match[1] in _XML_ENTITIES:
        return match[0]
    return "".join(f"&#{ord(character)};" for character in text).encode("ascii")
