"""HTML, read by lxml. Navigation, banners, scripts and hidden parts are left out; everything else is text, in its order.

Not `trafilatura`: on a page without `<main>` it gave no headings, and text that stood in a bare `<div>` was dropped unsaid.
"""

import codecs
import re
from collections.abc import Collection

from lxml import etree, html

from corpus.draft import Draft, raised
from corpus.errors import DocumentError
from corpus.readers.plain import decode

_OUTSIDE = "not(ancestor::main or ancestor::article)"
_WHOLE = ".//main or .//article or .//h1"  # more the page than a part of its furniture
_HEADED = ".//h1 or .//h2 or .//h3 or .//h4 or .//h5 or .//h6"
_MAIN = etree.XPath("boolean(//main or //article)")
_COOKIES = r"cookie[\w-]{0,20}(banner|bar|consent|notice|popup)|(accept|banner|consent)[\w-]{0,20}cookie"
_LEFT_OUT = etree.XPath(
    "//head | //del | //script | //style | //template | //noscript | //nav | //iframe | //object | //svg"
    " | //button | //input | //select | //textarea | //datalist | //*[@hidden] | //*[@aria-hidden='true']"
    " | //*[@role='navigation' or @role='contentinfo' or @role='search']"
    f" | //footer[{_OUTSIDE}] | //*[self::header or @role='banner'][{_OUTSIDE} and not({_HEADED})]"
    f" | //*[self::aside or @role='complementary'][$has_main and {_OUTSIDE}]"
    rf" | //*[re:test(concat(@class, ' ', @id), '{_COOKIES}', 'i') and {_OUTSIDE} and not({_WHOLE})]"
    r" | //*[re:test(@style, '(display\s*:\s*none|visibility\s*:\s*hidden)', 'i')]",
    namespaces={"re": "http://exslt.org/regular-expressions"},
)
"""What is no text of the document. An aside is, where nothing says which part of the page is the main one; so is a header that
holds a heading.
"""

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(_HEADINGS) | set(
    """
    address article blockquote body caption center dd details div dl dt fieldset figcaption figure footer header hr html li main
    ol p pre section summary table tbody tfoot thead tr ul
    """.split()
)
_LAYOUT = ".//table | .//h1 | .//h2 | .//h3 | .//h4 | .//h5 | .//h6"  # a row with one of these lays out a page; it is not data
_CELL = "\x1f"  # the unit separator of ASCII
_CHARSET = re.compile(rb"<(?:meta[^>]+charset|\?xml[^>]+encoding)\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MEANT = dict.fromkeys(("ascii", "us-ascii", "iso-8859-1", "latin1"), "windows-1252")
_MEANT |= dict.fromkeys(("utf8", "utf-16", "utf-16le", "utf-16be"), "utf-8")
"""What browsers take a declared character set for (WHATWG, "Encoding Standard", section 4.2, and "HTML", section 13.2.3.2)."""


def read_html(data: bytes, name: str) -> Draft:
    """Headings, paragraphs, list items and table rows are blocks. The title is the first `<h1>`, or `<title>`."""
    root = _parse(data, name)
    draft = Draft()
    _lay(root, draft)
    first = next((heading for heading in draft.headings if heading.level == 1), None)
    draft.title = draft.text[first.start : first.end] if first else " ".join((root.findtext(".//title") or "").split())
    return draft


def lay_fragment(markup: str, draft: Draft) -> None:
    """Lay a part of a page into the draft, as `read_html` does with a whole one."""
    _lay(html.document_fromstring(f"<div>{markup}</div>".encode(), parser=_parser()), draft)


def _lay(root: html.HtmlElement, draft: Draft) -> None:
    left_out = {element for element in _LEFT_OUT(root, has_main=_MAIN(root)) if element.tag not in ("html", "body")}
    body = root.find("body")
    _Walk(draft, left_out).element(root if body is None else body)


def _parse(data: bytes, name: str) -> html.HtmlElement:
    """The document's root. A page that declares no character set is read as UTF-8. Raises DocumentError if nothing can be read."""
    declared = None if data.startswith(_MARKS) else _CHARSET.search(data[:2048])
    charset = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
    charset = _MEANT.get(charset, charset)
    try:
        text = decode(data, name) if charset == "utf-8" else data.decode(charset)
        parser = _parser()
        root = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, LookupError, UnicodeError) as error:
        raise DocumentError(f"{name} can't be read as HTML: {error}.") from None
    if any("Excessive depth" in entry.message for entry in parser.error_log):
        raise DocumentError(f"{name} can't be read as HTML: its elements are nested more than 2,048 deep.")
    return root


def _parser() -> html.HTMLParser:
    return html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True)


class _Walk:
    """Lays the text of an element tree into a draft: inline text is gathered until a block begins or ends."""

    def __init__(self, draft: Draft, left_out: Collection[html.HtmlElement]) -> None:
        self.draft = draft
        self.left_out = left_out
        self.gathered: list[str] = []
        self.row: html.HtmlElement | None = None
        self.raised = 0  # superscripts that are open

    def element(self, root: html.HtmlElement) -> None:
        """All text under `root`, without recursion: a hostile page may nest tens of thousands of elements."""
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if element in self.left_out:
                if event == "start":
                    walk.skip_subtree()
            elif event == "start":
                self._start(element, element.tag)
                self._gather(element.text)
            else:
                self._end(element, element.tag)
            if event == "end" and element is not root:
                self._gather(element.tail)
        self._flush()

    def _gather(self, text: str | None) -> None:
        self.gathered.append(raised(text or "") if self.raised else text or "")

    def _start(self, element: html.HtmlElement, tag: str) -> None:
        self.raised += tag == "sup"
        if tag in ("td", "th") and self.row is not None:
            self.gathered.append(_CELL)
        elif tag in _BLOCKS and self.row is None:
            self._flush()
            self.row = element if tag == "tr" and not element.xpath(_LAYOUT) else None
        else:
            self.gathered.append(" " if tag in _BLOCKS or tag in ("br", "td", "th") else "")

    def _end(self, element: html.HtmlElement, tag: str) -> None:
        self.raised -= tag == "sup"
        if tag in _BLOCKS and (self.row is None or self.row is element):
            self._flush(_HEADINGS.get(tag, 0))
            self.row = None

    def _flush(self, level: int = 0) -> None:
        cells = (" ".join(cell.split()) for cell in "".join(self.gathered).split(_CELL))
        self.draft.block(" | ".join(cell for cell in cells if cell), level)
        self.gathered.clear()
