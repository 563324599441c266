"""Keeps a library in step with folders, as `quipu add --watch` does.

It looks every two seconds instead of waiting for the system to tell of changes: shared folders of other machines tell of none.
"""

import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn, Self

import typer
from rich.console import Console

from corpus import file_of, passed_over, place_of, shown_name
from index import BusyError, Encoder, Library, LibraryError
from ui.cli.file_arguments import files_below, is_folder
from ui.cli.progress import Bar
from ui.cli.text import added_lines, count

_PAUSE = 2.0
"""Seconds from one look to the next: a file that didn't change from one to the other is no longer being written."""

_SHARE = 50  # times as long as a look took, it rests: in a folder of very many files the next look comes later
_AFTER_A_FAILURE = 30.0  # seconds

_err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


class Stamp(NamedTuple):
    """What changes with a file's content: its size, and when it and its entry were changed last."""

    size: int
    changed: int
    entered: int

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """The stamp of a file; None if it isn't there any more."""
        try:
            found = path.stat()
        except OSError:
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns)


class Watch:
    """Folders, what was last seen in them, and what became of it. Nothing is kept on the disk: at its start all is new to it."""

    def __init__(
        self,
        library: Library,
        folders: Sequence[Path],
        encoder: Encoder,
        groups: Collection[str] = (),
    ) -> None:
        self._library, self._encoder, self._groups = library, encoder, groups
        self._folders = [folder.absolute() for folder in folders]
        self._seen: dict[Path, Stamp] = {}  # at the last look
        self._unsure: list[Path] = []  # the folders that couldn't be looked into then
        self._missing: set[str] = set()  # the places of documents whose files weren't there at the last look
        self._added: dict[Path, Stamp] = {}  # what each file was when it was added
        self._contents: dict[Path, frozenset[str]] = {}  # the ids of what was in it then
        self._told: set[tuple[Path, str, str]] = set()  # what was said of files
        self._amiss: dict[Path, str] = {}  # what was last said of folders
        self._trouble = ""  # why the library couldn't be changed at the last look
        self.is_in_step = False

    def go_on(self) -> NoReturn:
        """Look again and again, until Ctrl-C. Raises LibraryError if the library can't even be changed once."""
        typer.echo(f"Watching {' and '.join(shown_name(str(folder)) for folder in self._folders)}; Ctrl-C stops it.")
        try:
            while True:
                rest = self.look()
                time.sleep(rest)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None  # as any program that Ctrl-C stops

    def look(self) -> float:
        """Add what is new or changed and isn't being written any more, and remove what is gone; for how many seconds to rest."""
        started = time.monotonic()
        before, self._seen = self._seen, {}
        unsure_before, self._unsure = self._unsure, [place for folder in self._folders for place in self._look_into(folder)]
        quiet = [path for path, stamp in self._seen.items() if before.get(path) == stamp != self._added.get(path)]
        is_as_before = self.is_in_step and not self._missing and (before.keys(), unsure_before) == (self._seen.keys(), self._unsure)
        try:
            missing = set() if is_as_before else self._without_file()
            gone, self._missing = missing & self._missing, missing
            took = time.monotonic() - started
            self._follow(quiet, gone)
            if not self.is_in_step and before.keys() == self._seen.keys() == self._added.keys():
                self.is_in_step = True
                typer.echo(f"The library is in step with {count(len(self._seen), 'file')}.")
            self._trouble = ""
        except LibraryError as error:
            if not self.is_in_step and not isinstance(error, BusyError):
                raise
            if str(error) != self._trouble:
                typer.echo(f"quipu: {error}", err=True)
            self._trouble = str(error)
            return _AFTER_A_FAILURE
        return max(_PAUSE, took * _SHARE)

    def _look_into(self, folder: Path) -> Iterator[Path]:
        """Sees the files in a folder; gives the folders in which a file that isn't seen may be there all the same."""
        if not is_folder(folder):
            yield folder
            self._tell_of(folder, f"{shown_name(str(folder))} isn't there: nothing is removed, and it is looked for again.")
            return
        found = files_below(folder, self._library.home.path)
        for path in found.files:
            if (stamp := Stamp.of(path)) is not None:
                self._seen[path] = stamp
        for path in found.others:
            self._tell_once(path, "", passed_over(shown_name(str(path))))
        for path, problem in found.problems.items():
            yield path
            self._tell_of(path, f"quipu: {problem} Nothing that was in it is removed.")
        for path in [path for path in self._amiss if path not in found.problems and path.is_relative_to(folder)]:
            if path != folder:
                del self._amiss[path]
        if found.files or not any(_is_below(entry.path, folder) for entry in self._library.entries()):
            self._amiss.pop(folder, None)
            return
        yield folder
        self._tell_of(
            folder,
            f"{shown_name(str(folder))} is empty: nothing is removed, since a shared folder that is not connected looks the same. "
            "`quipu remove NAME` removes what should go.",
        )

    def _without_file(self) -> set[str]:
        """The places of the files in the folders that aren't there any more, and documents of theirs are."""
        places = {file_of(entry.path) for entry in self._library.entries()} - {place_of(path) for path in self._seen}
        return {
            place
            for place in places
            if any(_is_below(place, folder) for folder in self._folders)
            and not any(_is_below(place, folder) for folder in self._unsure)
            and _is_gone(Path(place))
        }

    def _follow(self, quiet: Sequence[Path], gone: Collection[str]) -> None:
        """Add the files that lie quiet, and remove what was added from places that are gone."""
        going = [entry for entry in self._library.entries() if file_of(entry.path) in gone]
        leaving = {entry.id for entry in going}.union(*(self._contents.get(path, ()) for path in quiet))
        copies = [path for path in self._added.keys() & self._seen.keys() if path not in quiet and self._contents[path] & leaving]
        if quiet or copies:
            self._add([*quiet, *sorted(copies)])
        for entry in self._library.remove_from(gone):  # what was moved within the folders is from its new place by now
            typer.echo(f"{entry.name} was removed: its file is gone.")

    def _add(self, paths: Sequence[Path]) -> None:
        stamps = {path: self._seen[path] for path in paths}
        with Bar(_err) as bar:
            outcomes = self._library.add(paths, self._encoder, bar, self._groups)
        for path in paths:
            self._contents[path] = frozenset(outcome.id for outcome in outcomes if outcome.path == path)
        self._added |= stamps
        for outcome in outcomes:
            if outcome.error is not None:
                self._tell_once(outcome.path, outcome.id, added_lines(outcome))
            elif outcome.known is None or outcome.replaces is not None:
                typer.echo(added_lines(outcome))

    def _tell_once(self, path: Path, content: str, said: str) -> None:
        if (path, content, said) not in self._told:
            self._told.add((path, content, said))
            typer.echo(said, err=True)

    def _tell_of(self, folder: Path, said: str) -> None:
        """Say what is amiss with a folder, unless it was the last that was said of it."""
        if self._amiss.get(folder) != said:
            self._amiss[folder] = said
            typer.echo(said, err=True)


def folders_in(paths: Iterable[Path]) -> list[Path]:
    """The folders that are to be watched. Raises LibraryError for what is none."""
    folders = list(paths)
    for folder in folders:
        if not is_folder(folder):
            raise LibraryError(f"{shown_name(str(folder))} is no folder: --watch keeps the library in step with folders.")
    return folders


def _is_below(place: str, folder: Path) -> bool:
    return place.startswith(place_of(folder).rstrip(os.sep) + os.sep)


def _is_gone(path: Path) -> bool:
    """Whether there is surely no such file: where that can't be seen, there may be."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
