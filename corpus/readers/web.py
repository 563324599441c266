"""HTML, read by lxml. Navigation, banners, scripts and hidden parts are left out; everything else is text, in its order.

Not `trafilatura`: on a page without `<main>` it gave no headings, and text that stood in a bare `<div>` was dropped unsaid.
"""

import re

from lxml import etree, html

from corpus.draft import Draft
from corpus.errors import DocumentError
from corpus.readers.plain import decode

_OUTSIDE = "not(ancestor::main or ancestor::article)"
_HEADED = ".//h1 or .//h2 or .//h3 or .//h4 or .//h5 or .//h6"
_LEFT_OUT = etree.XPath(
    "//script | //style | //template | //noscript | //nav | //iframe | //object | //svg"
    " | //button | //input | //select | //textarea | //datalist"
    " | //comment() | //processing-instruction() | //*[@hidden] | //*[@aria-hidden='true']"
    " | //*[@role='navigation' or @role='contentinfo' or @role='search']"
    f" | //footer[{_OUTSIDE}] | //*[self::header or @role='banner'][{_OUTSIDE} and not({_HEADED})]"
    f" | //*[self::aside or @role='complementary'][{_OUTSIDE} and (//main or //article)]"
    r" | //*[re:test(concat(@class, ' ', @id), 'cookie[\w-]{0,20}(banner|bar|box|consent|notice|popup)', 'i')]"
    r" | //*[re:test(concat(@class, ' ', @id), '(accept|banner|consent)[\w-]{0,20}cookie', 'i')]"
    r" | //*[re:test(@style, 'display\s*:\s*none', 'i')]",
    namespaces={"re": "http://exslt.org/regular-expressions"},
)
"""What is no text of the document. An aside or a header is, where nothing says which part of the page is the main one."""

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
_MEANT = dict.fromkeys(("ascii", "us-ascii", "iso-8859-1", "latin1"), "windows-1252")
"""What browsers take a declared character set for (WHATWG, "Encoding Standard", section 4.2)."""


def read_html(data: bytes, name: str) -> Draft:
    """Headings, paragraphs, list items and table rows are blocks. The title is the first `<h1>`, or `<title>`."""
    root = _parse(data, name)
    named = root.findtext(".//title")
    for left_out in _LEFT_OUT(root):
        if left_out.getparent() is not None and left_out.tag not in ("html", "body"):
            left_out.drop_tree()
    draft = Draft()
    body = root.find("body")
    _Walk(draft).element(root if body is None else body)
    first = next((heading for heading in draft.headings if heading.level == 1), None)
    draft.title = draft.text[first.start : first.end] if first else " ".join((named or "").split())
    return draft


def _parse(data: bytes, name: str) -> html.HtmlElement:
    """The document's root. A page that declares no character set is read as UTF-8. Raises DocumentError if nothing can be read."""
    declared = _CHARSET.search(data[:2048])
    charset = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
    try:
        text = decode(data, name) if charset in ("utf-8", "utf8") else data.decode(_MEANT.get(charset, charset))
        parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True)
        root = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, LookupError, UnicodeError) as error:
        raise DocumentError(f"{name} can't be read as HTML: {error}.") from None
    if any("Excessive depth" in entry.message for entry in parser.error_log):
        raise DocumentError(f"{name} can't be read as HTML: its elements are nested more than 2,048 deep.")
    return root


class _Walk:
    """Lays the text of an element tree into a draft: inline text is gathered until a block begins or ends."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.gathered: list[str] = []
        self.row: html.HtmlElement | None = None

    def element(self, root: html.HtmlElement) -> None:
        """All text under `root`, without recursion: a hostile page may nest tens of thousands of elements."""
        for event, element in etree.iterwalk(root, events=("start", "end")):
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                self._start(element, tag)
                self.gathered.append(element.text or "")
            else:
                self._end(element, tag)
                self.gathered.append(element.tail or "" if element is not root else "")
        self._flush()

    def _start(self, element: html.HtmlElement, tag: str) -> None:
        if tag in ("td", "th") and self.row is not None:
            self.gathered.append(_CELL)
        elif tag in _BLOCKS and self.row is None:
            self._flush()
            self.row = element if tag == "tr" and not element.xpath(_LAYOUT) else None
        else:
            self.gathered.append(" " if tag in _BLOCKS or tag in ("br", "td", "th") else "")

    def _end(self, element: html.HtmlElement, tag: str) -> None:
        if tag in _BLOCKS and (self.row is None or self.row is element):
            self._flush(_HEADINGS.get(tag, 0))
            self.row = None

    def _flush(self, level: int = 0) -> None:
        cells = (" ".join(cell.split()) for cell in "".join(self.gathered).split(_CELL))
        self.draft.block(" | ".join(cell for cell in cells if cell), level)
        self.gathered.clear()
