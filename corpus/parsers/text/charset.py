"""Decodes the bytes of a text file into characters."""

import codecs

from corpus.errors import DocumentError

_PYTHON_ONLY = frozenset(("idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined"))
"""Codecs that exist in Python but that no text is written in. Some take quadratic time."""


def decode(data: bytes, name: str) -> str:
    """Return the text of UTF-8 bytes, or UTF-16 with a byte order mark, its line ends as line feeds.

    Raises DocumentError if the bytes are neither, or hold a NUL character.
    """
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


def decode_as(data: bytes, charset: str) -> str:
    """Return the text of `data` in the character set that it declares.

    Raises LookupError if no text is written in that set, UnicodeError if `data` isn't in it.
    """
    if codecs.lookup(charset).name in _PYTHON_ONLY:
        raise LookupError(f"unknown encoding: {charset}")
    return data.decode(charset)
