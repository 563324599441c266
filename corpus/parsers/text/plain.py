"""Plain text. Paragraphs, headings and bullets are seen by their shape, since nothing marks them."""

import codecs
import re
from typing import NamedTuple

from corpus.draft import Draft
from corpus.errors import DocumentError
from corpus.structure import Block, Heading

_ITEM = re.compile(
    r"(?:(?P<symbol>[•‣▪◦●■□◆►▸➢❖✓\uf020-\uf0ff])|(?P<dash>[-*+·–—])|(?P<number>\(?\d{1,3}[.)]|\(?[a-zA-Z]\)))[ \t]+(?=\S)"
)
"""How a list item begins. A wrapped line may begin so too, but for the symbols, among which are those of the fonts Symbol and
Wingdings, whose characters are at U+F020 to U+F0FF."""

_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)[.)]?[ \t]+(?=[^\W\d_])")
_RULE = re.compile(r"[-=_*~#\s]{3,}")
_WRAP = 120  # characters: a text nine tenths of whose lines are no longer was wrapped by hand or by a mailer
_FULL = 0.6  # of the width that nine tenths of the lines keep: a line at least this long goes on in the next one
_LONG = 40  # characters: a shorter line that ends in a word may be an item of a list
_LONGEST_HEADING = 120
_LONGEST_SENTENCE_CASE_HEADING = 80

SENTENCE_ENDS = ".!?:;"
"""What a line ends with that doesn't go on in the next."""


_OF_PYTHON = frozenset(("idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined"))
"""Character sets that Python knows and nobody writes in. Some take the square of a text's length."""


class _Line(NamedTuple):
    start: int
    end: int
    text: str
    blank_before: bool


def may_be_item(text: str) -> bool:
    """Whether a line looks like the first one of a list item."""
    return _ITEM.match(text) is not None


def begins_item(text: str, *, first: str, ended: bool) -> bool:
    """Whether a line begins a list item, rather than going on from the line before.

    `first` is the first line of the block before it; `ended` says that this one could end where it does.
    """
    item, other = _ITEM.match(text), _ITEM.match(first)
    if item is None:
        return False
    return ended or item.lastgroup == "symbol" or (other is not None and other.lastgroup == item.lastgroup)


def marker_length(text: str) -> int:
    """The characters of an item's bullet and the white space after it. A number or a letter is no bullet: it is text; and a dash
    before a number may be a minus.
    """
    item = _ITEM.match(text)
    if item is None or item.lastgroup == "number" or (item.lastgroup == "dash" and not text[item.end()].isalpha()):
        return 0
    return item.end()


def decode(data: bytes, name: str) -> str:
    """The text of `data` with line feeds as line ends. Raises DocumentError unless it is UTF-8, or UTF-16 with its mark."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"{name} is not UTF-8 text (byte 0x{data[error.start]:02x} at position {error.start}): save it as UTF-8, "
            f"for instance with `iconv -f WINDOWS-1252 -t UTF-8`, and add it again."
        ) from None
    if "\0" in text:
        raise DocumentError(f"{name} holds a NUL byte at character {text.index(chr(0))}: it is not a text file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def in_charset(data: bytes, charset: str) -> str:
    """The text of `data`, which is said to be in this character set. Raises LookupError for one that nobody writes in,
    UnicodeError if it isn't.
    """
    if codecs.lookup(charset).name in _OF_PYTHON:
        raise LookupError(f"unknown encoding: {charset}")
    return data.decode(charset)


def parse_plain(data: bytes, name: str) -> Draft:
    """`Draft.text` is the decoded file itself, so its offsets are the file's. A form feed ends a page. A heading in the first
    line is the title.
    """
    draft = Draft()
    draft.write(decode(data, name))
    lines = _lines(draft.text)
    width = sorted(len(line.text) for line in lines)[len(lines) * 9 // 10] if lines else 0
    wrapped = width <= _WRAP
    full = _FULL * width if wrapped else float("inf")
    first = previous = None  # lines of the block at hand, and None at the start and after a heading
    for line, following in zip(lines, [*lines, None][1:], strict=False):
        apart = line.blank_before or previous is None or (len(previous.text) < full and not _goes_on(previous, line))
        level = _heading_level(line, following, apart) if apart or not wrapped else 0
        if first is None or previous is None or apart or level or begins_item(line.text, first=first.text, ended=_ended(previous)):
            first = line
            draft.blocks.append(Block(line.start + (0 if level else marker_length(line.text)), line.end))
        else:
            draft.blocks[-1] = Block(draft.blocks[-1].start, line.end)
        if level:
            if line is lines[0]:
                level, draft.title = 1, line.text
            draft.headings.append(Heading(level, line.start, line.end))
        previous = None if level else line
    if "\f" in draft.text:
        starts = [0, *(match.end() for match in re.finditer("\f", draft.text))]
        draft.tile(starts, [None] * len(starts))
    return draft


def _lines(text: str) -> list[_Line]:
    """The lines that hold more than a ruled line, without the white space around them."""
    lines: list[_Line] = []
    blank = True
    for match in re.finditer(r"[^\n\f]*[\n\f]?", text):
        content = match[0].strip()
        if not content or _RULE.fullmatch(content):
            blank = True
            continue
        start = match.start() + match[0].index(content)
        lines.append(_Line(start, start + len(content), content, blank))
        blank = False
    return lines


def _ended(line: _Line) -> bool:
    return line.text[-1] in SENTENCE_ENDS


def _goes_on(line: _Line, following: _Line) -> bool:
    """Whether a sentence goes on in the next line, whatever the lines' lengths say."""
    return line.text.endswith("-") or (len(line.text) >= _LONG and not _ended(line) and following.text[0].islower())


def _heading_level(line: _Line, following: _Line | None, apart: bool) -> int:
    """1 for a numbered heading's first level, 2 for its second and so on; 2 for any other heading; 0 for text.

    A heading is a short line, apart from the text before it, that starts with a capital or a number, doesn't end as a sentence
    does, and has something under it. It is numbered, in capitals, in title case, or stands by itself above longer text.
    """
    text = line.text
    if following is None or len(text) > _LONGEST_HEADING or text[-1] in ".,;:!?…" or not any(map(str.isalpha, text)):
        return 0
    if apart and (numbered := _NUMBERED.match(text)) and text[numbered.end()].isupper():
        return numbered[1].count(".") + 1
    if may_be_item(text) or not (text[0].isupper() or text[0].isdigit()):
        return 0
    words = [word for word in re.findall(r"[^\W_][\w’'-]*", text) if len(word) > 3 or word == text]
    title_case = bool(words) and all(word[0].isupper() or word[0].isdigit() for word in words)
    above_text = len(following.text) > 2 * len(text) or may_be_item(following.text)
    by_itself = len(text) <= _LONGEST_SENTENCE_CASE_HEADING and above_text and (following.blank_before or not line.blank_before)
    return 2 if apart and (text.isupper() or title_case or by_itself) else 0
