"""Markdown (CommonMark with tables and footnotes), parsed by markdown-it-py. The text is what the rendered page shows."""

import re
from collections.abc import Sequence, Set

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from corpus.draft import CellText, Draft, raised
from corpus.errors import DocumentError
from corpus.parsers.note_marks import note_mark, with_note_mark
from corpus.parsers.text.charset import decode
from corpus.parsers.web.html import append_fragment

_FRONT_MATTER = re.compile(r"---[ \t]*\n([\w-]+:.*\n(?:(?:[\w-]+:|[ \t]|- |#).*\n|\n)*)(?:---|\.\.\.)[ \t]*(?:\n|$)")
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_BREAK = re.compile(r"<br\b", re.IGNORECASE)
_SUP = re.compile(r"<(/?)sup\b", re.IGNORECASE)
_OPEN_MARK = re.compile(r"\[\^(?![^\]\s]*\])")  # looks like the start of a note's mark, but isn't one
_MOST_OPEN_MARKS = 500  # the footnote plugin takes quadratic time: a second for 2,000
_DEEPEST = 100  # nested quotes and lists; markdown-it-py drops anything deeper


def parse_markdown(data: bytes, name: str) -> Draft:
    """Parse Markdown: paragraphs, list items, code blocks and table rows become blocks, each followed by its footnotes.

    The title is the front matter's, or else the first heading. Raises DocumentError as `decode` does, and if quotes and lists are
    nested too deep.
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
    _MarkdownWriter(draft, tokens).append()
    return draft


class _MarkdownWriter:
    """Appends the tokens of a text to a draft."""

    def __init__(self, draft: Draft, tokens: Sequence[Token]) -> None:
        self._draft = draft
        self._level = 0
        self._rows: list[list[CellText]] | None = None
        referenced = {child.meta["label"] for token in tokens for child in token.children or () if child.type == "footnote_ref"}
        self._body, self._notes = _split_notes(tokens, referenced)
        self._pending: list[tuple[str, list[Token]]] = []
        self._in_note = False
        self._mark = ""  # of the current note, until its first block

    def append(self) -> None:
        """Append the body with its notes, then the notes that only other notes refer to."""
        self._append_tokens(self._body)
        while self._notes:
            label, note = self._notes.popitem()
            self._pending.append((note_mark(label), note))
            self._append_notes()

    def _append_tokens(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            if token.type == "heading_open":
                self._level = int(token.tag[1])
            elif token.type == "footnote_reference_open":
                self._mark = note_mark(token.meta["label"])
            elif token.type == "inline":
                self._append_inline(token)
            elif token.type in ("fence", "code_block"):
                self._append_block(token.content)
            elif token.type == "html_block":
                append_fragment(token.content, self._draft)
            else:
                self._table_token(token)

    def _table_token(self, token: Token) -> None:
        if token.type == "table_open":
            self._rows = []
        elif token.type == "tr_open" and self._rows is not None:
            self._rows.append([])
        elif token.type == "table_close" and self._rows is not None:
            self._draft.table(((None, row) for row in self._rows), heads=1)
            self._rows = None
            self._append_notes()

    def _append_inline(self, token: Token) -> None:
        text = _visible_text(token).strip()
        for child in token.children or ():
            if child.type == "footnote_ref" and child.meta["label"] in self._notes:
                self._pending.append((note_mark(str(child.meta["id"] + 1)), self._notes.pop(child.meta["label"])))
        if self._rows is not None:
            self._rows[-1].append(CellText(len(self._rows[-1]), text))
            return
        if self._level and not self._draft.title:
            self._draft.title = text
        self._append_block(text)

    def _append_block(self, text: str) -> None:
        if text.strip() and self._mark:
            text, self._mark = with_note_mark(text, self._mark), ""
        self._draft.block(text, self._level)
        self._level = 0
        self._append_notes()

    def _append_notes(self) -> None:
        if self._in_note:
            return
        self._in_note = True
        while self._pending:
            self._mark, note = self._pending.pop(0)
            self._append_tokens(note)
        self._in_note, self._mark = False, ""


def _split_notes(tokens: Sequence[Token], referenced: Set[str]) -> tuple[list[Token], dict[str, list[Token]]]:
    """Split off the notes that are referred to, by label. Other notes stay in the body, where they are."""
    body: list[Token] = []
    notes: dict[str, list[Token]] = {}
    target, depth = body, 0  # the list that tokens go to, and how many nested notes are open
    for token in tokens:
        label = str(token.meta.get("label"))
        if token.type == "footnote_reference_open" and depth == 0 and label in referenced and label not in notes:
            target = notes[label] = []
        else:
            target.append(token)
        depth += {"footnote_reference_open": 1, "footnote_reference_close": -1}.get(token.type, 0)
        if depth == 0:
            target = body
    return body, notes


def _visible_text(inline: Token) -> str:
    """Return the visible text of an inline token: the words of links and images, and the text between raw HTML tags."""
    parts: list[str] = []
    is_superscript = False
    for child in inline.children or ():
        if child.type == "html_inline" and (sup := _SUP.match(child.content)):
            is_superscript = not sup[1]
        elif child.type in ("softbreak", "hardbreak") or (child.type == "html_inline" and _BREAK.match(child.content)):
            parts.append("\n")
        elif child.type == "footnote_ref":
            parts.append(note_mark(str(child.meta["id"] + 1)))
        elif child.type != "html_inline":
            parts.append(raised(child.content) if is_superscript else child.content)
    return "".join(parts).replace("\xad", "")
