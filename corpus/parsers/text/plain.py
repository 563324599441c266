"""Plain text. Nothing marks its paragraphs, headings and list items, so they are known by their shape."""

import re
from typing import NamedTuple

from corpus.draft import Draft
from corpus.parsers.text.charset import decode
from corpus.parsers.text.list_items import SENTENCE_ENDS, begins_item, marker_length, may_be_item
from corpus.structure import Block, Heading

_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)[.)]?[ \t]+(?=[^\W\d_])")
_RULE = re.compile(r"[-=_*~#\s]{3,}")
_WRAP = 120  # characters: a text was wrapped by hand or by a mailer if nine tenths of its lines are no longer than this
_FULL = 0.6  # of the width that nine tenths of the lines keep: a line at least this long continues on the next one
_LONG = 40  # characters: a shorter line that ends in a word may be an item in a list
_LONGEST_HEADING = 120
_LONGEST_SENTENCE_CASE_HEADING = 80


class _Line(NamedTuple):
    """A line with text: its range in the file without outer white space, its text, and whether a blank line precedes it."""

    start: int
    end: int
    text: str
    blank_before: bool


def parse_plain(data: bytes, name: str) -> Draft:
    """Parse plain text. `Draft.text` is the decoded file itself, so its offsets are the file's.

    A form feed ends a page. A heading on the first line is the title. Raises DocumentError as `decode` does.
    """
    draft = Draft()
    draft.write(decode(data, name))
    lines = _lines(draft.text)
    width = sorted(len(line.text) for line in lines)[len(lines) * 9 // 10] if lines else 0
    wrapped = width <= _WRAP
    full_length = _FULL * width if wrapped else float("inf")
    first = previous = None  # lines of the current block; None at the start and after a heading
    for line, following in zip(lines, [*lines, None][1:], strict=False):
        is_apart = line.blank_before or previous is None or (len(previous.text) < full_length and not _continues(previous, line))
        level = _heading_level(line, following, is_apart) if is_apart or not wrapped else 0
        if (
            first is None
            or previous is None
            or is_apart
            or level
            or begins_item(line.text, first=first.text, ended=_ends_sentence(previous))
        ):
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
    """Return the lines with text, trimmed; blank lines and ruled lines are left out."""
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


def _ends_sentence(line: _Line) -> bool:
    return line.text[-1] in SENTENCE_ENDS


def _continues(line: _Line, following: _Line) -> bool:
    """Return whether a sentence continues on the next line, whatever the lines' lengths."""
    return line.text.endswith("-") or (len(line.text) >= _LONG and not _ends_sentence(line) and following.text[0].islower())


def _heading_level(line: _Line, following: _Line | None, is_apart: bool) -> int:
    """Return a line's heading level: the depth of its number ("2.1" is 2), 2 for other headings, 0 for text.

    A heading is a short line that is set apart from the text before it, begins with a capital or a number, doesn't end like a
    sentence, and has text under it. It is numbered, in capitals, in title case, or stands alone above longer text.
    """
    text = line.text
    if following is None or len(text) > _LONGEST_HEADING or text[-1] in ".,;:!?…" or not any(map(str.isalpha, text)):
        return 0
    if is_apart and (numbered := _NUMBERED.match(text)) and text[numbered.end()].isupper():
        return numbered[1].count(".") + 1
    if may_be_item(text) or not (text[0].isupper() or text[0].isdigit()):
        return 0
    words = [word for word in re.findall(r"[^\W_][\w’'-]*", text) if len(word) > 3 or word == text]
    title_case = bool(words) and all(word[0].isupper() or word[0].isdigit() for word in words)
    above_text = len(following.text) > 2 * len(text) or may_be_item(following.text)
    by_itself = len(text) <= _LONGEST_SENTENCE_CASE_HEADING and above_text and (following.blank_before or not line.blank_before)
    return 2 if is_apart and (text.isupper() or title_case or by_itself) else 0
