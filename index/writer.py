"""Changes a library: add, remove, rebuild. Each ends in a new generation; killed at any moment, the old one still serves."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from corpus import Document, DocumentError, EncoderError, LibraryError, document_id, encoded_text, load, read_bytes, split
from index.encoder import Encoder
from index.generation import Generation, Model, open_current, prune, write_generation
from index.home import Home
from index.library import Entry, Library, now
from index.shelf import Shelf


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
_KEPT = 2  # generations: the one in use, and the one to fall back to


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


def add(home: Home, paths: Sequence[Path], encoder: Encoder, progress: Progress = SILENT) -> list[Added]:
    """Add files to the library and index them. A file that can't be read is an `Added` with its error; the rest goes on.

    Only what is new is embedded. A file whose content changed since it was added from the same place replaces what it was.
    Raises LibraryError if the home can't be written, EncoderError if the index was made with another encoder.
    """
    with home.writing():
        generation = open_current(home)
        if generation is not None and generation.manifest.passages:
            check_encoder(generation.manifest.model, encoder)
        held = {volume.id for volume in generation.manifest.volumes} if generation else set()
        outcomes = []
        for number, path in enumerate(paths, 1):
            progress.reading(path.name, number, len(paths))
            try:
                outcomes.append(_add_file(home, path, encoder, progress, held))
            except DocumentError as error:
                outcomes.append(Added(path, error=str(error)))
        _commit(home, generation, _model(encoder))
        return outcomes


def remove(home: Home, name: str) -> list[Entry]:
    """Remove the document of this name or id, and every trace of it; what was removed.

    Readers don't see it from the moment it is marked; then its files and all older generations are deleted. Raises LibraryError
    if there is no such document, or if several have this name.
    """
    with home.writing():
        library = Library(home)
        named = [entry for entry in library.entries() if name in (entry.id, entry.name)]
        if not named:
            raise LibraryError(f"There is no document '{name}' in {home.path}: `quipu documents` lists what is there.")
        if len(named) > 1:
            ids = " or ".join(entry.id for entry in named)
            raise LibraryError(f"{len(named)} documents are named '{name}': remove one by its id, {ids}.")
        library.mark_removed([entry.id for entry in named])
        try:
            generation = open_current(home)
        except LibraryError:
            generation = None  # it can't be searched, and may not stay: it holds what was removed
        _commit(home, generation, generation.manifest.model if generation else None)
        return named


def rebuild(home: Home, encoder: Encoder, progress: Progress = SILENT) -> int:
    """Read and embed every document anew, where this version of Quipu or this encoder hasn't; gives how many there are."""
    with home.writing():
        entries = Library(home).active()
        for number, entry in enumerate(entries, 1):
            progress.reading(entry.name, number, len(entries))
            data = load(Shelf(home).original(entry.id))
            _embed(home, read_bytes(data, entry.name), data, encoder, progress)
        _commit(home, None, _model(encoder))
        prune(home, keep=1)
        return len(entries)


def check_encoder(model: Model, encoder: Encoder) -> None:
    """Raises EncoderError unless `encoder` is the one of `model`."""
    if model.fingerprint != encoder.fingerprint:
        raise EncoderError(
            f"The index was made with the encoder '{model.name}' ({model.fingerprint}), and this one is '{encoder.name}' "
            f"({encoder.fingerprint}). Set QUIPU_MODEL to '{model.name}', or run `quipu rebuild` to embed all documents anew."
        )


def _add_file(home: Home, path: Path, encoder: Encoder, progress: Progress, held: set[str]) -> Added:
    """Enter a file and put it on the shelf. `held` are the ids of the documents in the generation in use."""
    library, shelf = Library(home), Shelf(home)
    data = load(path)
    entry = Entry(document_id(data), path.name, str(path.absolute()), now())
    volume = shelf.volume(entry.id, encoder.fingerprint)
    active = library.active()
    known = next((other for other in active if other.id == entry.id), None)
    replaces = next((other for other in active if other.path == entry.path and other.id != entry.id), None)
    if known is not None and shelf.has(volume):
        document = shelf.document(volume.id, volume.text)
    else:
        document = read_bytes(data, path.name)
        library.put(known or entry)  # before its files, so that `remove` finds whatever a killed `add` leaves
        _embed(home, document, data, encoder, progress)
    if replaces is not None:
        library.mark_removed([replaces.id])
    return Added(
        path,
        document.title,
        len(document.pages),
        document.pages_without_text(),
        len(shelf.passages(volume)[0]),
        known if entry.id in held else None,
        replaces,
    )


def _embed(home: Home, document: Document, data: bytes, encoder: Encoder, progress: Progress) -> None:
    """Put the document and its passages' vectors on the shelf, unless they are there already."""
    shelf = Shelf(home)
    volume = shelf.volume(document.id, encoder.fingerprint)
    if shelf.has(volume):
        return
    shelf.put(document, data)
    passages = split(document, encoder.count_tokens, encoder.limit)
    progress.encoding(len(passages))
    texts = [encoded_text(document, passage, encoder.count_tokens, encoder.limit) for passage in passages]
    shelf.put_passages(volume, passages, encoder.passages(texts, progress.encoded))


def _commit(home: Home, before: Generation | None, model: Model | None) -> None:
    """Put a generation of all active documents in use, then delete what was removed and the generations that held it.

    A document that was entered but whose files aren't complete (its `add` was killed) waits for its next `add`.
    """
    library, shelf = Library(home), Shelf(home)
    entries = library.entries()
    gone = [entry.id for entry in entries if entry.removed is not None]
    held = {volume.id: volume for volume in before.manifest.volumes} if before else {}
    if model is not None:
        made = (shelf.volume(entry.id, model.fingerprint) for entry in entries if entry.removed is None)
        volumes = [held.get(volume.id, volume) for volume in made if volume.id in held or shelf.has(volume)]
        if before is None or before.notice or {volume.id for volume in volumes} != set(held):
            write_generation(home, model, volumes)
    prune(home, keep=_KEPT if not gone else 1 if model is not None else 0)
    for document in gone:
        shelf.purge(document)
    library.forget(gone)


def _model(encoder: Encoder) -> Model:
    return Model(encoder.name, encoder.fingerprint, encoder.dimension)
