"""Markdown (CommonMark with tables), read by markdown-it-py. `text` is what a reader of the page sees, without the marks."""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.draft import Draft, raised
from corpus.errors import DocumentError
from corpus.readers.plain import decode
from corpus.readers.web import lay_fragment

_FRONT_MATTER = re.compile(r"---[ \t]*\n([\w-]+:.*\n(?:(?:[\w-]+:|[ \t]|- |#).*\n|\n)*)(?:---|\.\.\.)[ \t]*(?:\n|$)")
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_BREAK = re.compile(r"<br\b", re.IGNORECASE)
_SUP = re.compile(r"<(/?)sup\b", re.IGNORECASE)
_DEEPEST = 100  # quotes and lists within each other; markdown-it-py leaves out what is deeper


def read_markdown(data: bytes, name: str) -> Draft:
    """Paragraphs, list items, code blocks and table rows are blocks. The title is the front matter's, or the first heading."""
    text, draft = decode(data, name), Draft()
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
        if title := _FRONT_TITLE.search(front[1]):
            draft.title = title[1].strip("\"'")
    tokens = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable("table").parse(text)
    if any(token.level > _DEEPEST - 5 for token in tokens):
        raise DocumentError(f"{name} can't be read as Markdown: its quotes and lists are nested too deep.")
    _Layout(draft).tokens(tokens)
    return draft


class _Layout:
    """Lays the tokens of a text into a draft."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.level = 0
        self.row: list[str] | None = None

    def tokens(self, tokens: list[Token]) -> None:
        for token in tokens:
            if token.type == "heading_open":
                self.level = int(token.tag[1])
            elif token.type == "tr_open":
                self.row = []
            elif token.type == "tr_close":
                self.draft.block(" | ".join(cell for cell in self.row or () if cell))
                self.row = None
            elif token.type == "inline":
                self.inline(_visible(token).strip())
            elif token.type in ("fence", "code_block"):
                self.draft.block(token.content)
            elif token.type == "html_block":
                lay_fragment(token.content, self.draft)

    def inline(self, text: str) -> None:
        if self.row is not None:
            self.row.append(text)
            return
        self.draft.block(text, self.level)
        if self.level and not self.draft.title:
            self.draft.title = text
        self.level = 0


def _visible(inline: Token) -> str:
    """The text of an inline token: of links and images their words, of raw HTML nothing but what stands between the tags."""
    parts: list[str] = []
    is_raised = False
    for child in inline.children or ():
        if child.type == "html_inline" and (sup := _SUP.match(child.content)):
            is_raised = not sup[1]
        elif child.type in ("softbreak", "hardbreak") or (child.type == "html_inline" and _BREAK.match(child.content)):
            parts.append("\n")
        elif child.type != "html_inline":
            parts.append(raised(child.content) if is_raised else child.content)
    return "".join(parts)
