"""Generations: the indexes that are searched, each written once and never changed. `CURRENT` names the one in use."""

import json
import shutil
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from index.analyser import ANALYSER
from index.errors import LibraryError
from index.library.documents import DocumentFiles, DocumentVersion, IndexedPassages, term_counts_of
from index.library.home import Home, checksum, write_file, write_folder
from index.store import LocalEngine, Store, StoreEngine

FORMAT = 2
"""The version of the files of a generation, written in its manifest. Raise it when older versions of Quipu can't read them."""

_ENGINE: StoreEngine = LocalEngine()

_HASHED = 64 << 20  # bytes; the checksum of a larger file is not verified when it is opened


@dataclass(frozen=True, slots=True)
class Model:
    """The encoder that made a generation's vectors: its name, its fingerprint, and the length of its vectors."""

    name: str
    fingerprint: str
    dimension: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of a generation, in its manifest.json.

    `languages` are those of its document `versions`, in the same order. `files` and `sizes` hold the sha256 and the size in bytes
    of its other files. `arithmetic` names the ways in which its vectors were computed.
    """

    number: int
    model: Model
    versions: tuple[DocumentVersion, ...]
    languages: tuple[str, ...]
    passages: int
    files: dict[str, str]
    sizes: dict[str, int]
    arithmetic: tuple[str, ...]
    analyser: str = ANALYSER
    format: int = FORMAT

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the manifest in a manifest.json. Raises KeyError or TypeError if it is malformed."""
        versions = tuple(DocumentVersion(**version) for version in values["volumes"])
        lists = {name: tuple(values[name]) for name in ("languages", "arithmetic")}
        others = {name: value for name, value in values.items() if name != "volumes"}
        return cls(**{**others, **lists, "model": Model(**values["model"]), "versions": versions})

    def as_json(self) -> dict[str, Any]:
        """Return the values of the manifest.json, where the versions are called "volumes"."""
        return {"volumes" if name == "versions" else name: value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Generation:
    """An open generation. `current` is the number in CURRENT, which differs if that one is damaged; then `notice` says so."""

    manifest: Manifest
    store: Store
    current: int
    notice: str = ""


def write_generation(home: Home, model: Model, versions: Sequence[DocumentVersion]) -> int:
    """Write a generation of these document versions from their stored files, put it in use, and return its number.

    A document with damaged files is left out.
    """
    number = max([*numbers(home), current_number(home) or 0]) + 1  # never a number that was in use before
    intact: list[DocumentVersion] = []
    languages: list[str] = []
    arithmetic: set[str] = set()
    with write_folder(home.generations / str(number)) as folder, _ENGINE.write(folder) as writer:
        for version in sorted(versions, key=lambda version: version.id):
            with suppress(LibraryError):
                indexed = _indexed(DocumentFiles(home), version)
                writer.add(indexed.ranges, indexed.vectors, indexed.term_counts)
                intact.append(version)
                languages.append(indexed.language)
                arithmetic.add(indexed.arithmetic)
        passages = writer.finish()
        files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
        hashes = {str(file.relative_to(folder)): checksum(file) for file in files}
        sizes = {str(file.relative_to(folder)): file.stat().st_size for file in files}
        manifest = Manifest(number, model, tuple(intact), tuple(languages), passages, hashes, sizes, tuple(sorted(arithmetic)))
        (folder / "manifest.json").write_text(json.dumps(manifest.as_json(), indent=1), encoding="utf-8")
    write_file(home.current, f"{number}\n".encode())
    return number


def _indexed(files: DocumentFiles, version: DocumentVersion) -> IndexedPassages:
    """Return the passages of a version, with terms by the present analyser. Raises LibraryError if they or the text are damaged."""
    files.text_of(version)
    indexed = files.passages(version)
    if indexed.analyser == ANALYSER:
        return indexed
    return replace(indexed, term_counts=term_counts_of(files.document(version), indexed.ranges))


def numbers(home: Home) -> list[int]:
    """Return the numbers of the generations on the disk, ascending."""
    return sorted(int(folder.name) for folder in home.generations.glob("*") if folder.name.isdecimal())


def current_number(home: Home) -> int | None:
    """Return the number in CURRENT, None if nothing was ever indexed here, or 0 if CURRENT can't be read."""
    try:
        return int(home.current.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return 0


def open_current(home: Home) -> Generation | None:
    """Open the generation in use. Return None if nothing was ever indexed here.

    If it is damaged, the newest intact older one is opened instead, with a notice. Raises LibraryError if there is none, or if its
    format or analyser is unknown to this version of Quipu.
    """
    while (number := current_number(home)) is not None:
        try:
            generation = _newest_intact(home, number)
        except LibraryError:
            if current_number(home) == number:
                raise
        else:
            if current_number(home) == number:
                return generation  # otherwise another was put in use meanwhile, and this one may be deleted already
    return None


def check(generation: Generation, home: Home) -> None:
    """Verify the checksums of all files of a generation, the large ones too. Raises LibraryError if one does not match."""
    number = generation.manifest.number
    for name, expected in generation.manifest.files.items():
        try:
            is_intact = checksum(home.generations / str(number) / name) == expected
        except OSError:
            is_intact = False
        if not is_intact and current_number(home) == number:  # otherwise it was replaced and deleted meanwhile
            raise LibraryError(
                f"Generation {number} of {home.path} is damaged ({name} does not match its checksum): run `quipu rebuild`."
            )


def discard_unused(home: Home) -> None:
    """Delete the generations that a killed writer finished but did not put in use. Call it only while holding the writing lock."""
    current = current_number(home)
    if current != 0:
        prune(home, [number for number in numbers(home) if current is not None and number <= current])


def prune(home: Home, numbers_to_keep: Collection[int]) -> None:
    """Delete all generations except those with these numbers."""
    for number in set(numbers(home)).difference(numbers_to_keep):
        shutil.rmtree(home.generations / str(number))


def _newest_intact(home: Home, number: int) -> Generation:
    """Open generation `number`, or else the newest intact older one; the newest intact one of all if `number` is 0."""
    problem = ""
    for candidate in [number, *(older for older in reversed(numbers(home)) if older < number or not number)]:
        try:
            manifest, store = _open(home.generations / str(candidate))
        except _DamagedError as error:
            problem = problem or f"Generation {candidate} of {home.path} is damaged ({error})"
            continue
        notice = problem and f"{problem}; generation {candidate} is used instead. Run `quipu rebuild` to mend it."
        return Generation(manifest, store, number, notice)
    raise LibraryError(f"{problem}, and there is no older one: run `quipu rebuild`.")


class _DamagedError(Exception):
    """A file of a generation is missing or was changed."""


def _open(folder: Path) -> tuple[Manifest, Store]:
    try:
        values = json.loads((folder / "manifest.json").read_bytes())
        format_number, analyser = values["format"], values["analyser"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _DamagedError(f"its manifest can't be read: {error}") from None
    if (format_number, analyser) != (FORMAT, ANALYSER):
        raise LibraryError(
            f"{folder} has format {format_number} and analyser '{analyser}'; this version of Quipu knows format {FORMAT} and "
            f"analyser '{ANALYSER}'. Run `quipu rebuild`, or use the version of Quipu that made it."
        )
    try:
        manifest = Manifest.from_json(values)
        if len(manifest.languages) != len(manifest.versions):
            raise _DamagedError("its manifest is inconsistent")
        for name, expected in manifest.files.items():
            size = (folder / name).stat().st_size
            if size != manifest.sizes[name] or (size <= _HASHED and checksum(folder / name) != expected):
                raise _DamagedError(f"{name} does not match its checksum")
        return manifest, _ENGINE.load(folder, [version.id for version in manifest.versions])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise _DamagedError(str(error)) from None
