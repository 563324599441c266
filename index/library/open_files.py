"""Opens the files to be added, and starts parsing what is in them before it is their turn."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from corpus import Document, DocumentError, ParserPool, Part, document_id, parts_of, place_of, result_if_done, shown_name, weight_of
from index.library.documents import DocumentFiles


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file on the disk, or one inside it, that is about to be added.

    `path` is the file on the disk, and `number` its position among the files to be added, from 1. `error` is a sentence if it can't
    be loaded. `id` is the document id of its bytes. `text` is the parsing of it under `name`, if that was started. Measured by
    size, from 0 to 1, a fraction `done` of all files comes before this one, which is a fraction `share` of them.
    """

    path: Path
    number: int
    part: Part
    done: float
    share: float
    error: str = ""
    id: str = ""
    name: str = ""
    text: Future[Document] | None = None

    def weight(self) -> int:
        """Estimate the bytes of memory that it holds at the moment."""
        document = result_if_done(self.text) if self.text is not None else None
        return len(self.part.data) + (weight_of(document) if document is not None else 0)


def read_ahead(paths: Sequence[Path], pool: ParserPool, files: DocumentFiles, known_names: Mapping[str, str]) -> Iterator[OpenFile]:
    """Yield the files and those inside them, in order, opening and parsing them ahead.

    `known_names` maps the ids of the documents already in the library to their names; those with a stored text are not parsed. What
    is parsed ahead is a guess: whoever takes a file may have to parse it differently.
    """
    return pool.prefetch(_open_files(paths, pool, files, known_names), OpenFile.weight)


def _open_files(
    paths: Sequence[Path], pool: ParserPool, files: DocumentFiles, known_names: Mapping[str, str]
) -> Iterator[OpenFile]:
    sizes = [_size(path) for path in paths]
    total, before, started = sum(sizes), 0, set[str]()
    for number, (path, size) in enumerate(zip(paths, sizes, strict=True), 1):
        done, whole = before / total, size / total
        before += size
        try:
            for part in parts_of(path, pool):
                content, share, text = document_id(part.data), whole * part.share, None
                name = known_names.get(content, part.name)
                is_document = not part.problem and not part.is_other
                if is_document and content not in started and not (content in known_names and files.has_text(content)):
                    started.add(content)
                    text = pool.begin(partial(pool.parse, part.data, name))
                yield OpenFile(path, number, part, done, share, "", content, name, text)
                done += share
        except DocumentError as error:
            yield OpenFile(path, number, Part(place_of(path), shown_name(path.name)), done, whole, str(error))


def _size(path: Path) -> int:
    """Return a file's size in bytes for the progress, at least 1."""
    try:
        return max(1, path.stat().st_size)
    except OSError:
        return 1
