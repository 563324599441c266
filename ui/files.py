"""The files that a command is given."""

from pathlib import Path

from corpus import FORMATS, LibraryError


def files_in(paths: list[Path]) -> tuple[list[Path], list[Path]]:
    """The files that `paths` name, folders opened, and those in folders that are of types Quipu doesn't read.

    Raises LibraryError for a folder without files.
    """
    files: list[Path] = []
    passed_over: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        within = [file for file in sorted(path.rglob("*")) if file.is_file() and not _is_hidden(file.relative_to(path))]
        if not within:
            raise LibraryError(f"The folder {path} holds no files.")
        for file in within:
            (files if file.suffix.lower() in FORMATS else passed_over).append(file)
    return files, passed_over


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
