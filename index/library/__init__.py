"""Stores a library on the disk: the catalogue, the documents' files, the generations, and every change to them."""

from index.library.add import AddResult, add
from index.library.backup import RestoreResult, backup, restore
from index.library.catalogue import Catalogue, Entry
from index.library.change import NO_PROGRESS, Progress, RebuildResult, check_encoder, limit, rebuild, remove, remove_from
from index.library.documents import DocumentFiles, DocumentVersion
from index.library.generations import Generation, current_number, open_current
from index.library.home import BusyError, Home
from index.library.library import Follower, Library
from index.library.verify import StoredDocument, VerifyResult, reread, stored, verify

__all__ = [
    "NO_PROGRESS",
    "AddResult",
    "BusyError",
    "Catalogue",
    "DocumentFiles",
    "DocumentVersion",
    "Entry",
    "Follower",
    "Generation",
    "Home",
    "Library",
    "Progress",
    "RebuildResult",
    "RestoreResult",
    "StoredDocument",
    "VerifyResult",
    "add",
    "backup",
    "check_encoder",
    "current_number",
    "limit",
    "open_current",
    "rebuild",
    "remove",
    "remove_from",
    "reread",
    "restore",
    "stored",
    "verify",
]
