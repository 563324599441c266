"""Changes a library: add, remove, rebuild. Each ends in a new generation; killed at any moment, the old one still serves."""

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from corpus import (
    Document,
    DocumentError,
    EncoderError,
    LibraryError,
    document_id,
    encoded_text,
    load,
    read_bytes,
    shown_name,
    split,
)
from index.encoder import Encoder
from index.generation import Generation, Model, current_number, discard_unused, open_current, prune, write_generation
from index.home import BusyError, Home
from index.library import Entry, Library, now
from index.shelf import Shelf, Volume


class Progress(Protocol):
    """Told how an `add` or a `rebuild` goes, to show it."""

    def reading(self, name: str, number: int, total: int) -> None:
        """File `number` of `total` is being read."""

    def encoding(self, passages: int) -> None:
        """The file just read has so many passages to encode."""

    def encoded(self, passages: int) -> None:
        """So many more passages are encoded."""


class _Silent:
    def reading(self, name: str, number: int, total: int) -> None:
        pass

    def encoding(self, passages: int) -> None:
        pass

    def encoded(self, passages: int) -> None:
        pass


SILENT: Progress = _Silent()


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one file. Either `error` says in a sentence why it was not added, or the rest says what was read.

    `known` names the entry if the same bytes were in the library already; `replaces` is what the file held when it was added
    before. `pages` is 0 for a format without pages.
    """

    path: Path
    title: str = ""
    pages: int = 0
    pages_without_text: tuple[int, ...] = ()
    passages: int = 0
    known: Entry | None = None
    replaces: Entry | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What became of a `rebuild`: how many documents were read anew, and a sentence for each that couldn't be."""

    documents: int
    problems: tuple[str, ...]


def add(
    home: Home, paths: Sequence[Path], encoder: Encoder, progress: Progress = SILENT, groups: Collection[str] = ()
) -> list[Added]:
    """Add files to the library and index them. A file that can't be read is an `Added` with its error; the rest goes on.

    Only readers in one of the `groups` may see them; all may if there are none. A document that is there already keeps its groups
    and gets these too, and so does a file that replaces another: adding never opens to all what was limited.
    Only what is new is embedded. A file whose content changed since it was added from the same place replaces what it was.
    Raises LibraryError if the home can't be written, EncoderError if the index was made with another encoder.
    """
    with home.writing():
        discard_unused(home)
        generation = open_current(home)
        if generation is not None and generation.manifest.passages:
            check_encoder(generation.manifest.model, encoder)
        volumes = {volume.id: volume for volume in generation.manifest.volumes} if generation else {}
        outcomes = []
        for number, path in enumerate(paths, 1):
            progress.reading(shown_name(path.name), number, len(paths))
            try:
                volume, added = _add_file(home, path, encoder, progress, volumes, groups)
                outcomes.append(added)
                volumes[volume.id] = volume
            except DocumentError as error:
                outcomes.append(Added(path, error=str(error)))
        _commit(home, generation, _model(encoder), volumes)
        return outcomes


def remove(home: Home, name: str) -> list[Entry]:
    """Remove the document of this name or id, and every trace of it; what was removed.

    Readers don't see it from the moment it is marked, even while another writer is at work; then its files and all generations
    that held it are deleted. Raises LibraryError if there is no such document, or if several have this name; BusyError if the
    files have to wait for the other writer, who deletes them then.
    """
    library = Library(home)
    named = _named(home, library.entries(), name, "remove")
    library.mark_removed([entry.id for entry in named])
    try:
        with home.writing():
            library.mark_removed([entry.id for entry in named])  # again: a writer may have added it while this one waited
            discard_unused(home)
            try:
                generation = open_current(home)
            except LibraryError:
                generation = None  # it can't be searched, and may not stay: it holds what was removed
            volumes = {volume.id: volume for volume in generation.manifest.volumes} if generation else {}
            _commit(home, generation, generation.manifest.model if generation else None, volumes)
    except BusyError:
        raise BusyError(
            f"{name} can't be asked any more; its files go when the quipu that is changing {home.path} has finished."
        ) from None
    return named


def limit(home: Home, name: str, groups: Collection[str]) -> list[Entry]:
    """From now on only readers in one of these groups may see the document of this name or id; all may if there are none.

    Gives its entry as it is then. Raises LibraryError if there is none, or if several have this name.
    """
    library = Library(home)
    active = library.active()
    paths = {entry.path for entry in active if name in (entry.id, entry.name)}
    if len(paths) != 1:
        _named(home, active, name, "limit")
    versions = [entry.id for entry in active if entry.path in paths]  # a file that is just being replaced has two
    library.limit(versions, groups)
    return [entry for entry in library.active() if entry.id in versions][-1:]


