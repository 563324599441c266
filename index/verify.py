"""Checks a library against the files it was made from."""

from dataclasses import dataclass

from corpus import Document, QuipuError, load, read_bytes
from index.generation import open_current
from index.home import Home
from index.library import Entry, Library
from index.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of checking one document; `problem` is a sentence, or None if all is as it should be."""

    entry: Entry
    characters: int
    problem: str | None


def verify(home: Home) -> tuple[list[Verified], str]:
    """Re-reads the original of every document and compares it with what is searched and quoted.

    Gives a result per document, and a sentence on the generation in use if something is wrong with it, else "".
    Raises LibraryError if no generation can be opened.
    """
    generation = open_current(home)
    results = []
    if generation is None:
        return [], ""
    for entry in Library(home).active():
        volume = next((volume for volume in generation.manifest.volumes if volume.id == entry.id), None)
        if volume is None:
            results.append(Verified(entry, 0, f"{entry.name} was never fully indexed: add it again."))
            continue
        try:
            stored = Shelf(home).document(volume.id, volume.text)
            results.append(Verified(entry, len(stored.text), _difference(reread(home, entry), stored)))
        except QuipuError as error:
            results.append(Verified(entry, 0, str(error)))
    return results, generation.notice


def reread(home: Home, entry: Entry) -> Document:
    """The document as it is read now from its kept original. Raises LibraryError or DocumentError if that can't be done."""
    data = load(Shelf(home).original(entry.id))
    return read_bytes(data, entry.name)


def _difference(now: Document, stored: Document) -> str | None:
    if now.id != stored.id:
        return f"The kept original of {stored.source} is not the file that was added (its sha256 begins {now.id})."
    if now.text != stored.text:
        return f"{stored.source} reads differently now than when it was indexed: run `quipu rebuild`."
    if (now.pages, now.blocks) != (stored.pages, stored.blocks):
        return f"The pages or paragraphs of {stored.source} are not what they were when it was indexed: run `quipu rebuild`."
    return None
