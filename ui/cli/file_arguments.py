"""Find the files that a command's arguments name: files, folders and patterns."""

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corpus import ACCEPTED_ENDINGS, shown_name
from index import LibraryError

_HIDDEN = (".", "~$")
"""Prefixes of file names that are no documents: hidden files, and those that Office creates beside an open one."""

_UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".crdownload", ".download")


@dataclass(slots=True)
class FoundFiles:
    """The files that can be added, the files of other formats, and an error message for each folder that can't be opened."""

    files: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    problems: dict[Path, str] = field(default_factory=dict)

    def see(self, path: Path) -> None:
        """Add a file that was found in a folder, unless it is hidden or unfinished."""
        name = path.name.lower()
        if not name.startswith(_HIDDEN) and not name.endswith(_UNFINISHED):
            (self.files if path.suffix.lower() in ACCEPTED_ENDINGS else self.others).append(path)

    def merge(self, others: "FoundFiles") -> None:
        """Append other found files, each once."""
        self.files = list(dict.fromkeys([*self.files, *others.files]))
        self.others = list(dict.fromkeys([*self.others, *others.others]))
        self.problems |= others.problems


def files_in(given: Sequence[Path], home: Path | None = None) -> FoundFiles:
    """Return the files that these paths name, each once: files, folders, and patterns such as `reports/**/*.pdf`.

    In folders, hidden and unfinished files are skipped, and so is `home`, where Quipu keeps its own files. Raises LibraryError for
    a folder without files, and for a pattern without matches.
    """
    found = FoundFiles()
    for path in given:
        if is_folder(path):
            within = files_below(path, home)
            if not (within.files or within.others or within.problems):
                raise LibraryError(f"The folder {shown_name(str(path))} contains no files.")
        elif glob.has_magic(str(path)) and not _is_there(path):
            within = _matching(str(path), home)
        else:
            within = FoundFiles([path])
        found.merge(within)
    return found


def is_folder(path: Path) -> bool:
    """Return whether this is a folder; False if that can't be determined, as for a name that is too long."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def files_below(folder: Path, home: Path | None = None) -> FoundFiles:
    """Return the files in a folder and below it, sorted, without hidden and unfinished ones and those in `home`.

    Links to folders aren't followed.
    """
    own = home and home.absolute()
    found = FoundFiles()
    if folder.absolute() == own:
        return found

    def note(error: OSError) -> None:
        found.problems[Path(error.filename)] = f"{shown_name(str(error.filename))} can't be opened: {error.strerror}."

    for place, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN) and Path(place, name).absolute() != own]
        for name in names:
            found.see(Path(place, name))
    found.files.sort(key=str)
    found.others.sort(key=str)
    return found


def _matching(pattern: str, home: Path | None) -> FoundFiles:
    """Return the files that match a pattern, and those in folders that match."""
    matches = [
        Path(name)
        for name in sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - pathlib's takes no absolute pattern, and finds hidden files
    ]
    if not matches:
        raise LibraryError(f"No file matches the pattern {shown_name(pattern)}.")
    found = FoundFiles()
    for path in matches:
        if is_folder(path):
            found.merge(files_below(path, home))
        else:
            found.see(path)
    return found
