"""Drafts of test questions, from the questions that readers asked: those that were refused, and those whose answer didn't help."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from assistant import KeptQuestion
from index import LibraryError, Scope


def drafts(kept: Iterable[KeptQuestion], scope: Scope) -> list[dict[str, Any]]:
    """A draft for each question with its history, however often it was asked, in the order of the first time.

    A person completes it: whether the documents answer it (`answerable` is None), and the exact words that do. `why` says what
    went wrong, once each; `cited` quotes what was given, where that still stands in the documents.
    """
    found: dict[str, dict[str, Any]] = {}
    for asked in kept:
        if asked.helpful is False:
            why = f"not helpful: {asked.comment}" if asked.comment else "not helpful"
        elif asked.status == "not_in_documents" and asked.helpful is None:
            why = f"refused: {asked.reason}"
        else:
            continue
        digest = hashlib.sha256(json.dumps([asked.question, *asked.history]).encode("utf-8")).hexdigest()[:8]
        draft = found.setdefault(
            digest,
            {
                "id": f"asked-{digest}",
                "question": asked.question,
                "lang": asked.language,
                "kind": "asked",
                "answerable": None,
                "gold_quotes": [],
                "history": list(asked.history),
                "times": 0,
                "why": [],
                "cited": [],
            },
        )
        draft["times"] += 1
        draft["why"] += [why] if why not in draft["why"] else []
        draft["cited"] += [quote for quote in _quotes(asked, scope) if quote not in draft["cited"]]
    return list(found.values())


def _quotes(asked: KeptQuestion, scope: Scope) -> list[str]:
    quotes = []
    for document_id, start, end in asked.cited:
        try:
            quotes.append(scope.document(document_id).text[start:end])
        except LibraryError:
            continue  # it was removed
    return quotes
