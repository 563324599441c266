"""Drafts test questions from what readers asked: those that were refused, and those whose answers were unsure or didn't help."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from assistant import KeptQuestion
from index import LibraryError, Scope


def drafts(kept: Iterable[KeptQuestion], scope: Scope) -> list[dict[str, Any]]:
    """Return one draft for each distinct question and history, in the order in which they were first asked.

    A person completes it: whether the documents answer it (`answerable` is None), and the exact quotes that do. `why` lists what
    went wrong, each reason once; `cited` holds the quotes that were given, as far as their documents are still there.
    """
    drafted: dict[str, dict[str, Any]] = {}
    for asked in kept:
        if asked.helpful is False:
            why = f"not helpful: {asked.comment}" if asked.comment else "not helpful"
        elif asked.status == "not_in_documents" and asked.helpful is None:
            why = f"refused: {asked.reason}"
        elif asked.status == "unsure" and asked.helpful is None:
            why = "unsure"
        else:
            continue
        digest = hashlib.sha256(json.dumps([asked.question, *asked.history]).encode("utf-8")).hexdigest()[:8]
        draft = drafted.setdefault(
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
    return list(drafted.values())


def _quotes(asked: KeptQuestion, scope: Scope) -> list[str]:
    quotes = []
    for document_id, start, end in asked.cited:
        try:
            quotes.append(scope.document(document_id).text[start:end])
        except LibraryError:
            continue  # the document was removed
    return quotes
