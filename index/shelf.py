"""The documents' files: the original, its text as a reader made it, and its passages' vectors as an encoder made them.

Files are named by what made them (a reader's and a splitter's version, an encoder's fingerprint), so none is ever changed, and
generations made by different versions of Quipu can share a shelf.
"""

import hashlib
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from corpus import READER, SPLITTER, Document, LibraryError, Passage, document_id, load
from index.encoder import Vectors
from index.home import Home, write_file, write_folder
from index.library import Entry


@dataclass(frozen=True, slots=True)
class Volume:
    """The files of one document that a generation is made from, by name: its text, and its passages with their vectors."""

    id: str
    text: str
    passages: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The `documents` folder of a home."""

    home: Home

    def volume(self, document_id: str, fingerprint: str) -> Volume:
        """The files that this version of Quipu makes of a document with the encoder of this fingerprint."""
        return Volume(document_id, f"text.{READER}.json", f"passages.{READER}.{SPLITTER}.{fingerprint}.npz")

    def put(self, document: Document, original: bytes) -> None:
        """Keep a document and the bytes it was read from. What is there already stays, unless it is damaged."""
        folder = self.home.documents / document.id
        kept = next(folder.glob("original.*"), folder / f"original{Path(document.source).suffix.lower()}")
        files = {kept.name: original, f"text.{READER}.json": _packed(document)}
        if not folder.exists():
            with write_folder(folder) as new:
                for name, data in files.items():
                    (new / name).write_bytes(data)
            return
        for name, data in files.items():
            if not (folder / name).exists() or (folder / name).read_bytes() != data:
                write_file(folder / name, data)

    def document(self, document_id: str, text: str) -> Document:
        """The document in its file named `text`. Raises LibraryError if that is missing or damaged."""
        path = self.home.documents / document_id / text
        try:
            values = json.loads(path.read_bytes())
            document = Document.from_json(values["document"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LibraryError(f"{path} is missing or damaged ({error}): add the document again.") from error
        if values["sha256"] != _digest(document):
            raise LibraryError(f"{path} was changed since it was written: add the document again.")
        return document

    def original(self, entry: Entry) -> bytes:
        """The file that a document was read from. Raises LibraryError if it is gone, or isn't what was added."""
        path = next((self.home.documents / entry.id).glob("original.*"), None)
        if path is None:
            raise LibraryError(f"The original of {entry.name} is missing from {self.home.documents / entry.id}: add it again.")
        data = load(path)
        if document_id(data) != entry.id:
            raise LibraryError(f"{path} is not the file that was added as {entry.name}: add it again.")
        return data

    def put_passages(self, volume: Volume, passages: list[Passage], vectors: Vectors) -> None:
        """Keep the passages' ranges with their vectors, one row for one."""
        ranges = np.array([(passage.start, passage.end) for passage in passages], np.int64).reshape(-1, 2)
        packed = io.BytesIO()
        np.savez(packed, ranges=ranges, vectors=vectors, allow_pickle=False)
        write_file(self.home.documents / volume.id / volume.passages, packed.getvalue())

    def passages(self, volume: Volume) -> tuple[NDArray[np.int64], Vectors]:
        """The passages' ranges, (n, 2), and vectors, (n, d). Raises LibraryError if the file is missing or damaged."""
        path = self.home.documents / volume.id / volume.passages
        try:
            with np.load(path, allow_pickle=False) as packed:
                return packed["ranges"], packed["vectors"]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise LibraryError(f"{path} is missing or damaged ({error}): run `quipu rebuild`.") from error

    def has(self, volume: Volume) -> bool:
        """Whether the document's text and passages are here and whole."""
        try:
            self.document(volume.id, volume.text)
            self.passages(volume)
        except LibraryError:
            return False
        return True

    def purge(self, document_id: str) -> None:
        """Delete all files of a document."""
        shutil.rmtree(self.home.documents / document_id, ignore_errors=True)


def _packed(document: Document) -> bytes:
    values: dict[str, Any] = {"sha256": _digest(document), "document": document.as_json()}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _digest(document: Document) -> str:
    return hashlib.sha256(document.text.encode("utf-8")).hexdigest()
