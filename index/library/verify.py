"""Checks a library against the files it was made from."""

from dataclasses import dataclass

from corpus import ISOLATED_PARSERS, Document, FileParsers, ParserPool, QuipuError
from index.errors import LibraryError
from index.library.catalogue import Catalogue, Entry
from index.library.documents import DocumentFiles
from index.library.generations import check, open_current
from index.library.home import Home


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document of the library with what is stored of it: its text, or a sentence that says why there is none."""

    entry: Entry
    document: Document | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What became of checking one document; `problem` is a sentence, or "" if all is as it should be."""

    entry: Entry
    characters: int
    problem: str


def stored(home: Home) -> list[StoredDocument]:
    """Every document of the library, in the order they were added. Raises LibraryError if no generation can be opened."""
    generation = open_current(home)
    volumes = {volume.id: volume for volume in generation.manifest.volumes} if generation else {}
    found = []
    for entry in Catalogue(home).active():
        if entry.id not in volumes:
            problem = f"{entry.name} is not searched: it was never fully indexed, or its files are damaged. Add it again."
            found.append(StoredDocument(entry, None, problem))
            continue
        try:
            found.append(StoredDocument(entry, DocumentFiles(home).document(volumes[entry.id])))
        except LibraryError as error:
            found.append(StoredDocument(entry, None, str(error)))
    return found


def verify(home: Home, parsers: FileParsers = ISOLATED_PARSERS) -> list[VerifyResult]:
    """Re-reads the original of every document and compares it with what is searched and quoted, in the order of `stored`.

    Raises LibraryError if no generation can be opened, or if a file of it isn't what was written.
    """
    if (generation := open_current(home)) is not None:
        check(generation, home)
    with parsers.open() as pool:
        return _verified(home, pool)


def _verified(home: Home, pool: ParserPool) -> list[VerifyResult]:
    results = []
    for kept in stored(home):
        if kept.document is None:
            results.append(VerifyResult(kept.entry, 0, kept.problem))
            continue
        try:
            same = reread(home, kept.entry, pool, kept.document) == kept.document
            problem = "" if same else f"{kept.entry.name} reads differently now than when it was indexed: run `quipu rebuild`."
        except QuipuError as error:
            problem = str(error)
        results.append(VerifyResult(kept.entry, len(kept.document.text), problem))
    return results


def reread(home: Home, entry: Entry, pool: ParserPool, kept: Document | None = None) -> Document:
    """Parse a document anew from its original: with OCR if the `kept` one was, else without, so that the two can be compared.

    `kept` None stands for the text that was made of it last. Raises LibraryError or DocumentError if it can't be read, or not by
    OCR.
    """
    files = DocumentFiles(home)
    kept = kept or files.newest(entry.id)
    by_ocr = kept is not None and _by_ocr(kept)
    document = pool.parse(files.original(entry), entry.name, ocr=by_ocr)
    if by_ocr and not _by_ocr(document):
        raise LibraryError(f"{entry.name} was read by OCR, which isn't there now: install tesseract, and compare again.")
    return document


def _by_ocr(document: Document) -> bool:
    """Whether a page of it was read by OCR."""
    return any(page.ocr for page in document.pages)
