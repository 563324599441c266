"""Changes a library: remove, limit, rebuild, and the final steps of every change.

A change of what is searched ends by putting a new generation in use; if it is killed before that, the old one still serves.
"""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from corpus import (
    ISOLATED_PARSERS,
    Document,
    DocumentError,
    FileParsers,
    ParserPool,
    encoded_text,
    file_of,
    is_in,
    is_named,
    result_if_done,
    split,
    weight_of,
)
from index.encoders import Encoder, is_at_hand
from index.errors import EncoderError, LibraryError
from index.library.catalogue import Catalogue, Entry
from index.library.documents import DocumentFiles, DocumentVersion
from index.library.generations import Generation, Model, current_number, discard_unused, open_current, prune, write_generation
from index.library.home import BusyError, Home


class Progress(Protocol):
    """Receives the progress of an `add` or a `rebuild`, to show it."""

    def reading(self, name: str, number: int, total: int, done: float, share: float) -> None:
        """Report that a document in file `number` of `total` is being read.

        Measured by size, from 0 to 1, a fraction `done` of all files comes before it, and it is a fraction `share` of them.
        """

    def encoding(self, passages: int) -> None:
        """Report that the document just read has this many passages to encode."""

    def encoded(self, passages: int) -> None:
        """Report that this many more passages are encoded."""


class _Silent:
    def reading(self, name: str, number: int, total: int, done: float, share: float) -> None:
        pass

    def encoding(self, passages: int) -> None:
        pass

    def encoded(self, passages: int) -> None:
        pass


NO_PROGRESS: Progress = _Silent()


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """The outcome of a `rebuild`: how many documents were rebuilt, and a sentence for each that could not be."""

    documents: int
    problems: tuple[str, ...]


def remove(home: Home, name: str) -> list[Entry]:
    """Remove the document with this name or id, and every trace of it. Return the entries removed.

    The name of an email includes its attachments, and the name of a zip stands for the documents in it. Readers stop seeing the
    documents at once, even while another process is writing; then their files and all generations with them are deleted. Raises
    LibraryError if no document or several have this name, and BusyError if another process is writing, which will delete the files.
    """
    return _remove(home, _find(home, Catalogue(home).entries(), name, "remove"), name)


def remove_from(home: Home, places: Collection[str]) -> list[Entry]:
    """Remove the documents that were added from the files at these places, as `remove` does. Return the entries removed."""
    entries = [entry for entry in Catalogue(home).active() if file_of(entry.path) in places]
    return _remove(home, entries, " and ".join(entry.name for entry in entries)) if entries else []


def limit(home: Home, name: str, groups: Collection[str]) -> list[Entry]:
    """Let only readers in one of these groups see the document with this name or id; everyone, if there are none.

    Names stand for the same documents as in `remove`. Return their new entries. Raises LibraryError if no document or several have
    this name.
    """
    catalogue = Catalogue(home)
    active = catalogue.active()
    paths = {entry.path for entry in active if name in (entry.id, entry.name)}
    if len(paths) != 1:
        paths = {entry.path for entry in _find(home, active, name, "limit")}
    elif all(entry.id != name for entry in active):
        paths |= {entry.path for entry in active for path in paths if is_in(entry.path, path)}
    ids = [entry.id for entry in active if entry.path in paths]  # a file that is just being replaced has two
    catalogue.limit(ids, groups)
    return list({entry.path: entry for entry in catalogue.active() if entry.id in ids}.values())


def rebuild(
    home: Home, encoder: Encoder, progress: Progress = NO_PROGRESS, parsers: FileParsers = ISOLATED_PARSERS
) -> RebuildResult:
    """Parse every document anew, and embed those that this version of Quipu and this encoder haven't.

    A document that can't be parsed anew stays as it is, if this version and this encoder made it.
    """
    with home.writing(), parsers.open() as pool:
        discard_unused(home)
        entries = Catalogue(home).active()
        versions: dict[str, DocumentVersion] = {}
        problems = []
        started = ((entry, pool.begin(partial(_parse_anew, home, entry, pool))) for entry in entries)
        for number, (entry, text) in enumerate(pool.prefetch(started, _weight), 1):
            progress.reading(entry.name, number, len(entries), (number - 1) / len(entries), 1 / len(entries))
            try:
                document, original = text.result()
                versions[entry.id], _ = embed(home, document, original, encoder, progress)
            except (DocumentError, LibraryError) as error:
                problems.append(str(error))
        commit(home, None, model_of(encoder), versions)
        return RebuildResult(len(entries) - len(problems), tuple(problems))


def _find(home: Home, entries: Sequence[Entry], name: str, verb: str) -> list[Entry]:
    """Return the documents that a name or an id stands for. Raises LibraryError if there is none, or if it is ambiguous."""
    matches = [entry for entry in entries if name in (entry.id, entry.name)]
    if len(matches) > 1:
        ids = " or ".join(entry.id for entry in matches)
        raise LibraryError(f"{len(matches)} documents are named '{name}': {verb} one by its id, {ids}.")
    if matches:
        return matches + [entry for entry in entries if is_in(entry.path, matches[0].path) and matches[0].id != name]
    inside = [entry for entry in entries if is_named(entry.name, name)]
    if not inside:
        raise LibraryError(f"There is no document '{name}' in {home.path}: `quipu documents` lists what is there.")
    if len({file_of(entry.path) for entry in inside}) > 1:
        raise LibraryError(f"Several files are named '{name}': {verb} what is in them by its ids, which `quipu documents` lists.")
    return inside


