"""The catalogue: what an operator says of the documents. It applies to whichever generation is opened."""

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from corpus import LibraryError
from index.home import Home

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,  -- the file's name, as people see it
    path    TEXT NOT NULL,  -- where it was added from; never shown to readers
    added   TEXT NOT NULL,  -- ISO 8601, UTC
    removed TEXT            -- since when no reader may see it; the row goes when its files are gone
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as the operator knows it. `path` is where it was added from, `added` when, in ISO 8601 and UTC."""

    id: str
    name: str
    path: str
    added: str
    removed: str | None = None


class Library:
    """The entries of a home. Reading never creates anything; every write is one transaction."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._read: tuple[int, list[Entry]] = (-1, [])

    def entries(self) -> list[Entry]:
        """All entries, removed ones too, in the order they were added. Changes by other processes are seen at once."""
        with self._lock:
            try:
                return self._entries()
            except sqlite3.Error as error:
                self._reader, self._read = None, (-1, [])
                raise LibraryError(f"{self._home.library} can't be read: {error}. {self._remedy()}") from error

    def active(self) -> list[Entry]:
        """The entries that weren't removed, in the order they were added."""
        return [entry for entry in self.entries() if entry.removed is None]

    def put(self, entry: Entry) -> None:
        """Enter a document, or make one that was removed active again under its new name."""
        self._write(
            "INSERT INTO documents (id, name, path, added) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
            " SET name = excluded.name, path = excluded.path, added = excluded.added, removed = NULL",
            [(entry.id, entry.name, entry.path, entry.added)],
        )

    def mark_removed(self, ids: list[str]) -> None:
        """From now on no reader may see these documents."""
        self._write("UPDATE documents SET removed = ? WHERE id = ?", [(now(), document_id) for document_id in ids])

    def forget(self, ids: list[str]) -> None:
        """Delete these entries; SQLite overwrites what it deletes."""
        self._write("DELETE FROM documents WHERE id = ?", [(document_id,) for document_id in ids])

    def _entries(self) -> list[Entry]:
        if self._reader is None:
            if not self._home.library.exists():
                if self._home.current.exists():
                    raise LibraryError(f"{self._home.library} is missing, which says what was removed. {self._remedy()}")
                return []
            self._reader = _connect(self._home.library, "rw")
        if self._reader.execute("SELECT 1 FROM sqlite_master WHERE name = 'documents'").fetchone() is None:
            return []  # a writer has made the file, and nothing more yet
        version = int(self._reader.execute("PRAGMA data_version").fetchone()[0])
        if version != self._read[0]:
            rows = self._reader.execute("SELECT id, name, path, added, removed FROM documents ORDER BY added, rowid")
            self._read = version, [Entry(*row) for row in rows]
        return self._read[1]

    def _remedy(self) -> str:
        return f"Restore it from a backup, or move {self._home.path} away and add the documents again."

    def _write(self, statement: str, rows: list[tuple[str, ...]]) -> None:
        try:
            with closing(_connect(self._home.library, "rwc")) as connection, connection:
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute(_SCHEMA)
                connection.executemany(statement, rows)
        except sqlite3.Error as error:
            raise LibraryError(f"{self._home.library} can't be written: {error}.") from error


def now() -> str:
    """The present moment in ISO 8601 and UTC, to the microsecond: what is added later has a later one."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """`mode` "rwc" creates the file; "rw" doesn't, and reads a write-protected one. Its cache is shared by threads under a lock."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, check_same_thread=False)
