"""Searches the passages of one generation: vectors by FAISS, words by BM25, and the writing of both."""

from index.store.bm25_writer import TermCounts
from index.store.local import LocalStore, StoreWriter
from index.store.store import Candidates, Range, Store

__all__ = [
    "Candidates",
    "LocalStore",
    "Range",
    "Store",
    "StoreWriter",
    "TermCounts",
]
