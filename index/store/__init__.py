"""Stores and searches the passages of one generation: vectors with FAISS, terms with BM25."""

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
