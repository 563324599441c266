"""Names of files and sentences about them as they can be shown, whoever wrote them."""

WITHIN = " › "
"""What stands between the name of a zip or an e-mail and that of a file in it."""

_LONGEST = 255
"""Characters. No file on a disk has a longer name; one in an archive or an e-mail may."""

_LONGEST_ENDING = 20
_LONGEST_SENTENCE = 500
_KEPT_END = 150  # characters of a sentence in which it says what to do


def printable(text: str) -> str:
    """The text on one line: what is no character, or would change those around it, is U+FFFD."""
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text)


def shown_sentence(text: str) -> str:
    """A sentence about a file as it can be printed, on one line. One that quotes too much loses its middle."""
    text = printable(text)
    return text if len(text) <= _LONGEST_SENTENCE else f"{text[: _LONGEST_SENTENCE - _KEPT_END - 1]}…{text[-_KEPT_END:]}"


def shown_name(name: str) -> str:
    """A file's name as it can be printed, on one line. One longer than a disk takes loses its middle and keeps its ending."""
    name = printable(name)
    if len(name) <= _LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    ending = dot + ending if stem and len(ending) < _LONGEST_ENDING else ""
    return name[: _LONGEST - len(ending) - 1] + "…" + ending
