"""The documents' files: the original, its text as a reader made it, and its passages with their vectors and their words.

A text is named by its content, and the vectors by that and by what made them (a splitter's version, an encoder's fingerprint). So
none is ever changed, and generations made by different versions of Quipu can share a shelf.
"""

import hashlib
import io
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from corpus import PARSERS_VERSION, SPLITTER_VERSION, Document, Passage, document_id, load, searched_text
from index.analyser import ANALYSER, terms
from index.encoders import Vectors
from index.errors import LibraryError
from index.library.catalogue import Entry
from index.library.home import Home, write_file, write_folder
from index.store import TermCounts


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """The files of one document that a generation is made from, by name: its text, and its passages with their vectors."""

    id: str
    text: str
    passages: str

    @classmethod
    def named(cls, document_id: str, digest: str, fingerprint: str) -> "DocumentVersion":
        """The files that this version of Quipu makes of a text with this digest, with the encoder of this fingerprint."""
        return cls(
            document_id,
            f"text.{PARSERS_VERSION}.{digest}.json",
            f"indexed.{PARSERS_VERSION}.{SPLITTER_VERSION}.{digest}.{fingerprint}.npz",
        )

    @property
    def digest(self) -> str:
        """The first 16 hex digits of the sha256 of the text's file."""
        return self.text.split(".")[2]


@dataclass(frozen=True, slots=True)
class IndexedPassages:
    """What a generation takes of a document's n passages: their ranges, (n, 2), their vectors, (n, d), as fp16, and their words.

    `language` is the document's, `arithmetic` that of the encoder, and `analyser` names what made the words.
    """

    ranges: NDArray[np.int64]
    vectors: NDArray[np.float16]
    words: TermCounts
    language: str
    arithmetic: str
    analyser: str


