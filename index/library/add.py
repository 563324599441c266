"""Adds files to a library, along with the files inside them."""

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
from index.library.open_files import OpenFile, read_ahead

_NOTHING = ReadSummary()


@dataclass(frozen=True, slots=True)
class AddResult:
    """The outcome of adding one file, or one file inside a zip or an email.

    It is one of three: an `error`, a sentence that says why the file was not added; a `removed` entry, which the zip or email no
    longer holds; or else the file was read. `path` is the file on the disk. `id` is "" if nothing could be loaded. `is_other` marks
    a file of a type that Quipu does not read, inside a zip or an email, which is no failure. `known` is the entry if the same bytes
    were in the library already. `replaces` is the entry that was added from the same place before.
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
        """Whether a file that should have been added was not."""
        return self.error is not None and not self.is_other


def add(
    home: Home,
    paths: Sequence[Path],
    encoder: Encoder,
    progress: Progress = NO_PROGRESS,
    groups: Collection[str] = (),
    parsers: FileParsers = ISOLATED_PARSERS,
) -> list[AddResult]:
    """Add files to the library and index them. A file that can't be read gives an `AddResult` with its error; the others are added.

    The documents in a zip, and the attachments of an email, become documents of their own. Only new passages are embedded. A file
    that changed since it was added from the same place replaces the document it was. Later files are parsed in other processes
    while one is embedded, with the same results as one after another.

    Only readers in one of the `groups` may see the documents; everyone may if there are none. Adding never opens a limited document
    to everyone: a document already in the library keeps its groups and gains these, and so does a file that replaces another, or
    that lies in a limited zip or email.

    If killed at any moment, what is finished stays stored, and adding the same files again continues from there; only the passages
    of the document in progress are encoded again. On KeyboardInterrupt, what is finished is put in use.

    Raises LibraryError if the home can't be written, and EncoderError if the index was made with another encoder.
    """
    with home.writing():
        discard_unused(home)
        generation = open_current(home)
        if generation is not None and generation.manifest.passages:
            check_encoder(generation.manifest.model, encoder)
        versions = {version.id: version for version in generation.manifest.versions} if generation else {}
        results: list[AddResult] = []
        try:
            with parsers.open() as pool:
                run = _AddRun(home, encoder, pool, progress, versions, groups)
                known_names = {entry.id: entry.name for entry in Catalogue(home).active()}
                for file in read_ahead(paths, pool, DocumentFiles(home), known_names):
                    progress.reading(file.part.name, file.number, len(paths), file.done, file.share)
                    results.append(run.add(file))
                results += run.remove_missing()
        except KeyboardInterrupt:
            commit(home, generation, model_of(encoder), versions)
            raise
        commit(home, generation, model_of(encoder), versions)
        return results


class _AddRun:
    """The state of one `add`: the files opened so far, and `versions`, the document versions to be searched afterwards, by id."""

    def __init__(
        self,
        home: Home,
        encoder: Encoder,
        pool: ParserPool,
        progress: Progress,
        versions: dict[str, DocumentVersion],
        groups: Collection[str],
    ) -> None:
        self._home, self._encoder, self._pool, self._progress, self._groups = home, encoder, pool, progress, groups
        self._catalogue, self._files = Catalogue(home), DocumentFiles(home)
        self.versions = versions
        self._contents: dict[str, dict[str, str]] = {}  # by the file on the disk: document ids by the places inside it
        self._other_contents: dict[str, dict[str, str]] = {}  # the same for files that are not being added, or not yet
        self._unopened: set[str] = set()  # places that couldn't be opened
        self._paths: dict[str, Path] = {}

    def add(self, file: OpenFile) -> AddResult:
        """Add a file on the disk, or one inside it, and return the outcome."""
        path, part, content = file.path, file.part, file.id
        if file.error:
            return AddResult(path, part.name, error=file.error)
        outer = file_of(part.place)
        self._paths[outer] = path
        contents = self._contents.setdefault(outer, {})
        if part.problem:
            self._unopened.add(part.place)
            return AddResult(path, part.name, error=part.problem)
        contents[part.place] = content
        if part.is_other:
            return AddResult(path, part.name, content, error=passed_over(part.name), is_other=True)
        try:
            return self._add_document(file)
        except DocumentError as error:
            return AddResult(path, part.name, content, error=str(error))

    def remove_missing(self) -> Iterator[AddResult]:
        """Remove from the library the documents that the opened files held before and no longer hold."""
        missing = [entry for entry in self._catalogue.active() if self._is_missing(entry)]
        if missing:
            self._catalogue.mark_removed([entry.id for entry in missing])
        for entry in missing:
            yield AddResult(self._paths[file_of(entry.path)], entry.name, entry.id, removed=entry)

    def _add_document(self, file: OpenFile) -> AddResult:
        """Enter a document in the catalogue, and store its files. Raises DocumentError if it can't be read."""
        part, content = file.part, file.id
        active = self._catalogue.active()
        known = next((other for other in active if other.id == content), None)
        replaces = next((other for other in active if other.path == part.place and other.id != content), None)
        name = known.name if known else part.name
        entry = Entry(content, name, part.place, now(), groups=self._groups_of(part, active))
        indexed = self._indexed(content) if known else None
        document = self._read(file, name, indexed or (self._files.text(content) if known else None))
        if known is None:
            self._catalogue.put(entry)  # before its files, so that `remove` finds whatever a killed `add` leaves
        elif replaces is not None or not self._still_holds(known, part):
            self._catalogue.put(entry)
        elif entry.groups:
            self._catalogue.put(replace(known, groups=entry.groups))
        is_searched = content in self.versions
        version, passages = embed(self._home, document, part.data, self._encoder, self._progress)
        self.versions[version.id] = version
        return AddResult(
            file.path,
            part.name,
            content,
            ReadSummary.of(document),
            passages,
            known if is_searched and document == indexed else None,
            replaces,
        )

    def _read(self, file: OpenFile, name: str, stored: Document | None) -> Document:
        """Return the document under this name: the `stored` one if there is one, or else the file parsed.

        A stored PDF with pages without text is parsed again if OCR is available, which it may not have been before.
        """
        if stored is not None:
            by_ocr = any(page.ocr for page in stored.pages)
            needs_ocr = stored.is_pdf and bool(stored.pages_without_text()) and not by_ocr
            if not needs_ocr or not self._pool.options.can_ocr:
                return stored
        if file.text is not None and file.name == name:
            return file.text.result()
        return self._pool.parse(file.part.data, name)

    def _indexed(self, content: str) -> Document | None:
        """Return the document if this version of Quipu has it indexed with this encoder already, or else None."""
        searched = self.versions.get(content)
        if searched is not None and searched == DocumentVersion.named(content, searched.digest, self._encoder.fingerprint):
            with suppress(LibraryError):
                self._files.passages(searched)
                return self._files.document(searched)
        version = self._files.find(content, self._encoder.fingerprint)
        return self._files.document(version) if version else None

    def _groups_of(self, part: Part, active: Sequence[Entry]) -> tuple[str, ...]:
        """Return the groups that may see a part. If all else in its zip or email is limited, the groups of that are included."""
        outer = file_of(part.place)
        others = [entry for entry in active if part.within and file_of(entry.path) == outer]
        is_limited = bool(others) and all(entry.groups for entry in others)
        return tuple({*self._groups, *(group for entry in others if is_limited for group in entry.groups)})

    def _still_holds(self, entry: Entry, part: Part) -> bool:
        """Return whether the place that an entry was added from still holds it, so that it need not move to the part's place.

        Inside the file being added the part's place always counts, because what is still to come of that file isn't known.
        """
        if entry.path == part.place:
            return True
        outer = file_of(entry.path)
        if outer == file_of(part.place):
            return False
        contents = self._contents.get(outer) or self._contents_of_other(outer)
        return contents.get(entry.path) == entry.id

    def _contents_of_other(self, outer: str) -> Mapping[str, str]:
        """Return the document ids by place inside a file that is not being added, or not yet."""
        if outer not in self._other_contents:
            contents: dict[str, str] = {}
            with suppress(DocumentError):
                for part in parts_of(Path(outer), self._pool):
                    contents[part.place] = document_id(part.data)
            self._other_contents[outer] = contents
        return self._other_contents[outer]

    def _is_missing(self, entry: Entry) -> bool:
        """Return whether a file that was opened held this document before, and no longer does."""
        contents = self._contents.get(file_of(entry.path))
        return contents is not None and entry.path not in contents and not any(is_in(entry.path, place) for place in self._unopened)
