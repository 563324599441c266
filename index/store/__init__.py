"""Searches the passages of one generation: vectors by FAISS, words by BM25, and the writing of both."""

from index.store.bm25_writer import TermCounts
from index.store.local import LocalEngine, LocalStore
from index.store.protocol import Candidates, Range, Store, StoreEngine, StoreWriter

__all__ = [
    "Candidates",
    "LocalEngine",
    "LocalStore",
    "Range",
    "Store",
    "StoreEngine",
    "StoreWriter",
    "TermCounts",
]
