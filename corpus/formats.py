"""Read a file into a `Document`. `FORMATS` is the complete list of supported formats: a new one needs a row here and a parser."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from corpus.containers.zips import guard
from corpus.document import Document, tidy
from corpus.draft import Draft
from corpus.errors import DocumentError
from corpus.language import USUAL_LANGUAGES, language_of
from corpus.load import load
from corpus.names import WITHIN, shown_name, shown_sentence
from corpus.read_options import DEFAULT_READ_OPTIONS
from corpus.sniff import refuse_mismatch, unsupported
from corpus.structure import Cell

PARSERS_VERSION = 3
"""Raise this when the same file would give a different text, so that stored texts are parsed again."""

_ENOUGH_LETTERS = 300
"""A text with fewer letters is assumed to be in one of `USUAL_LANGUAGES`, since a guess among all languages would often be wrong.
Letters in short table cells don't count: most of them are names."""

_SHORT_CELL = 40  # characters

_LONGEST_TITLE = 300
"""Characters. A title is displayed on one line, and indexed with every passage."""

_EPUB = "application/epub+zip"
_ZIPPED = ("application/vnd.openxmlformats-officedocument.", _EPUB)
_TEXTS = ("text/", "message/")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: its media type and its parser, the `function` of a `module` that is imported on first use.

    The parser takes a file's bytes and name and returns a `Draft`; if `takes_ocr`, it also takes `ocr`, whether to run OCR on
    pictures of text.
    """

    media_type: str
    module: str
    function: str
    takes_ocr: bool = False

    def parse(self, data: bytes, name: str, *, ocr: bool = True) -> Draft:
        """Return the draft that the parser makes of a file. Raises whatever the parser raises, usually DocumentError."""
        parser: Callable[..., Draft] = getattr(import_module(self.module), self.function)
        return parser(data, name, ocr=ocr) if self.takes_ocr else parser(data, name)

    @property
    def is_text(self) -> bool:
        """Whether files of this format are plain text, whatever markup is in it."""
        return self.media_type.startswith(_TEXTS)

    @property
    def is_zip(self) -> bool:
        """Whether files of this format are zip archives."""
        return self.media_type.startswith(_ZIPPED)


FORMATS = {
    ".txt": Format("text/plain", "corpus.parsers.text.plain", "parse_plain"),
    ".md": Format("text/markdown", "corpus.parsers.text.markdown", "parse_markdown"),
    ".markdown": Format("text/markdown", "corpus.parsers.text.markdown", "parse_markdown"),
    ".html": Format("text/html", "corpus.parsers.web.html", "parse_html"),
    ".htm": Format("text/html", "corpus.parsers.web.html", "parse_html"),
    ".pdf": Format("application/pdf", "corpus.parsers.pdf.pdf", "parse_pdf", takes_ocr=True),
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
    """Return the document in a file. Raises DocumentError if the file can't be read or holds no text."""
    return read_bytes(load(path, DEFAULT_READ_OPTIONS.megabytes), shown_name(path.name))


def document_id(data: bytes) -> str:
    """Return the first 16 hex digits of the SHA-256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()[:16]


def read_bytes(data: bytes, name: str, *, ocr: bool = True) -> Document:
    """Return the document in a file's bytes; the ending of `name` selects the format.

    Scanned pages go through OCR if `ocr` is true and tesseract is installed. Raises DocumentError as `read` does.
    """
    return in_its_language(read_without_language(data, name, ocr=ocr))


def in_its_language(document: Document) -> Document:
    """Return the document with its `language` set to the one that its text is in."""
    text = document.text
    short_cells = "".join(text[cell.start : cell.end] for cell in _short_cells(document))
    letters = sum(map(str.isalpha, text)) - sum(map(str.isalpha, short_cells))
    return replace(document, language=language_of(text, USUAL_LANGUAGES if letters < _ENOUGH_LETTERS else ()))


def _short_cells(document: Document) -> Iterator[Cell]:
    cells = (cell for table in document.tables for row in table.rows for cell in row.cells)
    return (cell for cell in cells if cell.end - cell.start <= _SHORT_CELL)


def read_without_language(data: bytes, name: str, *, ocr: bool = True) -> Document:
    """Return what `read_bytes` returns, with an empty `language`: the model that detects it takes long to load."""
    form = FORMATS.get(Path(name).suffix.lower())
    if form is None:
        raise unsupported(data, name, FORMATS)
    if not data or data.isspace():
        raise DocumentError(f"{name} is empty.")
    try:
        refuse_mismatch(data, name, is_text=form.is_text, is_zip=form.is_zip)
        if form.is_zip:
            guard(data, name, may_name_type=form.media_type == _EPUB)
        draft = form.parse(data, name, ocr=ocr)
    except MemoryError:
        raise
    except DocumentError as error:
        raise DocumentError(shown_sentence(str(error))) from error
    except Exception as error:  # a parser may fail in any way on a file unlike those it was tested with; show no traceback
        message = f"{name} can't be read as {form.media_type}; {type(error).__name__}: {error}"
        raise DocumentError(shown_sentence(message)) from error
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
    """Return the paths of the reports that ship with Quipu, in order of their names."""
    return sorted(Path(str(path)) for path in files("corpus").joinpath("reports").iterdir() if path.is_file())
