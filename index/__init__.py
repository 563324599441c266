"""Finds passages: takes passages and a query, and returns `Hit`s in a total order.

This package never decides whether a passage answers the question.
"""

from index.analyser import content_words, fold, question_language, question_terms, terms, words
from index.encoders import (
    DEFAULT_MODEL,
    Encoder,
    OnnxEncoder,
    SentenceTransformerEncoder,
    Vectors,
    default_folder,
    go_offline,
    load_encoder,
)
from index.errors import EncoderError, LibraryError
from index.fusion import fuse
from index.hit import Hit
from index.library import (
    NO_PROGRESS,
    AddResult,
    BusyError,
    Catalogue,
    Entry,
    Follower,
    Home,
    Library,
    Progress,
    RebuildResult,
    RestoreResult,
    StoredDocument,
    VerifyResult,
    add,
    backup,
    limit,
    rebuild,
    remove,
    remove_from,
    reread,
    restore,
    stored,
    verify,
)
from index.scope import Scope
from index.search import Index
from index.store import LocalStore, Range, Store

__all__ = [
    "DEFAULT_MODEL",
    "NO_PROGRESS",
    "AddResult",
    "BusyError",
    "Catalogue",
    "Encoder",
    "EncoderError",
    "Entry",
    "Follower",
    "Hit",
    "Home",
    "Index",
    "Library",
    "LibraryError",
    "LocalStore",
    "OnnxEncoder",
    "Progress",
    "Range",
    "RebuildResult",
    "RestoreResult",
    "Scope",
    "SentenceTransformerEncoder",
    "Store",
    "StoredDocument",
    "Vectors",
    "VerifyResult",
    "add",
    "backup",
    "content_words",
    "default_folder",
    "fold",
    "fuse",
    "go_offline",
    "limit",
    "load_encoder",
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
