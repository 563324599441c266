"""The catalogue: what an operator says of the documents. It applies to whichever generation is opened."""

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
    name    TEXT NOT NULL,  -- the file's name, as people see it
    path    TEXT NOT NULL,  -- where it was added from; never shown to readers
    added   TEXT NOT NULL,  -- ISO 8601, UTC
    removed TEXT,           -- since when no reader may see it; the row goes when its files are gone
    groups  TEXT NOT NULL DEFAULT '[]'  -- a JSON list: only readers in one of these may see it; all may if it is empty
) STRICT
"""
_READ = "SELECT id, name, path, added, removed, groups FROM documents ORDER BY added, rowid"


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as the operator knows it. `path` is where it was added from, `added` when, in ISO 8601 and UTC.

    Only readers in one of the `groups` may see it; all may if there are none.
    """

    id: str
    name: str
    path: str
    added: str
    removed: str | None = None
    groups: tuple[str, ...] = ()

    def visible_to(self, groups: Collection[str] | None) -> bool:
        """Whether somebody in these groups may see it. None stands for who may see everything."""
        return groups is None or not self.groups or not set(self.groups).isdisjoint(groups)


class Catalogue:
    """The entries of a home. Reading never creates anything; every write is one transaction."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._read: tuple[int, list[Entry]] = (-1, [])
        self._states = 0  # that were read

    def state(self) -> tuple[int, list[Entry]]:
        """A number that is another whenever the entries are, and the entries; they aren't copied, and so not to be changed."""
        with self._lock:
            entries = self._checked()
            return self._states if entries is self._read[1] else 0, entries

    def entries(self) -> list[Entry]:
        """All entries, removed ones too, in the order they were added. Changes by other processes are seen at once."""
        return list(self.state()[1])

    def active(self) -> list[Entry]:
        """The entries that weren't removed, in the order they were added."""
        return [entry for entry in self.entries() if entry.removed is None]

    def put(self, entry: Entry) -> None:
        """Enter a document, or make one that was removed active again under its new name.

        It gets the groups of the entry, and those that it and the documents from the same path have now.
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
        """From now on only readers in one of these groups may see these documents; all may if there are none."""
        kept = json.dumps(sorted(set(groups)))
        self._write("UPDATE documents SET groups = ? WHERE id = ?", [(kept, document_id) for document_id in ids])

    def mark_removed(self, ids: list[str]) -> None:
        """From now on no reader may see these documents."""
        self._write("UPDATE documents SET removed = ? WHERE id = ?", [(now(), document_id) for document_id in ids])

    def forget(self, ids: list[str]) -> None:
        """Delete these entries; SQLite overwrites what it deletes."""
        self._write("DELETE FROM documents WHERE id = ?", [(document_id,) for document_id in ids])

    def _checked(self) -> list[Entry]:
        try:
            return self._entries()
        except sqlite3.Error as error:
            self._reader, self._read = None, (-1, [])
            raise LibraryError(f"{self._home.catalogue} can't be read: {error}. {self._remedy()}") from error

    def _entries(self) -> list[Entry]:
        if self._reader is None:
            if not self._home.catalogue.exists():
                if self._home.current.exists():
                    raise LibraryError(f"{self._home.catalogue} is missing, which says what was removed. {self._remedy()}")
                return []
            self._reader = _connect(self._home.catalogue, "rw")
        if self._reader.execute("SELECT 1 FROM sqlite_master WHERE name = 'documents'").fetchone() is None:
            return []  # a writer has made the file, and nothing more yet
        version = int(self._reader.execute("PRAGMA data_version").fetchone()[0])
        if version != self._read[0]:
            rows = self._reader.execute(_READ)
            self._states += 1
            self._read = (
                version,
                [
                    Entry(document_id, name, path, added, removed, tuple(json.loads(names)))
                    for document_id, name, path, added, removed, names in rows
                ],
            )
        return self._read[1]

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
    """The present moment in ISO 8601 and UTC, to the microsecond: what is added later has a later one."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """`mode` "rwc" creates the file; "rw" doesn't, and reads a write-protected one. Its cache is shared by threads under a lock."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, check_same_thread=False)
