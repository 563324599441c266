"""Adds files to a library, each with what is in it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from corpus import (
    ISOLATED_PARSERS,
    Document,
    DocumentError,
    FileParsers,
    ParserPool,
    Part,
    ReadSummary,
    document_id,
    file_of,
    is_in,
    parts_of,
    passed_over,
)
from index.encoders import Encoder
from index.errors import LibraryError
from index.library.catalogue import Catalogue, Entry, now
from index.library.change import NO_PROGRESS, Progress, check_encoder, commit, embed, model_of
from index.library.documents import DocumentFiles, DocumentVersion
from index.library.generations import discard_unused, open_current
from index.library.home import Home
from index.library.open_files import Opened, read_ahead

_NOTHING = ReadSummary()


@dataclass(frozen=True, slots=True)
class AddResult:
    """What became of one file, or of one in a zip or an e-mail. Either `error` says in a sentence why it was not added, or
    `removed` is what its zip or e-mail held before and doesn't hold any more, or the rest says what was read.

    `path` is the file on the disk. `id` is "" if nothing could be loaded. `is_other` says that it is no failure: a file of a type
    that Quipu doesn't read, among others in a zip or an e-mail. `known` names the entry if the same bytes were in the library
    already; `replaces` is what the file held when it was added before.
    """

    path: Path
    name: str
    id: str = ""
    summary: ReadSummary = _NOTHING
    passages: int = 0
    known: Entry | None = None
    replaces: Entry | None = None
    removed: Entry | None = None
    error: str | None = None
    is_other: bool = False

    @property
    def failed(self) -> bool:
        """Whether it should have been added, and wasn't."""
        return self.error is not None and not self.is_other


def add(
    home: Home,
    paths: Sequence[Path],
    encoder: Encoder,
    progress: Progress = NO_PROGRESS,
    groups: Collection[str] = (),
    parsers: FileParsers = ISOLATED_PARSERS,
) -> list[AddResult]:
    """Add files to the library and index them. A file that can't be read is an `AddResult` with its error; the rest goes on.

    The documents in a zip, and an e-mail's attachments, are documents of their own.
    Only readers in one of the `groups` may see them; all may if there are none. A document that is there already keeps its groups
    and gets these too, and so does a file that replaces another, or that is in a zip or an e-mail which was limited: adding never
    opens to all what was limited.
    Only what is new is embedded. A file whose content changed since it was added from the same place replaces what it was.
    The next files are read in other processes while one is embedded; what becomes of them is the same as one after the other.
    Killed at any moment, it leaves on the shelf what it has done, and an `add` of the same files goes on from there: only the
    passages of the document at hand are encoded again. At a KeyboardInterrupt it puts in use what it has done.
    Raises LibraryError if the home can't be written, EncoderError if the index was made with another encoder.
    """
    with home.writing():
        discard_unused(home)
        generation = open_current(home)
        if generation is not None and generation.manifest.passages:
            check_encoder(generation.manifest.model, encoder)
        volumes = {volume.id: volume for volume in generation.manifest.volumes} if generation else {}
        outcomes: list[AddResult] = []
        try:
            with parsers.open() as pool:
                adding = _Adding(home, encoder, pool, progress, volumes, groups)
                for opened in read_ahead(
                    paths, pool, DocumentFiles(home), {entry.id: entry.name for entry in Catalogue(home).active()}
                ):
                    progress.reading(opened.part.name, opened.number, len(paths), opened.done, opened.share)
                    outcomes.append(adding.take(opened))
                outcomes += adding.remove_gone()
        except KeyboardInterrupt:
            commit(home, generation, model_of(encoder), volumes)
            raise
        commit(home, generation, model_of(encoder), volumes)
        return outcomes


