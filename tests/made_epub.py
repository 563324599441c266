"""Makes EPUB files."""

from collections.abc import Mapping, Sequence

from tests.zips import packed

_CONTAINER = """<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
_TYPES = {"xhtml": "application/xhtml+xml", "ncx": "application/x-dtbncx+xml", "html": "text/html"}


def page(body: str, before: str = '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>') -> str:
    names = 'xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
    return f"{before}<html {names}><head><title/></head><body>{body}</body></html>"


def nav(*lists: str) -> str:
    return page("".join(lists))


def toc(items: str, kind: str = "toc") -> str:
    return f'<nav epub:type="{kind}"><h1>Contents</h1><ol>{items}</ol></nav>'


def link(href: str, text: str, inner: str = "") -> str:
    return f'<li><a href="{href}">{text}</a>{inner}</li>'


def ncx(points: str, pages: str = "") -> str:
    listed = f"<pageList>{pages}</pageList>" if pages else ""
    return f'<?xml version="1.0"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap>{listed}</ncx>'


def point(href: str, text: str, inner: str = "", tag: str = "navPoint") -> str:
    return f'<{tag}><navLabel><text>{text}</text></navLabel><content src="{href}"/>{inner}</{tag}>'


def epub(
    parts: Mapping[str, str | bytes],
    *,
    title: str = "Forests of the North",
    spine: Sequence[str] = (),
    meta: str = "",
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """An EPUB of these parts by their names; pages are read in this order, or that of `spine`. A part named nav.xhtml is its
    navigation. `more` are files by their whole paths.
    """
    items = "".join(
        f'<item id="i{number}" href="{name}" media-type="{_TYPES[name.rpartition(".")[2]]}"'
        f' properties="{"nav" if name == "nav.xhtml" else ""}"/>'
        for number, name in enumerate(parts)
    )
    numbers = {name: number for number, name in enumerate(parts) if not name.endswith("ncx")}
    order = "".join(f'<itemref idref="i{numbers.get(name, 99)}"/>' for name in spine or numbers)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/" version="3.0">'
        f"<metadata><dc:title>{title}</dc:title>{meta}</metadata><manifest>{items}</manifest><spine>{order}</spine></package>"
    )
    files: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/book.opf": package,
    }
    files |= {f"OEBPS/{name}": content for name, content in parts.items()} | dict(more or {})
    return packed(files)
