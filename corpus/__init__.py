"""Reads files. A file or a folder enters; `Document`s, their `Passage`s and the ranges of their sentences leave.

This room never knows what an embedding is, and never fetches, executes or changes anything.
"""

from corpus.containers.parts import ACCEPTED_ENDINGS, Part, file_of, is_in, is_named, last_part, parts_of, place_of
from corpus.document import CELLS_APART, Document, Passage
from corpus.errors import DocumentError, QuipuError
from corpus.file_parsers import FileParsers, InlineParsers, ParserPool
from corpus.formats import FORMATS, PARSERS_VERSION, document_id, read, read_bytes, shipped
from corpus.isolation import ISOLATED_PARSERS, IsolatedParsers, ProcessPool, Worker, available_processors, result_if_done, weight_of
from corpus.language import USUAL_LANGUAGES, language_of, unusual_language
from corpus.load import load
from corpus.names import WITHIN, shown_name
from corpus.read_options import DEFAULT_READ_OPTIONS, ReadOptions
from corpus.read_summary import ReadSummary
from corpus.sentences import sentences, split_sentences
from corpus.sniff import passed_over
from corpus.split import SPLITTER_VERSION, encoded_text, searched_text, split
from corpus.structure import Block, Cell, Heading, Page, PageKind, Row, Run, Table, Word

__all__ = [
    "ACCEPTED_ENDINGS",
    "CELLS_APART",
    "DEFAULT_READ_OPTIONS",
    "FORMATS",
    "ISOLATED_PARSERS",
    "PARSERS_VERSION",
    "SPLITTER_VERSION",
    "USUAL_LANGUAGES",
    "WITHIN",
    "Block",
    "Cell",
    "Document",
    "DocumentError",
    "FileParsers",
    "Heading",
    "InlineParsers",
    "IsolatedParsers",
    "Page",
    "PageKind",
    "ParserPool",
    "Part",
    "Passage",
    "ProcessPool",
    "QuipuError",
    "ReadOptions",
    "ReadSummary",
    "Row",
    "Run",
    "Table",
    "Word",
    "Worker",
    "available_processors",
    "document_id",
    "encoded_text",
    "file_of",
    "is_in",
    "is_named",
    "language_of",
    "last_part",
    "load",
    "parts_of",
    "passed_over",
    "place_of",
    "read",
    "read_bytes",
    "result_if_done",
    "searched_text",
    "sentences",
    "shipped",
    "shown_name",
    "split",
    "split_sentences",
    "unusual_language",
    "weight_of",
]
