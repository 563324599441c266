"""Footnotes and endnotes: the mark by which a text refers to one, and which does the same at the note's own beginning."""

import re
from unicodedata import normalize

from corpus.draft import raised

_WRAPPED = re.compile(r"[\[(](.+)[\])]")
_LOOKED_AT = 50  # characters
_RAISED = re.compile("[⁰¹²³⁴-⁹]+")


def mark(text: str) -> str:
    """A note's number or sign as it stands in the text: numbers are raised and letters in brackets, apart from the word before.

    >>> [mark(text) for text in ("[12]", "iv", "*", "")]
    ['¹²', '[iv]', '*', '']
    """
    text = text.strip()
    wrapped = _WRAPPED.fullmatch(text)
    inner = wrapped[1].strip() if wrapped else text
    if inner.isdecimal() or _RAISED.fullmatch(inner):
        return raised(inner)
    return f"[{inner}]" if any(map(str.isalnum, inner)) else text


def marked(text: str, sign: str) -> str:
    """A note's first block with its mark before it, unless it begins with its own.

    >>> [marked(text, "¹") for text in ("Forty.", "[1] Forty.", "1.5 million.")]
    ['¹ Forty.', '[1] Forty.', '¹ 1.5 million.']
    """
    if not sign:
        return text
    end = r"[\]).:](?!\S)" if sign.startswith("[") else r"(?!\w|[.,]\d)"
    own = rf"[\[(]?{re.escape(normalize('NFKC', sign.strip('[]')))}{end}"
    return text if re.match(own, normalize("NFKC", text[:_LOOKED_AT]), re.IGNORECASE) else f"{sign} {text}"
