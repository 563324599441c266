"""Checks a library against the files it was made from."""

from dataclasses import dataclass

from corpus import Document, LibraryError, QuipuError, read_bytes
from index.generation import open_current
from index.home import Home
from index.library import Entry, Library
from index.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Stored:
    """A document of the library with what is stored of it: its text, or a sentence that says why there is none."""

    entry: Entry
    document: Document | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of checking one document; `problem` is a sentence, or "" if all is as it should be."""

    entry: Entry
    characters: int
    problem: str


def stored(home: Home) -> list[Stored]:
    """Every document of the library, in the order they were added. Raises LibraryError if no generation can be opened."""
    generation = open_current(home)
    volumes = {volume.id: volume for volume in generation.manifest.volumes} if generation else {}
    found = []
    for entry in Library(home).active():
        if entry.id not in volumes:
            problem = f"{entry.name} is not searched: it was never fully indexed, or its files are damaged. Add it again."
            found.append(Stored(entry, None, problem))
            continue
        try:
            found.append(Stored(entry, Shelf(home).document(volumes[entry.id])))
        except LibraryError as error:
            found.append(Stored(entry, None, str(error)))
    return found


def verify(home: Home) -> list[Verified]:
    """Re-reads the original of every document and compares it with what is searched and quoted, in the order of `stored`."""
    results = []
    for kept in stored(home):
        if kept.document is None:
            results.append(Verified(kept.entry, 0, kept.problem))
            continue
        try:
            same = reread(home, kept.entry) == kept.document
            problem = "" if same else f"{kept.entry.name} reads differently now than when it was indexed: run `quipu rebuild`."
        except QuipuError as error:
            problem = str(error)
        results.append(Verified(kept.entry, len(kept.document.text), problem))
    return results


def reread(home: Home, entry: Entry) -> Document:
    """The document as it is read now from its kept original. Raises LibraryError or DocumentError if that can't be done."""
    return read_bytes(Shelf(home).original(entry), entry.name)
