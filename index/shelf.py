"""The documents' files: the original, its text as a reader made it, and its passages' vectors as an encoder made them.

A text is named by its content, and the vectors by that and by what made them (a splitter's version, an encoder's fingerprint). So
none is ever changed, and generations made by different versions of Quipu can share a shelf.
"""

import hashlib
import io
import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
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

    @classmethod
    def named(cls, document_id: str, digest: str, fingerprint: str) -> "Volume":
        """The files that this version of Quipu makes of a text with this digest, with the encoder of this fingerprint."""
        return cls(document_id, f"text.{READER}.{digest}.json", f"passages.{READER}.{SPLITTER}.{digest}.{fingerprint}.npz")

    @property
    def digest(self) -> str:
        """The first 16 hex digits of the sha256 of the text's file."""
        return self.text.split(".")[2]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The `documents` folder of a home."""

    home: Home

    def put(self, document: Document, original: bytes, fingerprint: str) -> Volume:
        """Keep a document and the bytes it was read from; what is there already stays, unless it is damaged. Gives the volume
        that the encoder of this fingerprint makes of it; its passages may be missing yet.
        """
        packed = json.dumps(document.as_json(), ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        volume = Volume.named(document.id, _digest(packed), fingerprint)
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

    def find(self, document_id: str, fingerprint: str) -> Volume | None:
        """A whole volume that this version of Quipu made of a document with the encoder of this fingerprint, if there is one.

        Of a scan there may be two, from before OCR was installed and after: then the newer.
        """
        paths = (self.home.documents / document_id).glob(f"text.{READER}.*.json")
        for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True):
            volume = Volume.named(document_id, path.name.split(".")[2], fingerprint)
            with suppress(LibraryError):
                self.document(volume)
                self.passages(volume)
                return volume
        return None

    def newest(self, document_id: str) -> Document | None:
        """The text that was made of a document last, by whatever encoder and version; None if none is whole."""
        paths = (self.home.documents / document_id).glob("text.*.*.json")
        for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True):
            with suppress(OSError, ValueError, KeyError, TypeError):
                return Document.from_json(json.loads(path.read_bytes()))
        return None

    def document(self, volume: Volume) -> Document:
        """The document in a volume. Raises LibraryError if it is missing or damaged."""
        path = self.home.documents / volume.id / volume.text
        try:
            packed = path.read_bytes()
            if _digest(packed) != volume.digest:
                raise ValueError("it isn't what was written")
            return Document.from_json(json.loads(packed))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LibraryError(f"{path} is missing or damaged ({error}): add the document again.") from error

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
        except (OSError, ValueError, KeyError, EOFError, RuntimeError, BadZipFile) as error:
            raise LibraryError(f"{path} is missing or damaged ({error}): run `quipu rebuild`.") from error

    def purge(self, document_id: str) -> None:
        """Delete all files of a document. Raises OSError if one can't be."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.home.documents / document_id)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
