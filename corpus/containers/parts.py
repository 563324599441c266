"""Container files: a zip of documents, and an email, which is a document itself and may have others attached."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from corpus.errors import DocumentError
from corpus.file_parsers import ParserPool
from corpus.formats import FORMATS
from corpus.load import load
from corpus.names import WITHIN, shown_name

_SEPARATOR = "!/"  # between a container's place and the path of a file in it
_ZIP, _MAIL = ".zip", ".eml"
ACCEPTED_ENDINGS = frozenset([*FORMATS, _ZIP])
"""The lower-case endings of the files that can be added."""

_MAX_DEPTH = 4  # levels of containers: a report in a zip in an email in a zip has three
_MAX_NAME = 80  # characters of a name, where it stands before or after another
_MAX_ENDING = 10  # characters
_MAX_FILES = 10_000  # in one file on the disk


@dataclass(frozen=True, slots=True)
class Part:
    """A file to be read: a file on the disk, or one inside it.

    `place` is its path as the catalogue stores it, `name` the name that people see. `problem` is a sentence if the file can't be
    opened; `data` is then empty. `within` says whether it is inside another file. `share` is its share of the file on the disk by
    size, from 0 to 1; attachments count towards the email they belong to.
    """

    place: str
    name: str
    data: bytes = b""
    problem: str = ""
    within: bool = False
    share: float = 1.0

    @property
    def ending(self) -> str:
        """The ending of its name, in lower case."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def is_other(self) -> bool:
        """Whether it is inside a container and of a type that Quipu does not read."""
        return self.within and self.ending not in FORMATS


def parts_of(path: Path, pool: ParserPool) -> Iterator[Part]:
    """Yield the files to be read from one on the disk: the file itself, the files in a zip, or an email and its attachments.

    A part that can't be opened has a `problem`. Raises DocumentError if the file itself can't be loaded.
    """
    max_megabytes = pool.options.megabytes
    whole = Part(place_of(path), shown_name(path.name), load(path, max_megabytes))
    size = 0
    for number, part in enumerate(_walk(whole, pool, [])):
        size += len(part.data) if part.within else 0
        if number > _MAX_FILES or size > max_megabytes * 1_000_000:
            yield _unreadable(
                whole, f"{whole.name} holds more than {_MAX_FILES:,} files or {max_megabytes} MB: add the rest separately."
            )
            return
        yield part


def place_of(path: Path) -> str:
    """Return a path as the catalogue stores it. Bytes that are not UTF-8 become escapes, because SQLite stores only UTF-8."""
    return os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")


def file_of(place: str) -> str:
    """Return the path of the file on the disk that a place refers to, or lies inside."""
    return place.partition(_SEPARATOR)[0]


def is_in(place: str, container: str) -> bool:
    """Return whether a place lies inside the container at another place."""
    return place.startswith(container + _SEPARATOR)


def is_named(name: str, container: str) -> bool:
    """Return whether a name is that of a file inside the container of this name."""
    return name.startswith(shortened(container) + WITHIN)


def shortened(name: str) -> str:
    """Return a name cut to at most `_MAX_NAME` characters, keeping its ending.

    >>> shortened("minutes of the meeting " * 9 + ".eml")
    'minutes of the meeting minutes of the meeting minutes of the meeting minute….eml'
    """
    ending = PurePosixPath(name).suffix[:_MAX_ENDING]
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - len(ending) - 1]}…{ending}"


def last_part(name: str) -> str:
    """Return the last component of a path, safe to show: names from browsers and archives can't be trusted."""
    return shown_name(name.replace("\\", "/").rpartition("/")[2]).strip()


def _walk(part: Part, pool: ParserPool, outer_endings: list[str]) -> Iterator[Part]:
    """Yield the files to be read from a part; `outer_endings` are the endings of the containers around it, outermost first."""
    if part.ending not in (_ZIP, _MAIL):
        yield part
        return
    if part.ending == _MAIL:
        yield part
    if len(outer_endings) >= _MAX_DEPTH or (part.ending == _ZIP and outer_endings.count(_ZIP) > 1):
        yield _unreadable(part, f"{part.name} is nested too deeply: take it out and add it separately.")
        return
    try:
        inner = pool.unpack(part.data, part.name)
    except DocumentError as error:
        yield _unreadable(part, str(error))
        return
    used: set[str] = set()
    share_per_byte = part.share / max(1, sum(len(data) for _, data in inner)) if part.ending == _ZIP else 0.0
    for name, data in inner:
        place = _unique(f"{part.place}{_SEPARATOR}{shown_name(name)}", used)
        shown = f"{shortened(part.name)}{WITHIN}{shortened(last_part(name) or '?')}"
        within = Part(place, shown, data, within=True, share=len(data) * share_per_byte)
        yield from _walk(within, pool, [*outer_endings, part.ending])


def _unreadable(part: Part, problem: str) -> Part:
    return replace(part, data=b"", problem=problem, share=0.0)


def _unique(place: str, used: set[str]) -> str:
    """Return a place, numbered if it is among the `used` ones, and add it to them."""
    number, numbered = 1, place
    while numbered in used:
        number += 1
        numbered = f"{place} ({number})"
    used.add(numbered)
    return numbered
