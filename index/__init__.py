"""Finds passages. Passages and a query enter; `Hit`s in a total order leave.

This room never decides whether a passage answers the question.
"""

from index.adding import Added, add
from index.backup import Restored, backup, restore
from index.containers import TAKEN, file_of, is_named, last_part, place_of
from index.encoder import Encoder, SentenceTransformerEncoder, Vectors
from index.fusion import fuse
from index.hit import Hit
from index.home import BusyError, Home
from index.library import Entry, Library
from index.loading import load_encoder
from index.onnx_encoder import OnnxEncoder
from index.search import Index
from index.store import LocalStore, Range, Store
from index.verify import Stored, Verified, reread, stored, verify
from index.weights import DEFAULT_MODEL, default_folder, go_offline
from index.words import content_words, fold, question_language, question_terms, terms, words
from index.writer import SILENT, Progress, Rebuilt, limit, rebuild, remove, remove_from

__all__ = [
    "DEFAULT_MODEL",
    "SILENT",
    "TAKEN",
    "Added",
    "BusyError",
    "Encoder",
    "Entry",
    "Hit",
    "Home",
    "Index",
    "Library",
    "LocalStore",
    "OnnxEncoder",
    "Progress",
    "Range",
    "Rebuilt",
    "Restored",
    "SentenceTransformerEncoder",
    "Store",
    "Stored",
    "Vectors",
    "Verified",
    "add",
    "backup",
    "content_words",
    "default_folder",
    "file_of",
    "fold",
    "fuse",
    "go_offline",
    "is_named",
    "last_part",
    "limit",
    "load_encoder",
    "place_of",
    "question_language",
    "question_terms",
    "rebuild",
    "remove",
    "remove_from",
    "reread",
    "restore",
    "stored",
    "terms",
    "verify",
    "words",
]
