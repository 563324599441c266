"""HTML, read by lxml. Navigation, banners, scripts and hidden parts are left out; everything else is text, in its order.

Not `trafilatura`: on a page without `<main>` it gave no headings, and text that stood in a bare `<div>` was dropped unsaid.
"""

import codecs
import re

from lxml import etree, html

from corpus.draft import Draft
from corpus.errors import DocumentError
from corpus.names import printable
from corpus.parsers.text.plain import decode, in_charset
from corpus.parsers.web.html_notes import notes_of
from corpus.parsers.web.html_walk import Walk

_OUTSIDE = "not(ancestor::main or ancestor::article)"
_WHOLE = ".//main or .//article or .//h1"  # more the page than a part of its furniture
_HEADED = ".//h1 or .//h2 or .//h3 or .//h4 or .//h5 or .//h6"
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
    f" | //footer[{_OUTSIDE}] | //*[self::header or @role='banner'][{_OUTSIDE} and not({_HEADED})]"
    f" | //*[self::aside or @role='complementary'][$has_main and {_OUTSIDE}]"
    rf" | //*[re:test(concat(@class, ' ', @id), '{_COOKIES}', 'i') and {_OUTSIDE} and not({_WHOLE})]"
)
"""What is no text of the document. An aside is, where nothing says which part of the page is the main one; so is a header that
holds a heading.
"""

_LEFT_OUT = etree.XPath(_NOT_SHOWN + _FURNITURE, namespaces=_NAMESPACES)
_HIDDEN = etree.XPath(_NOT_SHOWN, namespaces=_NAMESPACES)
_CHARSET = re.compile(rb"<(?:meta[^>]+charset|\?xml[^>]+encoding)\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MEANT = dict.fromkeys(("ascii", "us-ascii", "iso-8859-1", "latin1"), "windows-1252")
_MEANT |= dict.fromkeys(("utf8", "utf-16", "utf-16le", "utf-16be"), "utf-8")
"""What browsers take a declared character set for (WHATWG, "Encoding Standard", section 4.2, and "HTML", section 13.2.3.2)."""


def parse_html(data: bytes, name: str) -> Draft:
    """Headings, paragraphs, list items and table rows are blocks; a note follows the one that refers to it. The title is the first
    `<h1>`, or `<title>`.
    """
    root = parse(data, name)
    draft = Draft()
    _lay(root, draft)
    draft.title = draft.first_heading(1) or " ".join((root.findtext(".//title") or "").split())
    return draft


def lay_fragment(markup: str, draft: Draft) -> None:
    """Lay a part of a page into the draft, as `parse_html` does with a whole one."""
    _lay(html.document_fromstring(f"<div>{markup}</div>".encode(), parser=_parser()), draft)


def _lay(root: etree._Element, draft: Draft) -> None:
    left_out = {element for element in _LEFT_OUT(root, has_main=_MAIN(root)) if element.tag not in ("html", "body")}
    body = root.find("body")
    walk = Walk(draft, left_out, notes_of({"": root}))
    walk.all_of(root if body is None else body)
    walk.rest()


def hidden(root: etree._Element) -> set[etree._Element]:
    """What isn't shown, of a page all of which is text."""
    return {element for element in _HIDDEN(root) if element.tag not in ("html", "body")}


def parse(data: bytes, name: str) -> html.HtmlElement:
    """The document's root. A page that declares no character set is read as UTF-8. Raises DocumentError if nothing can be read."""
    declared = None if data.startswith(_MARKS) else _CHARSET.search(data[:2048])
    charset = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
    charset = _MEANT.get(charset, charset)
    try:
        text = decode(data, name) if charset == "utf-8" else in_charset(data, charset)
        parser = _parser()
        root = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, LookupError, UnicodeError) as error:
        raise DocumentError(f"{name} can't be read as HTML: {printable(str(error))}.") from None
    if any("Excessive depth" in entry.message for entry in parser.error_log):
        raise DocumentError(f"{name} can't be read as HTML: its elements are nested more than 2,048 deep.")
    return root


def _parser() -> html.HTMLParser:
    return html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True)