@dataclass(frozen=True, slots=True)
class DocumentFiles:
    """The `documents` folder of a home."""

    home: Home

    def put(self, document: Document, original: bytes, fingerprint: str) -> DocumentVersion:
        """Keep a document and the bytes it was read from; what is there already stays, unless it is damaged. Gives the volume
        that the encoder of this fingerprint makes of it; its passages may be missing yet.
        """
        packed = json.dumps(document.as_json(), ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        volume = DocumentVersion.named(document.id, _digest(packed), fingerprint)
        folder = self.home.documents / document.id
        kept = next(folder.glob("original.*"), folder / f"original{Path(document.source).suffix.lower()}")
        files = {kept.name: original, volume.text: packed}
        if not folder.exists():
            with write_folder(folder) as new:
                for name, data in files.items():
                    (new / name).write_bytes(data)
        else:
            for name, data in files.items():
                if not (folder / name).exists() or (folder / name).read_bytes() != data:
                    write_file(folder / name, data)
        return volume

    def find(self, document_id: str, fingerprint: str) -> DocumentVersion | None:
        """A whole volume that this version of Quipu made of a document with the encoder of this fingerprint, if there is one.

        Of a scan there may be two, from before OCR was installed and after: then the newer.
        """
        for path in self._texts(document_id):
            volume = DocumentVersion.named(document_id, path.name.split(".")[2], fingerprint)
            with suppress(LibraryError):
                self.document(volume)
                self.passages(volume)
                return volume
        return None

    def text(self, document_id: str) -> Document | None:
        """The text that this version of Quipu made of a document last, whether or not it has vectors; None if none is whole."""
        for path in self._texts(document_id):
            with suppress(LibraryError):
                return self.document(DocumentVersion.named(document_id, path.name.split(".")[2], ""))
        return None

    def has_text(self, document_id: str) -> bool:
        """Whether this version of Quipu made a text of a document, whole or not."""
        return bool(self._texts(document_id))

    def newest(self, document_id: str) -> Document | None:
        """The text that was made of a document last, by whatever encoder and version; None if none is whole."""
        for path in self._texts(document_id, reader="*"):
            with suppress(OSError, ValueError, KeyError, TypeError):
                return Document.from_json(json.loads(path.read_bytes()))
        return None

    def document(self, volume: DocumentVersion) -> Document:
        """The document in a volume. Raises LibraryError if it is missing or damaged."""
        packed = self.text_of(volume)
        try:
            return Document.from_json(json.loads(packed))
        except (ValueError, KeyError, TypeError) as error:
            raise _text_problem(self.home.documents / volume.id / volume.text, error) from error

    def text_of(self, volume: DocumentVersion) -> bytes:
        """The file of the text in a volume, as it was written. Raises LibraryError if it is missing or damaged."""
        path = self.home.documents / volume.id / volume.text
        try:
            packed = path.read_bytes()
            if _digest(packed) != volume.digest:
                raise ValueError("it isn't what was written")
            return packed
        except (OSError, ValueError) as error:
            raise _text_problem(path, error) from error

    def original(self, entry: Entry) -> bytes:
        """The file that a document was read from. Raises LibraryError if it is gone, or isn't what was added."""
        path = next((self.home.documents / entry.id).glob("original.*"), None)
        if path is None:
            raise LibraryError(f"The original of {entry.name} is missing from {self.home.documents / entry.id}: add it again.")
        data = load(path)
        if document_id(data) != entry.id:
            raise LibraryError(f"{path} is not the file that was added as {entry.name}: add it again.")
        return data

    def put_passages(
        self, volume: DocumentVersion, document: Document, passages: Sequence[Passage], vectors: Vectors, arithmetic: str
    ) -> None:
        """Keep the passages' ranges with their vectors, one row for one, and their words. `arithmetic` is the encoder's."""
        ranges = np.array([(passage.start, passage.end) for passage in passages], np.int64).reshape(-1, 2)
        said = {"language": document.language, "arithmetic": arithmetic, "analyser": ANALYSER}
        arrays: dict[str, NDArray[Any]] = {
            "ranges": ranges.astype(np.int32),
            "vectors": vectors.astype(np.float16),
            **term_counts_of(document, ranges).packed(),
            **{name: np.array(value) for name, value in said.items()},
        }
        packed = io.BytesIO()
        np.savez(packed, allow_pickle=False, **arrays)
        write_file(self.home.documents / volume.id / volume.passages, packed.getvalue())

    def passages(self, volume: DocumentVersion) -> IndexedPassages:
        """The passages of a volume. Raises LibraryError if their file is missing or damaged."""
        path = self.home.documents / volume.id / volume.passages
        try:
            with np.load(path, allow_pickle=False) as packed:
                arrays = {name: packed[name] for name in packed.files}
            ranges, words = arrays["ranges"].astype(np.int64), TermCounts.unpacked(arrays)
            if not len(ranges) == len(arrays["vectors"]) == len(words.bounds) - 1:
                raise ValueError("it isn't what was written")
            said = [str(arrays[name]) for name in ("language", "arithmetic", "analyser")]
            return IndexedPassages(ranges, arrays["vectors"], words, *said)
        except (OSError, ValueError, KeyError, EOFError, RuntimeError, BadZipFile, IndexError) as error:
            raise LibraryError(f"{path} is missing or damaged ({error}): run `quipu rebuild`.") from error

    def purge(self, document_id: str) -> None:
        """Delete all files of a document. Raises OSError if one can't be."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.home.documents / document_id)

    def _texts(self, document_id: str, reader: object = PARSERS_VERSION) -> list[Path]:
        """The files of a document's texts, the newest first."""
        paths = (self.home.documents / document_id).glob(f"text.{reader}.*.json")
        return sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def _text_problem(path: Path, error: Exception) -> LibraryError:
    return LibraryError(f"{path} is missing or damaged ({error}): add the document again.")


def term_counts_of(document: Document, ranges: NDArray[np.int64]) -> TermCounts:
    """The words by which the passages with these ranges, (n, 2), are found."""
    passages = (document.passage(start, end) for start, end in ranges.tolist())
    return TermCounts.of([terms(searched_text(document, passage), document.language) for passage in passages])


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
