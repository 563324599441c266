"""Files that come by the browser: each is received, added in a thread of its own, and its progress reported."""

import asyncio
import json
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from filelock import FileLock
from starlette.requests import ClientDisconnect, Request

from corpus import ACCEPTED_ENDINGS, DocumentError, QuipuError, document_id, is_named
from index import AddResult, Encoder, Entry, Home, Library, LibraryError
from ui.wording import MOST_NAMED, Language, listed, say, sentences_on

READ = ", ".join(sorted(ending[1:].upper() for ending in ACCEPTED_ENDINGS))
"""The types of files that Quipu takes, as shown to people."""

Report = Callable[..., None]
"""Sends a state and its details to the page."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be added: its name, the groups that may see it, and the id of the document that it replaces."""

    name: str
    groups: Sequence[str] = ()
    replaces: str | None = None


async def received(home: Home, request: Request, most: int) -> IO[bytes] | None:
    """Write a request's body to an unnamed temporary file, of which nothing is left if Quipu is killed, and return that file.

    Returns None if the body has more than `most` bytes. Raises LibraryError if the file can't be written, and ClientDisconnect if
    the body ends early.
    """
    size = 0
    try:
        home.uploads.mkdir(parents=True, exist_ok=True)
        body = tempfile.TemporaryFile(dir=home.uploads)  # noqa: SIM115 - the thread that adds it closes it
    except OSError as error:
        raise LibraryError(f"{home.uploads} can't be written: {error.strerror}.") from None
    try:
        async for part in request.stream():
            size += len(part)
            if size > most:
                body.close()
                return None
            body.write(part)
        body.seek(0)
    except OSError as error:
        body.close()
        raise LibraryError(f"{home.uploads} can't be written: {error.strerror}.") from None
    except ClientDisconnect:
        body.close()
        raise
    return body


async def added(library: Library, encoder: Encoder, body: IO[bytes], upload: Upload, language: Language) -> AsyncIterator[str]:
    """Add a file, and yield its progress in lines of JSON. The file is added even if nobody listens any more."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def put(line: str | None) -> None:
        with suppress(RuntimeError):  # the server has stopped
            loop.call_soon_threadsafe(lines.put_nowait, line)

    def report(state: str, **details: object) -> None:
        put(json.dumps({"state": state, **details}, ensure_ascii=False) + "\n")

    def run() -> None:
        try:
            _add(library, encoder, body, upload, language, report)
        except QuipuError as error:
            report("error", message=str(error))
        except Exception:  # a bug: the page says that it failed, and the log has the traceback
            report("error", message=say("upload_failed", language))
            raise
        finally:
            put(None)

    threading.Thread(target=run, name="quipu-upload", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


def _add(library: Library, encoder: Encoder, body: IO[bytes], upload: Upload, language: Language, report: Report) -> None:
    """Add a file under its name, with the groups of what it replaces, and remove that. Raises QuipuError if it can't be added."""
    uploads = library.home.uploads
    path = uploads / upload.name
    with body, FileLock(uploads / ".lock"):  # one file at a time, even with two servers
        try:
            _clear(uploads)
            replaceable = _replaceable(library, upload, document_id(body.read()), language)
            body.seek(0)
            with path.open("wb") as file:
                shutil.copyfileobj(body, file)
            groups = {*upload.groups, *_groups_of(library, upload.replaces)}
            outcomes = library.add([path], encoder, _Reporter(report), groups)
        except OSError as error:
            raise LibraryError(f"{path} can't be written: {error.strerror}.") from None
        finally:
            path.unlink(missing_ok=True)
        read = [outcome.id for outcome in outcomes if outcome.error is None and outcome.removed is None]
        if not read:
            raise DocumentError(
                " ".join(_error_sentences(outcomes, language))
                or say("upload_nothing_read", language, name=upload.name, formats=READ)
            )
        replaced = [entry for entry in library.entries() if entry.id in replaceable and entry.id not in read]
        if limited := _groups_of(library, upload.replaces):  # which may have changed meanwhile
            for outcome in outcomes:
                if outcome.id in read and outcome.known is None:
                    library.limit(outcome.id, limited | set(upload.groups))
        for entry in replaced:
            library.remove(entry.id)
    report("added", message=_message(upload.name, outcomes, replaced, language), id=read[0], ids=read)


