"""Reads files. A file or a folder enters; `Document`s, their `Passage`s and the ranges of their sentences leave.

This room never knows what an embedding is, and never fetches, executes or changes anything.
"""

from corpus.document import CELLS_APART, Document, Passage
from corpus.errors import AddressError, DocumentError, EncoderError, LibraryError, QuestionError, QuipuError, SettingsError
from corpus.language import USUAL_LANGUAGES, language_of
from corpus.load import load
from corpus.names import WITHIN, shown_name
from corpus.parts import Block, Cell, Heading, Page, PageKind, Row, Run, Table, Word
from corpus.pool import Pool, available_processors, finished, weight_of
from corpus.read import FORMATS, READER, document_id, read, read_bytes, shipped
from corpus.reading import USUAL_READING, Reading
from corpus.sentences import sentences, split_sentences
from corpus.sniff import passed_over
from corpus.split import SPLITTER, encoded_text, searched_text, split
from corpus.summary import Summary
from corpus.worker import Worker

__all__ = [
    "CELLS_APART",
    "FORMATS",
    "READER",
    "SPLITTER",
    "USUAL_LANGUAGES",
    "USUAL_READING",
    "WITHIN",
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
    "Pool",
    "QuestionError",
    "QuipuError",
    "Reading",
    "Row",
    "Run",
    "SettingsError",
    "Summary",
    "Table",
    "Word",
    "Worker",
    "available_processors",
    "document_id",
    "encoded_text",
    "finished",
    "language_of",
    "load",
    "passed_over",
    "read",
    "read_bytes",
    "searched_text",
    "sentences",
    "shipped",
    "shown_name",
    "split",
    "split_sentences",
    "weight_of",
]
