"""HTML, parsed by lxml. Navigation, banners, scripts and hidden parts are left out; all other text is kept, in its order.

Why not `trafilatura`: on a page without `<main>` it returned no headings, and it silently dropped text in a bare `<div>`.
"""

import codecs
import re

from lxml import etree, html

from corpus.draft import Draft
from corpus.errors import DocumentError
from corpus.names import printable
from corpus.parsers.text.charset import decode, decode_as
from corpus.parsers.web.html_notes import notes_by_link
from corpus.parsers.web.html_walk import HtmlWalker

_OUTSIDE_MAIN = "not(ancestor::main or ancestor::article)"
_PAGE_CONTENT = ".//main or .//article or .//h1"  # what holds one of these is the page itself, not its furniture
_ANY_HEADING = ".//h1 or .//h2 or .//h3 or .//h4 or .//h5 or .//h6"
_MAIN = etree.XPath("boolean(//main or //article)")
_COOKIES = r"cookie[\w-]{0,20}(banner|bar|consent|notice|popup)|(accept|banner|consent)[\w-]{0,20}cookie"
_NAMESPACES = {"re": "http://exslt.org/regular-expressions"}
_NOT_SHOWN = (
    "//head | //title | //del | //script | //style | //template | //noscript | //nav | //iframe | //object | //svg"
    " | //button | //input | //select | //textarea | //datalist | //*[@hidden] | //*[@aria-hidden='true']"
    r" | //*[re:test(@style, '(display\s*:\s*none|visibility\s*:\s*hidden)', 'i')]"
)
_FURNITURE = (
    " | //*[@role='navigation' or @role='contentinfo' or @role='search']"
    f" | //footer[{_OUTSIDE_MAIN}] | //*[self::header or @role='banner'][{_OUTSIDE_MAIN} and not({_ANY_HEADING})]"
    f" | //*[self::aside or @role='complementary'][$has_main and {_OUTSIDE_MAIN}]"
    rf" | //*[re:test(concat(@class, ' ', @id), '{_COOKIES}', 'i') and {_OUTSIDE_MAIN} and not({_PAGE_CONTENT})]"
)
"""What is not text of the document. An aside is, where nothing marks the main part of the page; so is a header that contains a
heading.
"""

_LEFT_OUT = etree.XPath(_NOT_SHOWN + _FURNITURE, namespaces=_NAMESPACES)
_HIDDEN = etree.XPath(_NOT_SHOWN, namespaces=_NAMESPACES)
_CHARSET = re.compile(rb"<(?:meta[^>]+charset|\?xml[^>]+encoding)\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ACTUAL_CHARSET = dict.fromkeys(("ascii", "us-ascii", "iso-8859-1", "latin1"), "windows-1252")
_ACTUAL_CHARSET |= dict.fromkeys(("utf8", "utf-16", "utf-16le", "utf-16be"), "utf-8")
"""What browsers take a declared character set for (WHATWG, "Encoding Standard", section 4.2, and "HTML", section 13.2.3.2)."""


def parse_html(data: bytes, name: str) -> Draft:
    """Parse HTML: headings, paragraphs, list items and table rows become blocks, and a note follows the block that refers to it.

    The title is the first `<h1>`, or else `<title>`. Raises DocumentError as `parse_page` does.
    """
    root = parse_page(data, name)
    draft = Draft()
    _append(root, draft)
    draft.title = draft.first_heading(1) or " ".join((root.findtext(".//title") or "").split())
    return draft


def append_fragment(markup: str, draft: Draft) -> None:
    """Append a fragment of HTML to the draft, treated as `parse_html` treats a whole page."""
    _append(html.document_fromstring(f"<div>{markup}</div>".encode(), parser=_parser()), draft)


def _append(root: etree._Element, draft: Draft) -> None:
    left_out = {element for element in _LEFT_OUT(root, has_main=_MAIN(root)) if element.tag not in ("html", "body")}
    body = root.find("body")
    walker = HtmlWalker(draft, left_out, notes_by_link({"": root}))
    walker.append_tree(root if body is None else body)
    walker.append_unreferenced_notes()


def hidden_elements(root: etree._Element) -> set[etree._Element]:
    """Return the elements that aren't shown, for a page that is text throughout, such as a book's."""
    return {element for element in _HIDDEN(root) if element.tag not in ("html", "body")}


def parse_page(data: bytes, name: str) -> html.HtmlElement:
    """Return the root element of an HTML page. A page that declares no character set is taken for UTF-8.

    Raises DocumentError if the page can't be decoded, holds nothing, or is nested too deep.
    """
    declared = None if data.startswith(_BYTE_ORDER_MARKS) else _CHARSET.search(data[:2048])
    charset = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
    charset = _ACTUAL_CHARSET.get(charset, charset)
    try:
        text = decode(data, name) if charset == "utf-8" else decode_as(data, charset)
        parser = _parser()
        root = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, LookupError, UnicodeError) as error:
        raise DocumentError(f"{name} can't be read as HTML: {printable(str(error))}.") from None
    if any("Excessive depth" in entry.message for entry in parser.error_log):
        raise DocumentError(f"{name} can't be read as HTML: its elements are nested more than 2,048 deep.")
    return root


def _parser() -> html.HTMLParser:
    return html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True)