def _replaceable(library: Library, upload: Upload, content: str, language: Language) -> set[str]:
    """Return the ids of the documents that a file replaces, whose content has the document id `content`.

    Raises LibraryError if it would replace a document that the upload doesn't name, or if it is in the library already and the
    upload names another document.
    """
    own, replaces = library.entries(), upload.replaces
    known = next((entry for entry in own if entry.id == content), None)
    if known is not None and replaces not in (None, known.id):
        raise LibraryError(say("upload_not_replaced", language, name=known.name))
    named = {entry.id for entry in own if entry.name == upload.name and entry.id != content}
    is_again = known is not None and known.name == upload.name
    within = {entry.id for entry in own if is_named(entry.name, upload.name) and not is_again}
    others = named | within
    if others and replaces not in others:
        raise LibraryError(say("upload_same_name" if named else "upload_same_container", language, name=upload.name))
    return others or {content if replaces is None else replaces}


def _groups_of(library: Library, document: str | None) -> set[str]:
    return {group for entry in library.entries() if entry.id == document for group in entry.groups}


def _clear(uploads: Path) -> None:
    """Delete the files that a killed server left behind."""
    for left in uploads.iterdir():
        if left.suffix.lower() in ACCEPTED_ENDINGS and left.is_file():
            left.unlink()


class _Reporter:
    """Reports the progress of adding one file; an `index.Progress`."""

    def __init__(self, report: Report) -> None:
        self._report, self._done, self._of = report, 0, 0

    def reading(self, name: str, number: int, total: int, done: float, share: float) -> None:  # noqa: ARG002 - the protocol has them
        if done == 0:  # else it is the next document in a zip
            self._report("reading")

    def encoding(self, passages: int) -> None:
        self._done, self._of = 0, passages
        self._report("encoding", done=0, of=passages)

    def encoded(self, passages: int) -> None:
        self._done += passages
        self._report("encoding", done=self._done, of=self._of)


def _message(name: str, outcomes: Sequence[AddResult], removed: Sequence[Entry], language: Language) -> str:
    """Return the outcome of adding the file `name`, and the documents in it, in a few sentences."""
    read = [outcome for outcome in outcomes if outcome.error is None and outcome.removed is None]
    new = [outcome for outcome in read if outcome.known is None]
    known = [outcome.known.name for outcome in read if outcome.known is not None]
    is_alone = len(outcomes) == 1
    sentences = []
    if new and is_alone:
        sentences.append(say("upload_added", language, title=new[0].summary.title))
    elif new:
        titles = [say("quoted_title", language, title=outcome.summary.title) for outcome in new]
        sentences.append(say("upload_added_several", language, name=name, titles=listed(titles, language)))
    if known:
        sentences.append(
            say("upload_known" if is_alone else "upload_known_several", language, name=known[0], names=listed(known, language))
        )
    for entry in ([outcome.replaces for outcome in read if outcome.replaces] or list(removed))[:MOST_NAMED]:
        sentences.append(say("upload_replaced", language, name=entry.name, date=entry.added[:10]))
    if removed_names := [outcome.name for outcome in outcomes if outcome.removed is not None]:
        sentences.append(say("upload_removed", language, name=name, names=listed(removed_names, language)))
    for outcome in new[:MOST_NAMED]:
        notes = sentences_on(outcome.summary, language)
        sentences += notes if is_alone else [f"{outcome.name}: {' '.join(notes)}"] if notes else []
    return " ".join([*sentences, *_error_sentences(outcomes, language)])


def _error_sentences(outcomes: Sequence[AddResult], language: Language) -> list[str]:
    """Return the errors of documents that were not added: the first ones, and how many more there are."""
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    more = len(errors) - MOST_NAMED
    return errors if more <= 0 else [*errors[:MOST_NAMED], say("upload_more_errors", language, count=more)]
