"""Changes a library: remove, limit, rebuild, and the last steps of every change.

Each ends in a new generation; killed at any moment, the old one still serves.
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
from index.encoders import Encoder
from index.errors import EncoderError, LibraryError
from index.library.catalogue import Catalogue, Entry
from index.library.documents import DocumentFiles, DocumentVersion
from index.library.generations import Generation, Model, current_number, discard_unused, open_current, prune, write_generation
from index.library.home import BusyError, Home


class Progress(Protocol):
    """Told how an `add` or a `rebuild` goes, to show it."""

    def reading(self, name: str, number: int, total: int, done: float, share: float) -> None:
        """A document in file `number` of `total` is being read. By size, from 0 to 1, `done` of all files lies before it, and it is
        a `share` of them.
        """

    def encoding(self, passages: int) -> None:
        """The document just read has so many passages to encode."""

    def encoded(self, passages: int) -> None:
        """So many more passages are encoded."""


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
    """What became of a `rebuild`: how many documents were read anew, and a sentence for each that couldn't be."""

    documents: int
    problems: tuple[str, ...]


def remove(home: Home, name: str) -> list[Entry]:
    """Remove the document of this name or id, and every trace of it; what was removed.

    With an e-mail that is named go the documents that were attached to it, and the name of a zip stands for the documents in it.
    Readers don't see it from the moment it is marked, even while another writer is at work; then its files and all generations
    that held it are deleted. Raises LibraryError if there is no such document, or if several have this name; BusyError if the
    files have to wait for the other writer, who deletes them then.
    """
    return _remove(home, _named(home, Catalogue(home).entries(), name, "remove"), name)


def remove_from(home: Home, places: Collection[str]) -> list[Entry]:
    """Remove the documents that were added from files at these places, as `remove` does; what was removed."""
    entries = [entry for entry in Catalogue(home).active() if file_of(entry.path) in places]
    return _remove(home, entries, " and ".join(entry.name for entry in entries)) if entries else []


def limit(home: Home, name: str, groups: Collection[str]) -> list[Entry]:
    """From now on only readers in one of these groups may see the document of this name or id; all may if there are none.

    Names stand for the same documents as for `remove`. Gives their entries as they are then. Raises LibraryError if there is none,
    or if several have this name.
    """
    library = Catalogue(home)
    active = library.active()
    paths = {entry.path for entry in active if name in (entry.id, entry.name)}
    if len(paths) != 1:
        paths = {entry.path for entry in _named(home, active, name, "limit")}
    elif all(entry.id != name for entry in active):
        paths |= {entry.path for entry in active for path in paths if is_in(entry.path, path)}
    versions = [entry.id for entry in active if entry.path in paths]  # a file that is just being replaced has two
    library.limit(versions, groups)
    return list({entry.path: entry for entry in library.active() if entry.id in versions}.values())


def rebuild(
    home: Home, encoder: Encoder, progress: Progress = NO_PROGRESS, parsers: FileParsers = ISOLATED_PARSERS
) -> RebuildResult:
    """Read and embed every document anew, where this version of Quipu or this encoder hasn't.

    What can't be read anew stays as it was, if this version and this encoder made it.
    """
    with home.writing(), parsers.open() as pool:
        discard_unused(home)
        entries = Catalogue(home).active()
        volumes: dict[str, DocumentVersion] = {}
        problems = []
        begun = ((entry, pool.begin(partial(_read_anew, home, entry, pool))) for entry in entries)
        for number, (entry, text) in enumerate(pool.prefetch(begun, _weight), 1):
            progress.reading(entry.name, number, len(entries), (number - 1) / len(entries), 1 / len(entries))
            try:
                document, data = text.result()
                volumes[entry.id], _ = embed(home, document, data, encoder, progress)
            except (DocumentError, LibraryError) as error:
                problems.append(str(error))
        commit(home, None, model_of(encoder), volumes)
        return RebuildResult(len(entries) - len(problems), tuple(problems))


def _named(home: Home, entries: Sequence[Entry], name: str, verb: str) -> list[Entry]:
    """The documents that a name or an id stands for. Raises LibraryError if there is none, or if that isn't clear."""
    named = [entry for entry in entries if name in (entry.id, entry.name)]
    if len(named) > 1:
        ids = " or ".join(entry.id for entry in named)
        raise LibraryError(f"{len(named)} documents are named '{name}': {verb} one by its id, {ids}.")
    if named:
        return named + [entry for entry in entries if is_in(entry.path, named[0].path) and named[0].id != name]
    within = [entry for entry in entries if is_named(entry.name, name)]
    if not within:
        raise LibraryError(f"There is no document '{name}' in {home.path}: `quipu documents` lists what is there.")
    if len({file_of(entry.path) for entry in within}) > 1:
        raise LibraryError(f"Several files are named '{name}': {verb} what is in them by its ids, which `quipu documents` lists.")
    return within