class _Adding:
    """One `add`: the files that it has opened, and the volumes that are to be searched after it."""

    def __init__(
        self,
        home: Home,
        encoder: Encoder,
        pool: ParserPool,
        progress: Progress,
        volumes: dict[str, DocumentVersion],
        groups: Collection[str],
    ) -> None:
        self._home, self._encoder, self._pool, self._progress, self._groups = home, encoder, pool, progress, groups
        self._library, self._shelf = Catalogue(home), DocumentFiles(home)
        self.volumes = volumes
        self._held: dict[str, dict[str, str]] = {}  # by the file on the disk: the places in it, with the ids of what is there
        self._elsewhere: dict[str, dict[str, str]] = {}  # the same of files that are not among those that are added
        self._closed: set[str] = set()  # the places of what couldn't be opened
        self._paths: dict[str, Path] = {}

    def take(self, opened: Opened) -> AddResult:
        """What becomes of a file on the disk, or of one in it."""
        path, part, content = opened.path, opened.part, opened.id
        if opened.error:
            return AddResult(path, part.name, error=opened.error)
        outer = file_of(part.place)
        self._paths[outer] = path
        held = self._held.setdefault(outer, {})
        if part.problem:
            self._closed.add(part.place)
            return AddResult(path, part.name, error=part.problem)
        held[part.place] = content
        if part.is_other:
            return AddResult(path, part.name, content, error=passed_over(part.name), is_other=True)
        try:
            return self._document(opened)
        except DocumentError as error:
            return AddResult(path, part.name, content, error=str(error))

    def remove_gone(self) -> Iterator[AddResult]:
        """Take out of the library what the files that were opened held before, and don't hold any more."""
        gone = [entry for entry in self._library.active() if self._is_gone(entry)]
        if gone:
            self._library.mark_removed([entry.id for entry in gone])
        for entry in gone:
            yield AddResult(self._paths[file_of(entry.path)], entry.name, entry.id, removed=entry)

    def _document(self, opened: Opened) -> AddResult:
        """Enter a document and put it on the shelf. Raises DocumentError if it can't be read."""
        part, content = opened.part, opened.id
        active = self._library.active()
        known = next((other for other in active if other.id == content), None)
        replaces = next((other for other in active if other.path == part.place and other.id != content), None)
        name = known.name if known else part.name
        entry = Entry(content, name, part.place, now(), groups=self._groups_of(part, active))
        kept = self._kept(content) if known else None
        document = self._read(opened, name, kept or (self._shelf.text(content) if known else None))
        if known is None:
            self._library.put(entry)  # before its files, so that `remove` finds whatever a killed `add` leaves
        elif replaces is not None or not self._holds(known, part):
            self._library.put(entry)
        elif entry.groups:
            self._library.put(replace(known, groups=entry.groups))
        is_searched = content in self.volumes
        volume, passages = embed(self._home, document, part.data, self._encoder, self._progress)
        self.volumes[volume.id] = volume
        return AddResult(
            opened.path,
            part.name,
            content,
            ReadSummary.of(document),
            passages,
            known if is_searched and document == kept else None,
            replaces,
        )

    def _read(self, opened: Opened, name: str, kept: Document | None) -> Document:
        """The document under this name; the `kept` one, unless it has pages without text, and OCR may be there only since it was
        read.
        """
        if kept is not None:
            by_ocr = any(page.ocr for page in kept.pages)
            is_unread = kept.is_pdf and bool(kept.pages_without_text()) and not by_ocr
            if not is_unread or not self._pool.options.can_ocr:
                return kept
        if opened.text is not None and opened.name == name:
            return opened.text.result()
        return self._pool.parse(opened.part.data, name)

    def _kept(self, content: str) -> Document | None:
        """The document as this version of Quipu and this encoder have it already."""
        searched = self.volumes.get(content)
        if searched is not None and searched == DocumentVersion.named(content, searched.digest, self._encoder.fingerprint):
            with suppress(LibraryError):
                self._shelf.passages(searched)
                return self._shelf.document(searched)
        volume = self._shelf.find(content, self._encoder.fingerprint)
        return self._shelf.document(volume) if volume else None

    def _groups_of(self, part: Part, active: Sequence[Entry]) -> tuple[str, ...]:
        """The groups whose readers may see a part: where all else of its zip or e-mail is limited, those too that may see that."""
        outer = file_of(part.place)
        others = [entry for entry in active if part.within and file_of(entry.path) == outer]
        is_limited = bool(others) and all(entry.groups for entry in others)
        return tuple({*self._groups, *(group for entry in others if is_limited for group in entry.groups)})

    def _holds(self, entry: Entry, part: Part) -> bool:
        """Whether the file that the entry was added from still holds the same, so that it isn't entered as from that of the part.

        Within the file that is being added, the last place counts: what is still to come of it isn't known.
        """
        if entry.path == part.place:
            return True
        outer = file_of(entry.path)
        if outer == file_of(part.place):
            return False
        held = self._held.get(outer) or self._held_elsewhere(outer)
        return held.get(entry.path) == entry.id

    def _held_elsewhere(self, outer: str) -> Mapping[str, str]:
        """The places in a file that isn't being added, or not yet, with the ids of what is there."""
        if outer not in self._elsewhere:
            found: dict[str, str] = {}
            with suppress(DocumentError):
                for part in parts_of(Path(outer), self._pool):
                    found[part.place] = document_id(part.data)
            self._elsewhere[outer] = found
        return self._elsewhere[outer]

    def _is_gone(self, entry: Entry) -> bool:
        """Whether a file that was opened held this before, and doesn't hold it any more."""
        held = self._held.get(file_of(entry.path))
        return held is not None and entry.path not in held and not any(is_in(entry.path, closed) for closed in self._closed)
