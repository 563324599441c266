"""Generations: what is searched, written once and never changed. `CURRENT` names the one in use."""

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

_ENGINE: StoreEngine = LocalEngine()

_HASHED = 64 << 20  # bytes of a file up to which its checksum is looked at whenever it is opened


@dataclass(frozen=True, slots=True)
class Model:
    """The encoder that made a generation's vectors: its name, its fingerprint, and the length of its vectors."""

    name: str
    fingerprint: str
    dimension: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation says of itself: its documents with their languages in the same order, and its other files with their sha256
    and their sizes in bytes. `arithmetic` names the ways in which its vectors were computed.
    """

    number: int
    model: Model
    volumes: tuple[DocumentVersion, ...]
    languages: tuple[str, ...]
    passages: int
    files: dict[str, str]
    sizes: dict[str, int]
    arithmetic: tuple[str, ...]
    analyser: str = ANALYSER
    format: int = FORMAT

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The manifest in a manifest.json. Raises KeyError or TypeError if it is none."""
        volumes = tuple(DocumentVersion(**volume) for volume in values["volumes"])
        lists = {name: tuple(values[name]) for name in ("languages", "arithmetic")}
        return cls(**{**values, **lists, "model": Model(**values["model"]), "volumes": volumes})


@dataclass(frozen=True, slots=True)
class Generation:
    """An opened generation. `current` is what CURRENT said: another number, if that one was damaged; then `notice` says so."""

    manifest: Manifest
    store: Store
    current: int
    notice: str = ""


def write_generation(home: Home, model: Model, volumes: Sequence[DocumentVersion]) -> int:
    """Write a generation of these documents, put it in use, and give its number. Nothing is embedded: all is on the shelf, and
    taken from there document by document.

    A document whose files there are damaged is left out.
    """
    number = max([*numbers(home), current_number(home) or 0]) + 1  # never one that was in use before
    whole: list[DocumentVersion] = []
    languages: list[str] = []
    arithmetic: set[str] = set()
    with write_folder(home.generations / str(number)) as folder, _ENGINE.write(folder) as writer:
        for volume in sorted(volumes, key=lambda volume: volume.id):
            with suppress(LibraryError):
                indexed = _indexed(DocumentFiles(home), volume)
                writer.add(indexed.ranges, indexed.vectors, indexed.words)
                whole.append(volume)
                languages.append(indexed.language)
                arithmetic.add(indexed.arithmetic)
        passages = writer.finish()
        files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
        hashes = {str(file.relative_to(folder)): checksum(file) for file in files}
        sizes = {str(file.relative_to(folder)): file.stat().st_size for file in files}
        manifest = Manifest(number, model, tuple(whole), tuple(languages), passages, hashes, sizes, tuple(sorted(arithmetic)))
        (folder / "manifest.json").write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
    write_file(home.current, f"{number}\n".encode())
    return number


def _indexed(shelf: DocumentFiles, volume: DocumentVersion) -> IndexedPassages:
    """What is searched of a volume. Raises LibraryError if that, or the text that it would be quoted from, is damaged."""
    shelf.text_of(volume)
    indexed = shelf.passages(volume)
    if indexed.analyser == ANALYSER:
        return indexed
    return replace(indexed, words=term_counts_of(shelf.document(volume), indexed.ranges))


def numbers(home: Home) -> list[int]:
    """The numbers of the generations on the disk, ascending."""
    return sorted(int(folder.name) for folder in home.generations.glob("*") if folder.name.isdecimal())


def current_number(home: Home) -> int | None:
    """The number that CURRENT holds; None if nothing was ever indexed here, 0 if it can't be read."""
    try:
        return int(home.current.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return 0


def open_current(home: Home) -> Generation | None:
    """The generation in use; None if nothing was ever indexed here.

    If it is damaged, the newest older one that isn't, with a notice. Raises LibraryError if there is none, or if its format
    or analyser is one that this version of Quipu doesn't know.
    """
    while (number := current_number(home)) is not None:
        try:
            generation = _newest_whole(home, number)
        except LibraryError:
            if current_number(home) == number:
                raise
        else:
            if current_number(home) == number:
                return generation  # else another was put in use meanwhile, and this one perhaps deleted
    return None


def check(generation: Generation, home: Home) -> None:
    """Compare the files of a generation, the large ones too, with their checksums. Raises LibraryError if one is another."""
    number = generation.manifest.number
    for name, expected in generation.manifest.files.items():
        try:
            is_whole = checksum(home.generations / str(number) / name) == expected
        except OSError:
            is_whole = False
        if not is_whole and current_number(home) == number:  # else it is gone, since another was put in use meanwhile
            raise LibraryError(
                f"Generation {number} of {home.path} is damaged ({name} does not match its checksum): run `quipu rebuild`."
            )


def discard_unused(home: Home) -> None:
    """Delete the generations that a killed writer finished but didn't put in use. Only for whoever is writing."""
    current = current_number(home)
    if current != 0:
        prune(home, [number for number in numbers(home) if current is not None and number <= current])


def prune(home: Home, kept: Collection[int]) -> None:
    """Delete all generations but those of these numbers."""
    for number in set(numbers(home)).difference(kept):
        shutil.rmtree(home.generations / str(number))


def _newest_whole(home: Home, number: int) -> Generation:
    """Generation `number`, or else the newest older one that isn't damaged; of all, if `number` is 0."""
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
    """A generation isn't what was written."""


def _open(folder: Path) -> tuple[Manifest, Store]:
    try:
        values = json.loads((folder / "manifest.json").read_bytes())
        form, analyser = values["format"], values["analyser"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _DamagedError(f"its manifest can't be read: {error}") from None
    if (form, analyser) != (FORMAT, ANALYSER):
        raise LibraryError(
            f"{folder} has format {form} and analyser '{analyser}'; this version of Quipu knows format {FORMAT} and analyser "
            f"'{ANALYSER}'. Run `quipu rebuild`, or use the version of Quipu that made it."
        )
    try:
        manifest = Manifest.from_json(values)
        if len(manifest.languages) != len(manifest.volumes):
            raise _DamagedError("its manifest isn't what was written")
        for name, expected in manifest.files.items():
            size = (folder / name).stat().st_size
            if size != manifest.sizes[name] or (size <= _HASHED and checksum(folder / name) != expected):
                raise _DamagedError(f"{name} does not match its checksum")
        return manifest, _ENGINE.load(folder, [volume.id for volume in manifest.volumes])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise _DamagedError(str(error)) from None
