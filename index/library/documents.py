"""The stored files of documents: the original, the text that a parser made of it, and its passages with vectors and index terms.

The name of a text's file includes a hash of its content, and that of the passages' file also the versions of the splitter and the
encoder. So no file ever changes, and generations made by different versions of Quipu can share them.
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
    """The names of the two files of a document that a generation is made from: its text, and its passages with their vectors."""

    id: str
    text: str
    passages: str

    @classmethod
    def named(cls, document_id: str, digest: str, fingerprint: str) -> "DocumentVersion":
        """Return the names that this version of Quipu gives to the files of a text with this digest and encoder fingerprint."""
        return cls(
            document_id,
            f"text.{PARSERS_VERSION}.{digest}.json",
            f"indexed.{PARSERS_VERSION}.{SPLITTER_VERSION}.{digest}.{fingerprint}.npz",
        )

    @property
    def digest(self) -> str:
        """The first 16 hex digits of the sha256 of the text file."""
        return self.text.split(".")[2]


@dataclass(frozen=True, slots=True)
class IndexedPassages:
    """What a generation needs of a document's n passages: their ranges, (n, 2), their fp16 vectors, (n, d), and their index terms.

    `language` is the document's, `arithmetic` the encoder's, and `analyser` the one that made the terms.
    """

    ranges: NDArray[np.int64]
    vectors: NDArray[np.float16]
    term_counts: TermCounts
    language: str
    arithmetic: str
    analyser: str


@dataclass(frozen=True, slots=True)
class DocumentFiles:
    """The `documents` folder of a home."""

    home: Home

    def put(self, document: Document, original: bytes, fingerprint: str) -> DocumentVersion:
        """Store a document and its original, keeping intact files that are there already.

        Return its version for the encoder with this fingerprint; the file with its passages may not exist yet.
        """
        encoded = json.dumps(document.as_json(), ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        version = DocumentVersion.named(document.id, _digest(encoded), fingerprint)
        folder = self.home.documents / document.id
        original_path = next(folder.glob("original.*"), folder / f"original{Path(document.source).suffix.lower()}")
        files = {original_path.name: original, version.text: encoded}
        if not folder.exists():
            with write_folder(folder) as new:
                for name, data in files.items():
                    (new / name).write_bytes(data)
        else:
            for name, data in files.items():
                if not (folder / name).exists() or (folder / name).read_bytes() != data:
                    write_file(folder / name, data)
        return version

    def find(self, document_id: str, fingerprint: str) -> DocumentVersion | None:
        """Return the intact version that this version of Quipu made of a document with this encoder, or else None.

        A scan may have two, from before and after OCR was installed: then the newer one.
        """
        for path in self._texts(document_id):
            version = DocumentVersion.named(document_id, path.name.split(".")[2], fingerprint)
            with suppress(LibraryError):
                self.document(version)
                self.passages(version)
                return version
        return None

    def text(self, document_id: str) -> Document | None:
        """Return the newest intact text that this version of Quipu made of a document, with or without vectors, or None."""
        for path in self._texts(document_id):
            with suppress(LibraryError):
                return self.document(DocumentVersion.named(document_id, path.name.split(".")[2], ""))
        return None

    def has_text(self, document_id: str) -> bool:
        """Return whether this version of Quipu has stored a text of a document, intact or not."""
        return bool(self._texts(document_id))

    def newest(self, document_id: str) -> Document | None:
        """Return the newest text of a document, whichever version of Quipu made it, or None if none is intact."""
        for path in self._texts(document_id, parsers_version="*"):
            with suppress(OSError, ValueError, KeyError, TypeError):
                return Document.from_json(json.loads(path.read_bytes()))
        return None

    def document(self, version: DocumentVersion) -> Document:
        """Return the document of a version. Raises LibraryError if its file is missing or damaged."""
        encoded = self.text_of(version)
        try:
            return Document.from_json(json.loads(encoded))
        except (ValueError, KeyError, TypeError) as error:
            raise _text_problem(self.home.documents / version.id / version.text, error) from error

    def text_of(self, version: DocumentVersion) -> bytes:
        """Return the text file of a version, as it was written. Raises LibraryError if it is missing or damaged."""
        path = self.home.documents / version.id / version.text
        try:
            encoded = path.read_bytes()
            if _digest(encoded) != version.digest:
                raise ValueError("its content has changed")
            return encoded
        except (OSError, ValueError) as error:
            raise _text_problem(path, error) from error

    def original(self, entry: Entry) -> bytes:
        """Return the file that a document was read from. Raises LibraryError if it is missing, or is not what was added."""
        path = next((self.home.documents / entry.id).glob("original.*"), None)
        if path is None:
            raise LibraryError(f"The original of {entry.name} is missing from {self.home.documents / entry.id}: add it again.")
        data = load(path)
        if document_id(data) != entry.id:
            raise LibraryError(f"{path} is not the file that was added as {entry.name}: add it again.")
        return data

    def put_passages(
        self, version: DocumentVersion, document: Document, passages: Sequence[Passage], vectors: Vectors, arithmetic: str
    ) -> None:
        """Store the ranges of n passages, their (n, d) vectors and their index terms. `arithmetic` is the encoder's."""
        ranges = np.array([(passage.start, passage.end) for passage in passages], np.int64).reshape(-1, 2)
        metadata = {"language": document.language, "arithmetic": arithmetic, "analyser": ANALYSER}
        arrays: dict[str, NDArray[Any]] = {
            "ranges": ranges.astype(np.int32),
            "vectors": vectors.astype(np.float16),
            **term_counts_of(document, ranges).to_arrays(),
            **{name: np.array(value) for name, value in metadata.items()},
        }
        archive = io.BytesIO()
        np.savez(archive, allow_pickle=False, **arrays)
        write_file(self.home.documents / version.id / version.passages, archive.getvalue())

    def passages(self, version: DocumentVersion) -> IndexedPassages:
        """Return the passages of a version. Raises LibraryError if their file is missing or damaged."""
        path = self.home.documents / version.id / version.passages
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            ranges, term_counts = arrays["ranges"].astype(np.int64), TermCounts.from_arrays(arrays)
            if not len(ranges) == len(arrays["vectors"]) == len(term_counts.bounds) - 1:
                raise ValueError("its arrays don't match")
            metadata = [str(arrays[name]) for name in ("language", "arithmetic", "analyser")]
            return IndexedPassages(ranges, arrays["vectors"], term_counts, *metadata)
        except (OSError, ValueError, KeyError, EOFError, RuntimeError, BadZipFile, IndexError) as error:
            raise LibraryError(f"{path} is missing or damaged ({error}): run `quipu rebuild`.") from error

    def purge(self, document_id: str) -> None:
        """Delete all files of a document. Raises OSError if one can't be deleted."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.home.documents / document_id)

    def _texts(self, document_id: str, parsers_version: object = PARSERS_VERSION) -> list[Path]:
        """Return the text files of a document, newest first."""
        paths = (self.home.documents / document_id).glob(f"text.{parsers_version}.*.json")
        return sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def _text_problem(path: Path, error: Exception) -> LibraryError:
    return LibraryError(f"{path} is missing or damaged ({error}): add the document again.")


def term_counts_of(document: Document, ranges: NDArray[np.int64]) -> TermCounts:
    """Return the index terms of the passages with these (n, 2) ranges."""
    passages = (document.passage(start, end) for start, end in ranges.tolist())
    return TermCounts.of([terms(searched_text(document, passage), document.language) for passage in passages])


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
