"""Make untrusted file names, and sentences that quote them, safe to print."""

WITHIN = " › "
"""The separator between the name of a zip or an e-mail and that of a file in it."""

_LONGEST = 255
"""Characters. No file system allows a longer name; an archive or an e-mail does."""

_LONGEST_ENDING = 20  # characters
_LONGEST_SENTENCE = 500  # characters
_KEPT_END = 150  # characters at the end of a sentence, where it says what to do


def printable(text: str) -> str:
    """Return the text on one line: each whitespace character is a space, each other unprintable one U+FFFD."""
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text)


def shown_sentence(text: str) -> str:
    """Return a sentence about a file, printable and on one line. One of more than 500 characters loses its middle."""
    text = printable(text)
    return text if len(text) <= _LONGEST_SENTENCE else f"{text[: _LONGEST_SENTENCE - _KEPT_END - 1]}…{text[-_KEPT_END:]}"


def shown_name(name: str) -> str:
    """Return a file's name, printable and on one line. One of more than 255 characters is cut short before its ending."""
    name = printable(name)
    if len(name) <= _LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    ending = dot + ending if stem and len(ending) < _LONGEST_ENDING else ""
    return name[: _LONGEST - len(ending) - 1] + "…" + ending
