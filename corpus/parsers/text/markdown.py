"""Markdown (CommonMark with tables and footnotes), read by markdown-it-py. `text` is what a reader of the page sees, without the
marks.
"""

import re
from collections.abc import Sequence, Set

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from corpus.draft import CellText, Draft, raised
from corpus.errors import DocumentError
from corpus.parsers.note_marks import mark, marked
from corpus.parsers.text.plain import decode
from corpus.parsers.web.html import lay_fragment

_FRONT_MATTER = re.compile(r"---[ \t]*\n([\w-]+:.*\n(?:(?:[\w-]+:|[ \t]|- |#).*\n|\n)*)(?:---|\.\.\.)[ \t]*(?:\n|$)")
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_BREAK = re.compile(r"<br\b", re.IGNORECASE)
_SUP = re.compile(r"<(/?)sup\b", re.IGNORECASE)
_OPEN_MARK = re.compile(r"\[\^(?![^\]\s]*\])")  # what begins as the mark of a note and is none
_MOST_OPEN_MARKS = 500  # the plugin for notes takes the square of their number: a second for 2,000
_DEEPEST = 100  # quotes and lists within each other; markdown-it-py leaves out what is deeper


def parse_markdown(data: bytes, name: str) -> Draft:
    """Paragraphs, list items, code blocks and table rows are blocks; a footnote follows the one that refers to it. The title is the
    front matter's, or the first heading.
    """
    text, draft = decode(data, name), Draft()
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
        if title := _FRONT_TITLE.search(front[1]):
            draft.title = title[1].strip("\"'")
    parser = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable("table")
    if sum(1 for _ in _OPEN_MARK.finditer(text)) <= _MOST_OPEN_MARKS:
        parser.use(footnote_plugin, inline=False, move_to_end=False)
    tokens = parser.parse(text)
    if any(token.level > _DEEPEST - 5 for token in tokens):
        raise DocumentError(f"{name} can't be read as Markdown: its quotes and lists are nested too deep.")
    _Layout(draft, tokens).lay()
    return draft


class _Layout:
    """Lays the tokens of a text into a draft."""

    def __init__(self, draft: Draft, tokens: Sequence[Token]) -> None:
        self._draft = draft
        self._level = 0
        self._rows: list[list[CellText]] | None = None
        referred = {child.meta["label"] for token in tokens for child in token.children or () if child.type == "footnote_ref"}
        self._body, self._notes = _without_notes(tokens, referred)
        self._pending: list[tuple[str, list[Token]]] = []
        self._in_note = False
        self._sign = ""  # of the note at hand, before its first block

    def lay(self) -> None:
        """Lay all of it."""
        self._tokens(self._body)
        while self._notes:
            label, note = self._notes.popitem()
            self._pending.append((mark(label), note))
            self._lay_notes()

    def _tokens(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            if token.type == "heading_open":
                self._level = int(token.tag[1])
            elif token.type == "footnote_reference_open":
                self._sign = mark(token.meta["label"])
            elif token.type == "inline":
                self._inline(token)
            elif token.type in ("fence", "code_block"):
                self._block(token.content)
            elif token.type == "html_block":
                lay_fragment(token.content, self._draft)
            else:
                self._table(token)

    def _table(self, token: Token) -> None:
        if token.type == "table_open":
            self._rows = []
        elif token.type == "tr_open" and self._rows is not None:
            self._rows.append([])
        elif token.type == "table_close" and self._rows is not None:
            self._draft.table(((None, row) for row in self._rows), heads=1)
            self._rows = None
            self._lay_notes()

    def _inline(self, token: Token) -> None:
        text = _visible(token).strip()
        for child in token.children or ():
            if child.type == "footnote_ref" and child.meta["label"] in self._notes:
                self._pending.append((mark(str(child.meta["id"] + 1)), self._notes.pop(child.meta["label"])))
        if self._rows is not None:
            self._rows[-1].append(CellText(len(self._rows[-1]), text))
            return
        if self._level and not self._draft.title:
            self._draft.title = text
        self._block(text)

    def _block(self, text: str) -> None:
        if text.strip() and self._sign:
            text, self._sign = marked(text, self._sign), ""
        self._draft.block(text, self._level)
        self._level = 0
        self._lay_notes()

    def _lay_notes(self) -> None:
        if self._in_note:
            return
        self._in_note = True
        while self._pending:
            self._sign, note = self._pending.pop(0)
            self._tokens(note)
        self._in_note, self._sign = False, ""


def _without_notes(tokens: Sequence[Token], referred: Set[str]) -> tuple[list[Token], dict[str, list[Token]]]:
    """The tokens outside of notes, and those of the notes that are referred to by their labels; other notes stay where they are."""
    body: list[Token] = []
    notes: dict[str, list[Token]] = {}
    into, depth = body, 0  # where tokens go, and how many notes are open around them, each within the other
    for token in tokens:
        label = str(token.meta.get("label"))
        if token.type == "footnote_reference_open" and depth == 0 and label in referred and label not in notes:
            into = notes[label] = []
        else:
            into.append(token)
        depth += {"footnote_reference_open": 1, "footnote_reference_close": -1}.get(token.type, 0)
        if depth == 0:
            into = body
    return body, notes


def _visible(inline: Token) -> str:
    """The text of an inline token: of links and images their words, of raw HTML nothing but what stands between the tags."""
    parts: list[str] = []
    is_raised = False
    for child in inline.children or ():
        if child.type == "html_inline" and (sup := _SUP.match(child.content)):
            is_raised = not sup[1]
        elif child.type in ("softbreak", "hardbreak") or (child.type == "html_inline" and _BREAK.match(child.content)):
            parts.append("\n")
        elif child.type == "footnote_ref":
            parts.append(mark(str(child.meta["id"] + 1)))
        elif child.type != "html_inline":
            parts.append(raised(child.content) if is_raised else child.content)
    return "".join(parts).replace("\xad", "")
