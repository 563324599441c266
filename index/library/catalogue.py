"""The catalogue: what an operator decides about the documents. It applies to whichever generation is opened."""

import json
import sqlite3
import threading
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from index.errors import LibraryError
from index.library.home import Home

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,  -- the file name that people see
    path    TEXT NOT NULL,  -- where it was added from; never shown to readers
    added   TEXT NOT NULL,  -- ISO 8601, UTC
    removed TEXT,           -- ISO 8601, UTC; no reader may see it since, and the row is deleted after its files
    groups  TEXT NOT NULL DEFAULT '[]'  -- a JSON list: only readers in one of these may see it; everyone may if it is empty
) STRICT
"""
_READ = "SELECT id, name, path, added, removed, groups FROM documents ORDER BY added, rowid"


@dataclass(frozen=True, slots=True)
class Entry:
    """A document in the catalogue. `path` is where it was added from; `added` and `removed` are times in ISO 8601 and UTC.

    Only readers in one of the `groups` may see it; everyone may if there are none.
    """

    id: str
    name: str
    path: str
    added: str
    removed: str | None = None
    groups: tuple[str, ...] = ()

    def visible_to(self, groups: Collection[str] | None) -> bool:
        """Return whether a reader in `groups` may see this document; None means an operator, who sees everything."""
        return groups is None or not self.groups or not set(self.groups).isdisjoint(groups)


class Catalogue:
    """The catalogue of a home. Reading it never creates a file; every write is one transaction."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._cached: tuple[int, list[Entry]] = (-1, [])
        self._state = 0  # counts the changes seen

    def state(self) -> tuple[int, list[Entry]]:
        """Return a number that changes whenever the entries do, and the entries. They are not a copy: don't modify them."""
        with self._lock:
            entries = self._read_entries()
            return self._state if entries is self._cached[1] else 0, entries

    def entries(self) -> list[Entry]:
        """Return all entries, removed ones too, in the order they were added. Changes by other processes are seen at once."""
        return list(self.state()[1])

    def active(self) -> list[Entry]:
        """Return the entries that are not removed, in the order they were added."""
        return [entry for entry in self.entries() if entry.removed is None]

    def put(self, entry: Entry) -> None:
        """Insert or replace an entry; a removed document becomes active again.

        It gets the groups of `entry`, together with the present groups of its own entry and of those from the same path.
        """
        self._write(
            "INSERT INTO documents (id, name, path, added, groups) VALUES (?1, ?2, ?3, ?4,"
            " (SELECT json_group_array(name) FROM (SELECT value AS name FROM json_each(?5)"
            " UNION SELECT each.value FROM documents, json_each(documents.groups) AS each"
            " WHERE documents.removed IS NULL AND (documents.id = ?1 OR documents.path = ?3) ORDER BY name)))"
            " ON CONFLICT (id) DO UPDATE"
            " SET name = excluded.name, path = excluded.path, added = excluded.added, groups = excluded.groups, removed = NULL",
            [(entry.id, entry.name, entry.path, entry.added, json.dumps(entry.groups))],
        )

    def limit(self, ids: Collection[str], groups: Collection[str]) -> None:
        """Let only readers in one of these groups see these documents; everyone, if there are none."""
        encoded_groups = json.dumps(sorted(set(groups)))
        self._write("UPDATE documents SET groups = ? WHERE id = ?", [(encoded_groups, document_id) for document_id in ids])

    def mark_removed(self, ids: list[str]) -> None:
        """Hide these documents from every reader."""
        self._write("UPDATE documents SET removed = ? WHERE id = ?", [(now(), document_id) for document_id in ids])

    def forget(self, ids: list[str]) -> None:
        """Delete these entries. SQLite overwrites the deleted data."""
        self._write("DELETE FROM documents WHERE id = ?", [(document_id,) for document_id in ids])

    def _read_entries(self) -> list[Entry]:
        try:
            return self._fetch_entries()
        except sqlite3.Error as error:
            self._connection, self._cached = None, (-1, [])
            raise LibraryError(f"{self._home.catalogue} can't be read: {error}. {self._remedy()}") from error

    def _fetch_entries(self) -> list[Entry]:
        if self._connection is None:
            if not self._home.catalogue.exists():
                if self._home.current.exists():
                    raise LibraryError(f"{self._home.catalogue} is missing, which records what was removed. {self._remedy()}")
                return []
            self._connection = _connect(self._home.catalogue, "rw")
        if self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'documents'").fetchone() is None:
            return []  # a writer has created the file, but not its table yet
        version = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        if version != self._cached[0]:
            rows = self._connection.execute(_READ)
            self._state += 1
            self._cached = (
                version,
                [
                    Entry(document_id, name, path, added, removed, tuple(json.loads(names)))
                    for document_id, name, path, added, removed, names in rows
                ],
            )
        return self._cached[1]

    def _remedy(self) -> str:
        return f"Restore it from a backup, or move {self._home.path} away and add the documents again."

    def _write(self, statement: str, rows: list[tuple[str, ...]]) -> None:
        try:
            with closing(_connect(self._home.catalogue, "rwc")) as connection, connection:
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute(_SCHEMA)
                connection.executemany(statement, rows)
        except sqlite3.Error as error:
            raise LibraryError(f"{self._home.catalogue} can't be written: {error}.") from error


def now() -> str:
    """Return the present time in ISO 8601 and UTC, to the microsecond, so that entries sort in the order they were added."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open an SQLite file. Mode "rwc" creates it; "rw" does not, and can read a write-protected one.

    Threads may share the connection under a lock.
    """
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, check_same_thread=False)
