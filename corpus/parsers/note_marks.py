"""The marks of footnotes and endnotes: the number or sign in the text that refers to a note, repeated at the start of the note
itself.
"""

import re
from unicodedata import normalize

from corpus.draft import raised

_BRACKETED = re.compile(r"[\[(](.+)[\])]")
_MARK_WITHIN = 50  # characters at the start of a note
_SUPERSCRIPT = re.compile("[⁰¹²³⁴-⁹]+")


def note_mark(text: str) -> str:
    """Return a note's number or sign as it is written in the text: digits as superscripts, letters in square brackets.

    That keeps the mark apart from the word or number before it; signs such as "*" stay as they are.

    >>> [note_mark(text) for text in ("[12]", "iv", "*", "")]
    ['¹²', '[iv]', '*', '']
    """
    text = text.strip()
    bracketed = _BRACKETED.fullmatch(text)
    inner = bracketed[1].strip() if bracketed else text
    if inner.isdecimal() or _SUPERSCRIPT.fullmatch(inner):
        return raised(inner)
    return f"[{inner}]" if any(map(str.isalnum, inner)) else text


def with_note_mark(text: str, mark: str) -> str:
    """Return the text of a note's first block with `mark` before it, unless the text already begins with that mark.

    >>> [with_note_mark(text, "¹") for text in ("Forty.", "[1] Forty.", "1.5 million.")]
    ['¹ Forty.', '[1] Forty.', '¹ 1.5 million.']
    """
    if not mark:
        return text
    mark_end = r"[\]).:](?!\S)" if mark.startswith("[") else r"(?!\w|[.,]\d)"
    own_mark = rf"[\[(]?{re.escape(normalize('NFKC', mark.strip('[]')))}{mark_end}"
    return text if re.match(own_mark, normalize("NFKC", text[:_MARK_WITHIN]), re.IGNORECASE) else f"{mark} {text}"
