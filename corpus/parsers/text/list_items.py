"""How list items look in plain text, where nothing but the shape of their first line marks them."""

import re

_ITEM = re.compile(
    r"(?:(?P<symbol>[•‣▪◦●■□◆►▸➢❖✓\uf020-\uf0ff])|(?P<dash>[-*+·–—])|(?P<number>\(?\d{1,3}[.)]|\(?[a-zA-Z]\)))[ \t]+(?=\S)"
)
"""How a list item begins. A wrapped line may look the same, except for the symbols; these include the characters of the Symbol and
Wingdings fonts, at U+F020 to U+F0FF.
"""

SENTENCE_ENDS = ".!?:;"
"""The characters that end a line whose sentence doesn't continue on the next one."""


def may_be_item(text: str) -> bool:
    """Return whether a line looks like the first line of a list item."""
    return _ITEM.match(text) is not None


def begins_item(text: str, *, first: str, ended: bool) -> bool:
    """Return whether a line begins a list item rather than continuing the block before it.

    `first` is that block's first line; `ended` says whether the block could end with its last line.
    """
    item, first_item = _ITEM.match(text), _ITEM.match(first)
    if item is None:
        return False
    return ended or item.lastgroup == "symbol" or (first_item is not None and first_item.lastgroup == item.lastgroup)


def marker_length(text: str) -> int:
    """Return the length of an item's bullet, with the white space after it; 0 for a line without one.

    A number or letter isn't a bullet but text, and a dash before a number may be a minus sign.
    """
    item = _ITEM.match(text)
    if item is None or item.lastgroup == "number" or (item.lastgroup == "dash" and not text[item.end()].isalpha()):
        return 0
    return item.end()
