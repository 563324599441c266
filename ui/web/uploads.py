"""Adds what comes by the browser: receives a file, adds it in a thread of its own, and tells how that goes."""

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

from corpus import TAKEN, DocumentError, QuipuError, document_id, is_named
from index import AddResult, Encoder, Entry, Home, Library, LibraryError
from ui.wording import MOST_NAMED, Language, listed, say, sentences_on

READ = ", ".join(sorted(ending[1:].upper() for ending in TAKEN))
"""The types of files that are taken, in words."""

Tell = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is to be added: its name, who may see it, and the id of the document that it replaces."""

    name: str
    groups: Sequence[str] = ()
    replaces: str | None = None


async def received(home: Home, request: Request, most: int) -> IO[bytes] | None:
    """The body in a temporary file that has no name, so that nothing is left of it if Quipu is killed; None if it has more than
    `most` bytes. Raises LibraryError if it can't be written, ClientDisconnect if it doesn't come to its end.
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
    """How the adding of a file goes, a line of JSON each. It goes on to its end if nobody listens."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def put(line: str | None) -> None:
        with suppress(RuntimeError):  # the server has stopped
            loop.call_soon_threadsafe(lines.put_nowait, line)

    def tell(state: str, **said: object) -> None:
        put(json.dumps({"state": state, **said}, ensure_ascii=False) + "\n")

    def run() -> None:
        try:
            _add(library, encoder, body, upload, language, tell)
        except QuipuError as error:
            tell("error", message=str(error))
        except Exception:  # a bug: the page is told that it failed, and the log gets the traceback
            tell("error", message=say("upload_failed", language))
            raise
        finally:
            put(None)

    threading.Thread(target=run, name="quipu-upload", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


def _add(library: Library, encoder: Encoder, body: IO[bytes], upload: Upload, language: Language, tell: Tell) -> None:
    """Add a file under its name, and remove what it replaces, whose groups it gets. Raises QuipuError if it can't be added."""
    uploads = library.home.uploads
    path = uploads / upload.name
    with body, FileLock(uploads / ".lock"):  # one file after the other, also by two servers
        try:
            _clear(uploads)
            others = _others(library, upload, document_id(body.read()), language)
            body.seek(0)
            with path.open("wb") as file:
                shutil.copyfileobj(body, file)
            groups = {*upload.groups, *_groups_of(library, upload.replaces)}
            outcomes = library.add([path], encoder, _Told(tell), groups)
        except OSError as error:
            raise LibraryError(f"{path} can't be written: {error.strerror}.") from None
        finally:
            path.unlink(missing_ok=True)
        read = [outcome.id for outcome in outcomes if outcome.error is None and outcome.removed is None]
        if not read:
            raise DocumentError(
                " ".join(_said_wrong(outcomes, language)) or say("upload_nothing_read", language, name=upload.name, formats=READ)
            )
        replaced = [entry for entry in library.entries() if entry.id in others and entry.id not in read]
        if limited := _groups_of(library, upload.replaces):  # it may have been limited meanwhile
            for outcome in outcomes:
                if outcome.id in read and outcome.known is None:
                    library.limit(outcome.id, limited | set(upload.groups))
        for entry in replaced:
            library.remove(entry.id)
    tell("added", message=_message(upload.name, outcomes, replaced, language), id=read[0], ids=read)


def _others(library: Library, upload: Upload, content: str, language: Language) -> set[str]:
    """The ids of the documents that the file with this content replaces.

    Raises LibraryError if it would replace others than is said, or is there already and would replace another.
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
    """Delete what a killed server left."""
    for left in uploads.iterdir():
        if left.suffix.lower() in TAKEN and left.is_file():
            left.unlink()


class _Told:
    """Tells how an `add` of one file goes; see `index.Progress`."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._done, self._of = tell, 0, 0

    def reading(self, name: str, number: int, total: int, done: float, share: float) -> None:  # noqa: ARG002 - as it is called
        if done == 0:  # else it is the next document in a zip
            self._tell("reading")

    def encoding(self, passages: int) -> None:
        self._done, self._of = 0, passages
        self._tell("encoding", done=0, of=passages)

    def encoded(self, passages: int) -> None:
        self._done += passages
        self._tell("encoding", done=self._done, of=self._of)


def _message(name: str, outcomes: Sequence[AddResult], removed: Sequence[Entry], language: Language) -> str:
    """What became of a file of this name, and of what is in it, in a few sentences."""
    read = [outcome for outcome in outcomes if outcome.error is None and outcome.removed is None]
    new = [outcome for outcome in read if outcome.known is None]
    known = [outcome.known.name for outcome in read if outcome.known is not None]
    is_alone = len(outcomes) == 1
    said = []
    if new and is_alone:
        said.append(say("upload_added", language, title=new[0].summary.title))
    elif new:
        titles = [say("quoted_title", language, title=outcome.summary.title) for outcome in new]
        said.append(say("upload_added_several", language, name=name, titles=listed(titles, language)))
    if known:
        said.append(
            say("upload_known" if is_alone else "upload_known_several", language, name=known[0], names=listed(known, language))
        )
    for entry in ([outcome.replaces for outcome in read if outcome.replaces] or list(removed))[:MOST_NAMED]:
        said.append(say("upload_replaced", language, name=entry.name, date=entry.added[:10]))
    if gone := [outcome.name for outcome in outcomes if outcome.removed is not None]:
        said.append(say("upload_removed", language, name=name, names=listed(gone, language)))
    for outcome in new[:MOST_NAMED]:
        notes = sentences_on(outcome.summary, language)
        said += notes if is_alone else [f"{outcome.name}: {' '.join(notes)}"] if notes else []
    return " ".join([*said, *_said_wrong(outcomes, language)])


def _said_wrong(outcomes: Sequence[AddResult], language: Language) -> list[str]:
    """Why some were not added: the first sentences, and how many more there are."""
    wrong = [outcome.error for outcome in outcomes if outcome.error is not None]
    more = len(wrong) - MOST_NAMED
    return wrong if more <= 0 else [*wrong[:MOST_NAMED], say("upload_more_errors", language, count=more)]
