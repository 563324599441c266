"""Reads a file into a `Document`. `FORMATS` is the whole list of what can be read: a new format is one row and one reader."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from corpus.archive import guard
from corpus.document import Document, tidy
from corpus.draft import Draft
from corpus.errors import DocumentError
from corpus.language import USUAL_LANGUAGES, language_of
from corpus.load import load
from corpus.names import WITHIN, shown_name, shown_sentence
from corpus.read_options import DEFAULT_READ_OPTIONS
from corpus.sniff import refuse_other, unknown
from corpus.structure import Cell

PARSERS_VERSION = 3
"""Raise this when the same file gives another text, so that stored texts are made anew."""

_TELLING = 300
"""Letters, but for those of short table cells, which are names above all. A text with fewer is taken for one in a usual language,
since a guess among all is often wrong."""

_SHORT_CELL = 40  # characters

_LONGEST_TITLE = 300
"""Characters. It is shown in a line, and searched with every passage."""

_EPUB = "application/epub+zip"
_ZIPPED = ("application/vnd.openxmlformats-officedocument.", _EPUB)
_TEXTS = ("text/", "message/")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Format:
    """A format by its media type, and the reader that takes it: a function of (bytes, name) in a module loaded when needed. One
    that `sees` also takes `ocr`: whether pictures of text are read.
    """

    media_type: str
    module: str
    function: str
    sees: bool = False

    def read(self, data: bytes, name: str, *, ocr: bool = True) -> Draft:
        """What the reader makes of the file. Raises DocumentError as the reader does."""
        reader: Callable[..., Draft] = getattr(import_module(self.module), self.function)
        return reader(data, name, ocr=ocr) if self.sees else reader(data, name)

    @property
    def is_text(self) -> bool:
        """Whether its files can be read with the eye."""
        return self.media_type.startswith(_TEXTS)

    @property
    def is_zip(self) -> bool:
        """Whether its files are zips inside."""
        return self.media_type.startswith(_ZIPPED)


FORMATS = {
    ".txt": Format("text/plain", "corpus.parsers.text.plain", "parse_plain"),
    ".md": Format("text/markdown", "corpus.parsers.text.markdown", "parse_markdown"),
    ".markdown": Format("text/markdown", "corpus.parsers.text.markdown", "parse_markdown"),
    ".html": Format("text/html", "corpus.parsers.web.html", "parse_html"),
    ".htm": Format("text/html", "corpus.parsers.web.html", "parse_html"),
    ".pdf": Format("application/pdf", "corpus.parsers.pdf.pdf", "parse_pdf", sees=True),
    ".docx": Format(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "corpus.parsers.office.docx", "parse_docx"
    ),
    ".epub": Format(_EPUB, "corpus.parsers.book.epub", "parse_epub"),
    ".pptx": Format(
        "application/vnd.openxmlformats-officedocument.presentationml.presentation", "corpus.parsers.office.pptx", "parse_pptx"
    ),
    ".xlsx": Format(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "corpus.parsers.office.xlsx", "parse_xlsx"
    ),
    ".csv": Format("text/csv", "corpus.parsers.office.csv", "parse_csv"),
    ".tsv": Format("text/tab-separated-values", "corpus.parsers.office.csv", "parse_tsv"),
    ".eml": Format("message/rfc822", "corpus.parsers.mail.eml", "parse_eml"),
}


def read(path: Path) -> Document:
    """The document in a file. Raises DocumentError, in one sentence, if the file can't be read or holds no text."""
    return read_bytes(load(path, DEFAULT_READ_OPTIONS.megabytes), shown_name(path.name))


def document_id(data: bytes) -> str:
    """The first 16 hex digits of the file's sha256."""
    return hashlib.sha256(data).hexdigest()[:16]


def read_bytes(data: bytes, name: str, *, ocr: bool = True) -> Document:
    """The document in a file's bytes; `name` says by its ending which format they are. Pages that are pictures are read by OCR
    where it is installed, if `ocr` is True. Raises DocumentError as `read` does.
    """
    return in_its_language(read_without_language(data, name, ocr=ocr))


def in_its_language(document: Document) -> Document:
    """The document with the language that it is in."""
    text = document.text
    short = "".join(text[cell.start : cell.end] for cell in _short_cells(document))
    letters = sum(map(str.isalpha, text)) - sum(map(str.isalpha, short))
    return replace(document, language=language_of(text, USUAL_LANGUAGES if letters < _TELLING else ()))


def _short_cells(document: Document) -> Iterator[Cell]:
    cells = (cell for table in document.tables for row in table.rows for cell in row.cells)
    return (cell for cell in cells if cell.end - cell.start <= _SHORT_CELL)


def read_without_language(data: bytes, name: str, *, ocr: bool = True) -> Document:
    """The document in a file's bytes as `read_bytes` gives it, but for its language: what tells that takes long to load."""
    form = FORMATS.get(Path(name).suffix.lower())
    if form is None:
        raise unknown(data, name, FORMATS)
    if not data or data.isspace():
        raise DocumentError(f"{name} is empty.")
    try:
        refuse_other(data, name, is_text=form.is_text, is_zip=form.is_zip)
        if form.is_zip:
            guard(data, name, may_name_type=form.media_type == _EPUB)
        draft = form.read(data, name, ocr=ocr)
    except MemoryError:
        raise
    except DocumentError as error:
        raise DocumentError(shown_sentence(str(error))) from error
    except Exception as error:  # a reader is as good as the files it was tried on, and nobody should see its traceback
        said = f"{name} can't be read as {form.media_type}; {type(error).__name__}: {error}"
        raise DocumentError(shown_sentence(said)) from error
    text = _LONE_SURROGATE.sub("\ufffd", draft.text)
    if not any(character.isalnum() for character in text):
        raise DocumentError(f"{name} holds no text.")
    return Document(
        id=document_id(data),
        title=_LONE_SURROGATE.sub("\ufffd", tidy(draft.title))[:_LONGEST_TITLE] or Path(name.rpartition(WITHIN)[2]).stem,
        source=name,
        media_type=form.media_type,
        language="",
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
