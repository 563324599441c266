"""Files that hold others: a zip of documents, and an e-mail, which is a document itself and has others attached."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from corpus.errors import DocumentError
from corpus.file_parsers import ParserPool
from corpus.formats import FORMATS
from corpus.load import load
from corpus.names import WITHIN, shown_name

_INSIDE = "!/"  # stands between a container's place and that of a file in it
_ZIP, _MAIL = ".zip", ".eml"
ACCEPTED_ENDINGS = frozenset([*FORMATS, _ZIP])
"""The endings, in small letters, of the files that can be added."""

_DEEPEST = 4  # a report in a zip in an e-mail in a zip
_LONGEST = 80  # characters of a container's or a file's name before what is in it
_LONGEST_ENDING = 10  # characters
_MOST = 10_000  # files in a file


@dataclass(frozen=True, slots=True)
class Part:
    """A file that is to be read: its place, as the catalogue keeps it, its name as people see it, and its bytes.

    `problem` says in a sentence why there are none, or why what is in it can't be had. `within` is whether it is in another file.
    `share` is how much of the file on the disk it is, by size, from 0 to 1; what is attached to an e-mail counts with that.
    """

    place: str
    name: str
    data: bytes = b""
    problem: str = ""
    within: bool = False
    share: float = 1.0

    @property
    def ending(self) -> str:
        """The ending of its name, in small letters."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def is_other(self) -> bool:
        """Whether it is of a type that Quipu doesn't read, among others in a file."""
        return self.within and self.ending not in FORMATS


def parts_of(path: Path, pool: ParserPool) -> Iterator[Part]:
    """The files that are to be read in one on the disk: itself, or those in a zip, or an e-mail and what is attached to it.

    What can't be opened is a `Part` with a problem. Raises DocumentError if the file itself can't be loaded.
    """
    most = pool.options.megabytes
    whole = Part(place_of(path), shown_name(path.name), load(path, most))
    size = 0
    for number, part in enumerate(_opened(whole, pool, [])):
        size += len(part.data) if part.within else 0
        if number > _MOST or size > most * 1_000_000:
            yield _closed(whole, f"{whole.name} holds more than {_MOST:,} files or {most} MB: add what is left of them apart.")
            return
        yield part


def place_of(path: Path) -> str:
    """The path as the catalogue keeps it; a name that isn't UTF-8 with escapes, since SQLite takes no other text."""
    return os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")


def file_of(place: str) -> str:
    """The place of the file on the disk that this one is, or is in."""
    return place.partition(_INSIDE)[0]


def is_in(place: str, container: str) -> bool:
    """Whether a place is in a container at another."""
    return place.startswith(container + _INSIDE)


def is_named(name: str, container: str) -> bool:
    """Whether this is the name of something in a container of that name."""
    return name.startswith(shortened(container) + WITHIN)


def shortened(name: str) -> str:
    """A name in at most `_LONGEST` characters, with its ending.

    >>> shortened("minutes of the meeting " * 9 + ".eml")
    'minutes of the meeting minutes of the meeting minutes of the meeting minute….eml'
    """
    ending = PurePosixPath(name).suffix[:_LONGEST_ENDING]
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - len(ending) - 1]}…{ending}"


def last_part(name: str) -> str:
    """A file's name without the folders before it, as it can be shown: what a browser or an archive says is not to be trusted."""
    return shown_name(name.replace("\\", "/").rpartition("/")[2]).strip()


def _opened(part: Part, pool: ParserPool, around: list[str]) -> Iterator[Part]:
    """The files that are to be read in one; `around` are the endings of the containers that it is in."""
    if part.ending not in (_ZIP, _MAIL):
        yield part
        return
    if part.ending == _MAIL:
        yield part
    if len(around) >= _DEEPEST or (part.ending == _ZIP and around.count(_ZIP) > 1):
        yield _closed(part, f"{part.name} is in too many files: take it out, and add it apart.")
        return
    try:
        inner = pool.unpack(part.data, part.name)
    except DocumentError as error:
        yield _closed(part, str(error))
        return
    used: set[str] = set()
    of_each = part.share / max(1, sum(len(data) for _, data in inner)) if part.ending == _ZIP else 0.0
    for name, data in inner:
        place = _unused(f"{part.place}{_INSIDE}{shown_name(name)}", used)
        shown = f"{shortened(part.name)}{WITHIN}{shortened(last_part(name) or '?')}"
        within = Part(place, shown, data, within=True, share=len(data) * of_each)
        yield from _opened(within, pool, [*around, part.ending])


def _closed(part: Part, problem: str) -> Part:
    return replace(part, data=b"", problem=problem, share=0.0)


def _unused(place: str, used: set[str]) -> str:
    """The place, with a number if a file before has the same; it is used from now on."""
    number, numbered = 1, place
    while numbered in used:
        number += 1
        numbered = f"{place} ({number})"
    used.add(numbered)
    return numbered