def _remove(home: Home, entries: Sequence[Entry], label: str) -> list[Entry]:
    catalogue, ids = Catalogue(home), [entry.id for entry in entries]
    catalogue.mark_removed(ids)
    try:
        with home.writing():
            catalogue.mark_removed(ids)  # again: a writer may have added it while this one waited
            discard_unused(home)
            try:
                generation = open_current(home)
            except LibraryError:
                generation = None  # it can't be searched, and must be deleted because it holds what was removed
            versions = {version.id: version for version in generation.manifest.versions} if generation else {}
            commit(home, generation, generation.manifest.model if generation else None, versions)
    except BusyError:
        raise BusyError(
            f"{label} can no longer be searched; its files are deleted when the quipu that is changing {home.path} has finished."
        ) from None
    return list(entries)


def _parse_anew(home: Home, entry: Entry, pool: ParserPool) -> tuple[Document, bytes]:
    """Return the document of an entry, parsed anew, and its original file.

    Raises DocumentError if the original can't be parsed, and LibraryError if it is not what was added, or if it was read by OCR and
    OCR is not available now, since its scanned pages would be lost.
    """
    original = DocumentFiles(home).original(entry)
    stored = DocumentFiles(home).newest(entry.id)
    by_ocr = stored is not None and any(page.ocr for page in stored.pages)
    document = pool.parse(original, entry.name, ocr=True if by_ocr else None)
    if by_ocr and not any(page.ocr for page in document.pages):
        raise LibraryError(f"{entry.name} was read by OCR, which is not available now: install tesseract and rebuild again.")
    return document, original


def _weight(started: tuple[Entry, Future[tuple[Document, bytes]]]) -> int:
    """Estimate the bytes that are held of an entry being rebuilt."""
    read = result_if_done(started[1])
    return weight_of(read[0]) + len(read[1]) if read is not None else 0


def check_encoder(model: Model, encoder: Encoder) -> None:
    """Raise EncoderError unless `encoder` is the one of `model`."""
    if model.fingerprint != encoder.fingerprint:
        what_to_do = "Run `quipu rebuild` to embed all documents anew"
        if is_at_hand(model.name):
            what_to_do = f"{what_to_do}, or set QUIPU_MODEL to '{model.name}'"
        raise EncoderError(
            f"The index was made with the encoder '{model.name}' ({model.fingerprint}), and this one is '{encoder.name}' "
            f"({encoder.fingerprint}). {what_to_do}."
        )


def embed(home: Home, document: Document, original: bytes, encoder: Encoder, progress: Progress) -> tuple[DocumentVersion, int]:
    """Store a document and its embedded passages, unless they are stored already. Return its version and number of passages."""
    files = DocumentFiles(home)
    version = files.put(document, original, encoder.fingerprint)
    with suppress(LibraryError):
        return version, len(files.passages(version).ranges)
    passages = split(document, encoder.count_tokens, encoder.limit)
    progress.encoding(len(passages))
    texts = [encoded_text(document, passage, encoder.count_tokens, encoder.limit) for passage in passages]
    files.put_passages(version, document, passages, encoder.passages(texts, progress.encoded), encoder.arithmetic)
    return version, len(passages)


def commit(home: Home, before: Generation | None, model: Model | None, known_versions: Mapping[str, DocumentVersion]) -> None:
    """Put a generation of all active documents in use, then delete what was removed or replaced, and the generations that held it.

    `known_versions` are the versions to search, by document id; others are looked up among the stored files. Without a `model` no
    generation is written.
    """
    catalogue, files = Catalogue(home), DocumentFiles(home)
    entries = catalogue.entries()
    obsolete = [entry.id for entry in entries if entry.removed is not None]
    generations_to_keep = [before.manifest.number] if before else []
    is_new = False
    if model is not None:
        active = [entry for entry in entries if entry.removed is None]
        found_versions = {entry.id: known_versions.get(entry.id) or files.find(entry.id, model.fingerprint) for entry in active}
        replaced = _replaced(active, {document for document, version in found_versions.items() if version})
        obsolete += replaced
        versions = {version for document, version in found_versions.items() if version and document not in replaced}
        if before is not None:
            is_new = versions != set(before.manifest.versions) or before.notice != ""
        else:
            is_new = bool(versions) or current_number(home) is not None
        if is_new:
            generations_to_keep.append(write_generation(home, model, list(versions)))
    if obsolete:
        catalogue.mark_removed(obsolete)
        prune(home, generations_to_keep[-1:])
        for document_id in obsolete:
            files.purge(document_id)
        catalogue.forget(obsolete)
    elif is_new:
        prune(home, generations_to_keep)


def _replaced(entries: Sequence[Entry], complete: Collection[str]) -> list[str]:
    """Return the ids of the documents that a later one from the same path replaces, if that is among the `complete` ones.

    A document with incomplete files, whose `add` was killed, replaces nothing until it is added again.
    """
    from_path: dict[str, list[str]] = {}
    replaced: list[str] = []
    for entry in entries:
        if entry.id in complete:
            replaced += from_path.pop(entry.path, [])
        from_path.setdefault(entry.path, []).append(entry.id)
    return replaced


def model_of(encoder: Encoder) -> Model:
    """Return an encoder as a generation's manifest describes it."""
    return Model(encoder.name, encoder.fingerprint, encoder.dimension)
