"""Opens the files that are added, and has what is in them read before its turn comes."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from corpus import Document, DocumentError, ParserPool, Part, document_id, parts_of, place_of, result_if_done, shown_name, weight_of
from index.library.documents import DocumentFiles


@dataclass(frozen=True, slots=True)
class Opened:
    """A file on the disk, or one in it, whose turn it is: `error` says in a sentence why it can't be loaded.

    `path` is the file on the disk, `number` its place among those that are added, from 1, `id` that of its content. `text` is what
    is read of it under `name`, if that was begun. By size, from 0 to 1, `done` of all files lies before it, and it is a `share`.
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
        """About how many bytes it holds at the moment."""
        document = result_if_done(self.text) if self.text is not None else None
        return len(self.part.data) + (weight_of(document) if document is not None else 0)


def read_ahead(paths: Sequence[Path], pool: ParserPool, shelf: DocumentFiles, known: Mapping[str, str]) -> Iterator[Opened]:
    """The files and those in them, in order. They are opened, and begun to be read, before they are asked for.

    `known` has the names of the documents that are in the library already, by their ids; those whose text is on the shelf aren't
    read. What is begun is a guess: what a file's turn shows to be needed otherwise has to be read then.
    """
    return pool.prefetch(_opened(paths, pool, shelf, known), Opened.weight)


def _opened(paths: Sequence[Path], pool: ParserPool, shelf: DocumentFiles, known: Mapping[str, str]) -> Iterator[Opened]:
    sizes = [_size(path) for path in paths]
    total, before, begun = sum(sizes), 0, set[str]()
    for number, (path, size) in enumerate(zip(paths, sizes, strict=True), 1):
        done, whole = before / total, size / total
        before += size
        try:
            for part in parts_of(path, pool):
                content, share, text = document_id(part.data), whole * part.share, None
                name = known.get(content, part.name)
                is_document = not part.problem and not part.is_other
                if is_document and content not in begun and not (content in known and shelf.has_text(content)):
                    begun.add(content)
                    text = pool.begin(partial(pool.parse, part.data, name))
                yield Opened(path, number, part, done, share, "", content, name, text)
                done += share
        except DocumentError as error:
            yield Opened(path, number, Part(place_of(path), shown_name(path.name)), done, whole, str(error))


def _size(path: Path) -> int:
    """Its bytes, by which its share is told; at least 1."""
    try:
        return max(1, path.stat().st_size)
    except OSError:
        return 1