def rebuild(home: Home, encoder: Encoder, progress: Progress = SILENT) -> Rebuilt:
    """Read and embed every document anew, where this version of Quipu or this encoder hasn't.

    What can't be read anew stays as it was, if this version and this encoder made it.
    """
    with home.writing():
        discard_unused(home)
        entries = Library(home).active()
        volumes: dict[str, Volume] = {}
        problems = []
        for number, entry in enumerate(entries, 1):
            progress.reading(entry.name, number, len(entries))
            try:
                data = Shelf(home).original(entry)
                volumes[entry.id], _ = _embed(home, read_bytes(data, entry.name), data, encoder, progress)
            except (DocumentError, LibraryError) as error:
                problems.append(str(error))
        _commit(home, None, _model(encoder), volumes)
        return Rebuilt(len(entries) - len(problems), tuple(problems))


def _named(home: Home, entries: Sequence[Entry], name: str, verb: str) -> list[Entry]:
    """The one of the entries that has this name or id. Raises LibraryError if there is none, or several."""
    named = [entry for entry in entries if name in (entry.id, entry.name)]
    if not named:
        raise LibraryError(f"There is no document '{name}' in {home.path}: `quipu documents` lists what is there.")
    if len(named) > 1:
        ids = " or ".join(entry.id for entry in named)
        raise LibraryError(f"{len(named)} documents are named '{name}': {verb} one by its id, {ids}.")
    return named


def check_encoder(model: Model, encoder: Encoder) -> None:
    """Raises EncoderError unless `encoder` is the one of `model`."""
    if model.fingerprint != encoder.fingerprint:
        raise EncoderError(
            f"The index was made with the encoder '{model.name}' ({model.fingerprint}), and this one is '{encoder.name}' "
            f"({encoder.fingerprint}). Set QUIPU_MODEL to '{model.name}', or run `quipu rebuild` to embed all documents anew."
        )


def _add_file(
    home: Home, path: Path, encoder: Encoder, progress: Progress, searched: Collection[str], groups: Collection[str]
) -> tuple[Volume, Added]:
    """Enter a file and put it on the shelf. `searched` are the ids of the documents that are known already."""
    library, shelf = Library(home), Shelf(home)
    data = load(path)
    entry = Entry(document_id(data), shown_name(path.name), _stored(path), now())
    active = library.active()
    known = next((other for other in active if other.id == entry.id), None)
    replaces = next((other for other in active if other.path == entry.path and other.id != entry.id), None)
    volume = shelf.find(entry.id, encoder.fingerprint) if known else None
    document = shelf.document(volume) if volume else read_bytes(data, (known or entry).name)
    entry = replace(entry, groups=tuple(groups))
    if known is None:
        library.put(entry)  # before its files, so that `remove` finds whatever a killed `add` leaves
    elif replaces is not None or not _holds(known):
        library.put(replace(entry, name=known.name))
    elif groups:
        library.put(replace(known, groups=entry.groups))
    volume, passages = _embed(home, document, data, encoder, progress)
    return volume, Added(
        path,
        document.title,
        len(document.pages),
        document.pages_without_text(),
        passages,
        known if entry.id in searched else None,
        replaces,
    )


def _stored(path: Path) -> str:
    """The path as it is kept; a name that isn't UTF-8 with escapes, since SQLite takes no other text."""
    return os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")


def _holds(entry: Entry) -> bool:
    """Whether the file that the entry was added from still holds the same."""
    try:
        return document_id(load(Path(entry.path))) == entry.id
    except DocumentError:
        return False


def _embed(home: Home, document: Document, data: bytes, encoder: Encoder, progress: Progress) -> tuple[Volume, int]:
    """Put the document and its passages' vectors on the shelf, unless they are there already; gives its passages' number too."""
    shelf = Shelf(home)
    volume = shelf.put(document, data, encoder.fingerprint)
    with suppress(LibraryError):
        return volume, len(shelf.passages(volume)[0])
    passages = split(document, encoder.count_tokens, encoder.limit)
    progress.encoding(len(passages))
    texts = [encoded_text(document, passage, encoder.count_tokens, encoder.limit) for passage in passages]
    shelf.put_passages(volume, passages, encoder.passages(texts, progress.encoded))
    return volume, len(passages)


def _commit(home: Home, before: Generation | None, model: Model | None, known: Mapping[str, Volume]) -> None:
    """Put a generation of all active documents in use; then delete what was removed or replaced, and the generations that held it.

    `known` are the volumes to search, by document id; others are looked for on the shelf. Without a `model` nothing can be put
    in use.
    """
    library, shelf = Library(home), Shelf(home)
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


def _model(encoder: Encoder) -> Model:
    return Model(encoder.name, encoder.fingerprint, encoder.dimension)
