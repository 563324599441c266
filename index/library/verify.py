"""Compares a library with the original files it was made from."""

from dataclasses import dataclass

from corpus import ISOLATED_PARSERS, Document, FileParsers, ParserPool, QuipuError
from index.errors import LibraryError
from index.library.catalogue import Catalogue, Entry
from index.library.documents import DocumentFiles
from index.library.generations import check, open_current
from index.library.home import Home


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document of the library and its stored text, or a `problem`: a sentence that says why there is none."""

    entry: Entry
    document: Document | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """The outcome of checking one document: the length of its stored text, and a `problem`, a sentence or "" if there is none."""

    entry: Entry
    characters: int
    problem: str


def stored(home: Home) -> list[StoredDocument]:
    """Return every document of the library, in the order they were added. Raises LibraryError if no generation can be opened."""
    generation = open_current(home)
    versions = {version.id: version for version in generation.manifest.versions} if generation else {}
    results = []
    for entry in Catalogue(home).active():
        if entry.id not in versions:
            problem = f"{entry.name} is not searched: it was never fully indexed, or its files are damaged. Add it again."
            results.append(StoredDocument(entry, None, problem))
            continue
        try:
            results.append(StoredDocument(entry, DocumentFiles(home).document(versions[entry.id])))
        except LibraryError as error:
            results.append(StoredDocument(entry, None, str(error)))
    return results


def verify(home: Home, parsers: FileParsers = ISOLATED_PARSERS) -> list[VerifyResult]:
    """Parse the original of every document anew and compare it with the text that is searched and quoted, in the order of `stored`.

    Raises LibraryError if no generation can be opened, or if one of its files was changed.
    """
    if (generation := open_current(home)) is not None:
        check(generation, home)
    with parsers.open() as pool:
        return _compare(home, pool)


def _compare(home: Home, pool: ParserPool) -> list[VerifyResult]:
    results = []
    for each in stored(home):
        entry, document = each.entry, each.document
        if document is None:
            results.append(VerifyResult(entry, 0, each.problem))
            continue
        try:
            is_same = reread(home, entry, pool, document) == document
            problem = "" if is_same else f"{entry.name} reads differently now than when it was indexed: run `quipu rebuild`."
        except QuipuError as error:
            problem = str(error)
        results.append(VerifyResult(entry, len(document.text), problem))
    return results


def reread(home: Home, entry: Entry, pool: ParserPool, compared: Document | None = None) -> Document:
    """Parse a document anew from its original, with OCR only if the document to compare it with was read with OCR.

    `compared` is that document; None means the newest stored one. Raises LibraryError or DocumentError if the original can't be
    read, or OCR is needed and not available.
    """
    files = DocumentFiles(home)
    compared = compared or files.newest(entry.id)
    by_ocr = compared is not None and _by_ocr(compared)
    document = pool.parse(files.original(entry), entry.name, ocr=by_ocr)
    if by_ocr and not _by_ocr(document):
        raise LibraryError(f"{entry.name} was read by OCR, which is not available now: install tesseract and compare again.")
    return document


def _by_ocr(document: Document) -> bool:
    """Return whether any page of a document was read by OCR."""
    return any(page.ocr for page in document.pages)
