"""The files that a command is given: by their names, by a folder, or by a pattern."""

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corpus import TAKEN, shown_name
from index import LibraryError

_HIDDEN = (".", "~$")
"""How the names of files begin that are nobody's document: hidden ones, and those that Office makes beside an open one."""

_UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".crdownload", ".download")


@dataclass(slots=True)
class FoundFiles:
    """The files that can be added, those of types that Quipu doesn't read, and a sentence for each folder that can't be opened."""

    files: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    problems: dict[Path, str] = field(default_factory=dict)

    def see(self, path: Path) -> None:
        """Sort in a file that was come upon, unless it is a hidden or an unfinished one."""
        name = path.name.lower()
        if not name.startswith(_HIDDEN) and not name.endswith(_UNFINISHED):
            (self.files if path.suffix.lower() in TAKEN else self.others).append(path)

    def take(self, others: "FoundFiles") -> None:
        """Put what others were found behind these, each once."""
        self.files = list(dict.fromkeys([*self.files, *others.files]))
        self.others = list(dict.fromkeys([*self.others, *others.others]))
        self.problems |= others.problems


def files_in(given: Sequence[Path], home: Path | None = None) -> FoundFiles:
    """The files that these name, each once, with folders opened and patterns such as `reports/**/*.pdf` filled in.

    In folders, hidden and unfinished files are passed by, and the `home`, where Quipu keeps its own. Raises LibraryError for a
    folder without files, and for a pattern that nothing fits.
    """
    found = FoundFiles()
    for path in given:
        if is_folder(path):
            within = files_below(path, home)
            if not (within.files or within.others or within.problems):
                raise LibraryError(f"The folder {shown_name(str(path))} holds no files.")
        elif glob.has_magic(str(path)) and not _is_there(path):
            within = _fitting(str(path), home)
        else:
            within = FoundFiles([path])
        found.take(within)
    return found


def is_folder(path: Path) -> bool:
    """Whether this is a folder; not if that can't be seen, as of a name that no disk takes."""
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
    """The files in a folder and in those below it, sorted; no hidden and unfinished ones, and none in the `home`. Links to folders
    aren't followed.
    """
    own = home and home.absolute()
    found = FoundFiles()
    if folder.absolute() == own:
        return found

    def note(error: OSError) -> None:
        found.problems[Path(error.filename)] = f"{shown_name(str(error.filename))} can't be looked into: {error.strerror}."

    for place, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN) and Path(place, name).absolute() != own]
        for name in names:
            found.see(Path(place, name))
    found.files.sort(key=str)
    found.others.sort(key=str)
    return found


def _fitting(pattern: str, home: Path | None) -> FoundFiles:
    """The files that fit a pattern, and those in folders that do."""
    fitting = [
        Path(name)
        for name in sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - which takes no absolute pattern, and hidden files
    ]
    if not fitting:
        raise LibraryError(f"No file fits the pattern {shown_name(pattern)}.")
    found = FoundFiles()
    for path in fitting:
        if is_folder(path):
            found.take(files_below(path, home))
        else:
            found.see(path)
    return found
