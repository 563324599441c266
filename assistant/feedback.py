"""Stores questions and thumbs. Nothing is kept unless the operator turns it on (`QUIPU_FEEDBACK`)."""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from assistant.answer import Answer
from assistant.errors import QuestionError
from assistant.question import encodable
from index import Catalogue, Home, LibraryError

LONGEST_COMMENT = 2000
"""Characters of a reader's comment on an answer."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    id       TEXT PRIMARY KEY,
    asked    TEXT NOT NULL,     -- ISO 8601, UTC
    question TEXT NOT NULL,
    history  TEXT NOT NULL,     -- a JSON list of the earlier questions
    language TEXT NOT NULL,
    status   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    helpful  INTEGER,           -- 1 for thumbs up, 0 for thumbs down, NULL for none
    comment  TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS citations (
    answer   TEXT NOT NULL REFERENCES answers (id),
    number   INTEGER NOT NULL,
    document TEXT NOT NULL,     -- its id and a range of its text, never the text itself
    start    INTEGER NOT NULL,
    "end"    INTEGER NOT NULL,
    PRIMARY KEY (answer, number)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """A question that was asked, with the outcome. `cited` holds document ids, each with a range of the document's text: those of
    the answer's citations or, if it was unsure, of the closest sentences.

    `helpful` is None if nobody judged the answer; `comment` is the reader's comment on it, or "".
    """

    id: str
    asked: str
    question: str
    history: tuple[str, ...]
    language: str
    status: str
    reason: str
    helpful: bool | None
    comment: str
    cited: tuple[tuple[str, int, int], ...]


class Feedback:
    """The feedback of a home, in `feedback.sqlite`. Safe to use from several threads and processes."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._path = home.path / "feedback.sqlite"

    def keep(self, answer: Answer, history: Sequence[str] = ()) -> str:
        """Keep a question with its answer, and return the id to judge it by. Raises LibraryError if it can't be written."""
        name = secrets.token_urlsafe(12)
        reason = str(answer.reason) if answer.reason else ""
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        row = (
            name,
            now,
            answer.question,
            json.dumps([encodable(earlier) for earlier in history]),
            answer.language,
            answer.status,
            reason,
        )
        quoted = answer.nearest if answer.status == "unsure" else answer.citations
        cited = [(name, citation.number, citation.document_id, citation.start, citation.end) for citation in quoted]
        with self._open() as connection:
            connection.execute(
                "INSERT INTO answers (id, asked, question, history, language, status, reason) VALUES (?, ?, ?, ?, ?, ?, ?)", row
            )
            connection.executemany("INSERT INTO citations VALUES (?, ?, ?, ?, ?)", cited)
        return name

    def judge(self, name: str, *, helpful: bool, comment: str = "") -> None:
        """Record whether the answer with this id helped, replacing any earlier judgement.

        Raises QuestionError if there is no such answer or the comment is too long, LibraryError if it can't be written.
        """
        name, comment = encodable(name), encodable(comment)
        if len(comment) > LONGEST_COMMENT:
            raise QuestionError(f"The comment has {len(comment):,} characters; up to {LONGEST_COMMENT:,} are kept.")
        with self._open() as connection:
            judged = connection.execute("UPDATE answers SET helpful = ?, comment = ? WHERE id = ?", (helpful, comment, name))
            if judged.rowcount == 0:
                raise QuestionError(f"There is no answer '{name}' to judge.")

    def kept(self) -> list[KeptQuestion]:
        """Return all kept questions, oldest first. Raises LibraryError if they can't be read."""
        if not self._path.exists():
            return []
        with self._open() as connection:
            cited: dict[str, list[tuple[str, int, int]]] = {}
            for name, document, start, end in connection.execute(
                'SELECT answer, document, start, "end" FROM citations ORDER BY number'
            ):
                cited.setdefault(name, []).append((document, start, end))
            rows = list(connection.execute("SELECT * FROM answers ORDER BY asked, rowid"))
        return [
            KeptQuestion(
                id=name,
                asked=asked,
                question=question,
                history=tuple(json.loads(history)),
                language=language,
                status=status,
                reason=reason,
                helpful=None if helpful is None else bool(helpful),
                comment=comment,
                cited=tuple(cited.get(name, ())),
            )
            for name, asked, question, history, language, status, reason, helpful, comment in rows
        ]

    def forget_removed(self) -> None:
        """Delete the cited ranges of documents that were removed or replaced."""
        if self._path.exists():
            active = [entry.id for home in (self._home, self._home.shipped) for entry in Catalogue(home).active()]
            with self._open() as connection:
                connection.execute(
                    "DELETE FROM citations WHERE document NOT IN (SELECT value FROM json_each(?))", [json.dumps(active)]
                )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for one transaction. Raises LibraryError if the database can't be used."""
        try:
            self._home.path.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path)) as connection, connection:
                connection.execute("PRAGMA secure_delete = ON")  # overwrites deleted data
                connection.executescript(_SCHEMA)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise LibraryError(f"{self._path} can't be used: {error}.") from error