def _remove(home: Home, entries: Sequence[Entry], named: str) -> list[Entry]:
    library, ids = Catalogue(home), [entry.id for entry in entries]
    library.mark_removed(ids)
    try:
        with home.writing():
            library.mark_removed(ids)  # again: a writer may have added it while this one waited
            discard_unused(home)
            try:
                generation = open_current(home)
            except LibraryError:
                generation = None  # it can't be searched, and may not stay: it holds what was removed
            volumes = {volume.id: volume for volume in generation.manifest.volumes} if generation else {}
            commit(home, generation, generation.manifest.model if generation else None, volumes)
    except BusyError:
        raise BusyError(
            f"{named} can't be asked any more; its files go when the quipu that is changing {home.path} has finished."
        ) from None
    return list(entries)


def _read_anew(home: Home, entry: Entry, pool: ParserPool) -> tuple[Document, bytes]:
    """The document of an entry, and its original. Raises DocumentError if that can't be read, and LibraryError if it isn't what was
    added, or was read by OCR and now can't be: its scanned pages would be lost.
    """
    data = DocumentFiles(home).original(entry)
    kept = DocumentFiles(home).newest(entry.id)
    by_ocr = kept is not None and any(page.ocr for page in kept.pages)
    document = pool.parse(data, entry.name, ocr=True if by_ocr else None)
    if by_ocr and not any(page.ocr for page in document.pages):
        raise LibraryError(f"{entry.name} was read by OCR, which isn't there now: install tesseract, and rebuild again.")
    return document, data


def _weight(begun: tuple[Entry, Future[tuple[Document, bytes]]]) -> int:
    """About how many bytes are held of an entry that is read anew."""
    read = result_if_done(begun[1])
    return weight_of(read[0]) + len(read[1]) if read is not None else 0


def check_encoder(model: Model, encoder: Encoder) -> None:
    """Raises EncoderError unless `encoder` is the one of `model`."""
    if model.fingerprint != encoder.fingerprint:
        raise EncoderError(
            f"The index was made with the encoder '{model.name}' ({model.fingerprint}), and this one is '{encoder.name}' "
            f"({encoder.fingerprint}). Set QUIPU_MODEL to '{model.name}', or run `quipu rebuild` to embed all documents anew."
        )


def embed(home: Home, document: Document, data: bytes, encoder: Encoder, progress: Progress) -> tuple[DocumentVersion, int]:
    """Put the document and its passages' vectors on the shelf, unless they are there already; gives its passages' number too."""
    shelf = DocumentFiles(home)
    volume = shelf.put(document, data, encoder.fingerprint)
    with suppress(LibraryError):
        return volume, len(shelf.passages(volume).ranges)
    passages = split(document, encoder.count_tokens, encoder.limit)
    progress.encoding(len(passages))
    texts = [encoded_text(document, passage, encoder.count_tokens, encoder.limit) for passage in passages]
    shelf.put_passages(volume, document, passages, encoder.passages(texts, progress.encoded), encoder.arithmetic)
    return volume, len(passages)


def commit(home: Home, before: Generation | None, model: Model | None, known: Mapping[str, DocumentVersion]) -> None:
    """Put a generation of all active documents in use; then delete what was removed or replaced, and the generations that held it.

    `known` are the volumes to search, by document id; others are looked for on the shelf. Without a `model` nothing can be put
    in use.
    """
    library, shelf = Catalogue(home), DocumentFiles(home)
    entries = library.entries()
    gone = [entry.id for entry in entries if entry.removed is not None]
    kept = [before.manifest.number] if before else []
    is_new = False
    if model is not None:
        active = [entry for entry in entries if entry.removed is None]
        found = {entry.id: known.get(entry.id) or shelf.find(entry.id, model.fingerprint) for entry in active}
        replaced = _replaced(active, {document for document, volume in found.items() if volume})
        gone += replaced
        volumes = {volume for document, volume in found.items() if volume and document not in replaced}
        if before is not None:
            is_new = volumes != set(before.manifest.volumes) or before.notice != ""
        else:
            is_new = bool(volumes) or current_number(home) is not None
        if is_new:
            kept.append(write_generation(home, model, list(volumes)))
    if gone:
        library.mark_removed(gone)
        prune(home, kept[-1:])
        for document in gone:
            shelf.purge(document)
        library.forget(gone)
    elif is_new:
        prune(home, kept)


def _replaced(entries: Sequence[Entry], whole: Collection[str]) -> list[str]:
    """The ids of the documents that others replace: a later one from the same path that is among the `whole`.

    A document whose files aren't complete (its `add` was killed) waits for its next `add`, and what it replaces stays until then.
    """
    from_path: dict[str, list[str]] = {}
    replaced: list[str] = []
    for entry in entries:
        if entry.id in whole:
            replaced += from_path.pop(entry.path, [])
        from_path.setdefault(entry.path, []).append(entry.id)
    return replaced


def model_of(encoder: Encoder) -> Model:
    """What a generation says of an encoder."""
    return Model(encoder.name, encoder.fingerprint, encoder.dimension)
