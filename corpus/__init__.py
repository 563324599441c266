"""Reads files. A file or a folder enters; `Document`s, their `Passage`s and the ranges of their sentences leave.

This room never knows what an embedding is, and never fetches, executes or changes anything.
"""

from corpus.document import Document, Passage
from corpus.errors import AddressError, DocumentError, EncoderError, LibraryError, QuestionError, QuipuError, SettingsError
from corpus.language import USUAL_LANGUAGES, language_of
from corpus.parts import Block, Cell, Heading, Page, PageKind, Row, Run, Table, Word
from corpus.read import FORMATS, READER, document_id, load, read, read_bytes, shipped, shown_name
from corpus.sentences import sentences, split_sentences
from corpus.split import SPLITTER, encoded_text, searched_text, split

__all__ = [
    "FORMATS",
    "READER",
    "SPLITTER",
    "USUAL_LANGUAGES",
    "AddressError",
    "Block",
    "Cell",
    "Document",
    "DocumentError",
    "EncoderError",
    "Heading",
    "LibraryError",
    "Page",
    "PageKind",
    "Passage",
    "QuestionError",
    "QuipuError",
    "Row",
    "Run",
    "SettingsError",
    "Table",
    "Word",
    "document_id",
    "encoded_text",
    "language_of",
    "load",
    "read",
    "read_bytes",
    "searched_text",
    "sentences",
    "shipped",
    "shown_name",
    "split",
    "split_sentences",
]
