"""Reads a file into a `Document`. `FORMATS` is the whole list of what can be read: a new format is one row and one reader."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from corpus.document import Document, tidy
from corpus.draft import Draft
from corpus.errors import DocumentError
from corpus.language import USUAL_LANGUAGES, language_of

READER = 3
"""Raise this when the same file gives another text, so that stored texts are made anew."""

_TELLING = 300
"""Letters. A text with fewer is taken for one in a usual language, since a guess among all is often wrong."""

_LONGEST_TITLE = 300
"""Characters. It is shown in a line, and searched with every passage."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format by its media type, and the reader that takes it: a function of (bytes, name) in a module loaded when needed."""

    media_type: str
    module: str
    function: str

    def read(self, data: bytes, name: str) -> Draft:
        """What the reader makes of the file. Raises DocumentError as the reader does."""
        reader: Callable[[bytes, str], Draft] = getattr(import_module(self.module), self.function)
        return reader(data, name)


FORMATS = {
    ".txt": Format("text/plain", "corpus.readers.plain", "read_plain"),
    ".md": Format("text/markdown", "corpus.readers.markdown", "read_markdown"),
    ".markdown": Format("text/markdown", "corpus.readers.markdown", "read_markdown"),
    ".html": Format("text/html", "corpus.readers.web", "read_html"),
    ".htm": Format("text/html", "corpus.readers.web", "read_html"),
    ".pdf": Format("application/pdf", "corpus.readers.pdf", "read_pdf"),
    ".docx": Format("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "corpus.readers.word", "read_docx"),
}


def read(path: Path) -> Document:
    """The document in a file. Raises DocumentError, in one sentence, if the file can't be read or holds no text."""
    return read_bytes(load(path), shown_name(path.name))


def load(path: Path) -> bytes:
    """The bytes of a file. Raises DocumentError if it isn't there, isn't a file, or may not be read."""
    try:
        mode = path.stat().st_mode
        if not S_ISREG(mode) and not S_ISDIR(mode):
            raise DocumentError(f"{shown_name(str(path))} is not a file.")  # a pipe would be waited for
        return path.read_bytes()
    except FileNotFoundError:
        raise DocumentError(f"There is no file {shown_name(str(path))}.") from None
    except OSError as error:
        raise DocumentError(f"{shown_name(str(path))} can't be read: {error.strerror}.") from None


def shown_name(name: str) -> str:
    """A file's name as it can be printed, on one line: what is no character, or would change those around it, is U+FFFD."""
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in name)


def document_id(data: bytes) -> str:
    """The first 16 hex digits of the file's sha256."""
    return hashlib.sha256(data).hexdigest()[:16]


def read_bytes(data: bytes, name: str) -> Document:
    """The document in a file's bytes; `name` says by its ending which format they are. Raises DocumentError as `read` does."""
    form = FORMATS.get(Path(name).suffix.lower())
    if form is None:
        known = ", ".join(sorted(suffix[1:].upper() for suffix in FORMATS))
        raise DocumentError(f"{name} is of a type that Quipu doesn't read. It reads {known}.")
    if not data.strip():
        raise DocumentError(f"{name} is empty.")
    try:
        draft = form.read(data, name)
    except DocumentError:
        raise
    except Exception as error:  # a reader is as good as the files it was tried on, and nobody should see its traceback
        raise DocumentError(f"{name} can't be read as {form.media_type}; {type(error).__name__}: {error}") from error
    text = draft.text
    if not any(character.isalnum() for character in text):
        raise DocumentError(f"{name} holds no text.")
    return Document(
        id=document_id(data),
        title=tidy(draft.title)[:_LONGEST_TITLE] or Path(name).stem,
        source=name,
        media_type=form.media_type,
        language=language_of(text, USUAL_LANGUAGES if sum(map(str.isalpha, text)) < _TELLING else ()),
        text=text,
        pages=tuple(draft.pages),
        headings=tuple(draft.headings),
        blocks=tuple(draft.blocks),
        runs=tuple(draft.runs),
        words=tuple(draft.words),
        tables=tuple(draft.tables),
        running_lines=draft.running_lines,
    )


def shipped() -> list[Path]:
    """The reports that ship with Quipu."""
    return sorted(Path(str(path)) for path in files("corpus").joinpath("reports").iterdir() if path.is_file())
