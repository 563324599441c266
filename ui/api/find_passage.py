"""Find the passage that an address names: by a document's id, a range of its text, and the digest of the quote."""

import hashlib
from http import HTTPStatus
from itertools import pairwise
from typing import Annotated

from fastapi import Path, Query
from starlette.exceptions import HTTPException

from assistant import Assistant, Citation
from corpus import Document, sentences
from index import LibraryError

PLACE = r"^[0-9a-f]{16}:[0-9]{1,12}-[0-9]{1,12}$"
"""The pattern of a passage's id: the document's id, a colon, and a range of its text."""

Place = Annotated[
    str,
    Path(
        pattern=PLACE,
        description="The document's id, and a range of its text: `document_id`, `start` and `end` of a citation.",
    ),
]
"""A passage's id as part of a path."""

Digest = Annotated[
    str | None, Query(description="The first 8 hex digits of the quote's SHA-256: finds the quote if the range no longer fits.")
]
"""The quote's digest as a query parameter."""


def find_document(assistant: Assistant, document_id: str) -> Document:
    """Return the document with this id. Raises HTTPException (404) if the assistant may not show one."""
    try:
        return assistant.scope().document(document_id)
    except LibraryError:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such document") from None


def find_passage(assistant: Assistant, place: str, digest: str | None) -> tuple[Document, Citation]:
    """Return the document and the citation for a place that matches `PLACE`. Raises HTTPException (404) if it isn't there."""
    document_id, _, text_range = place.partition(":")
    start, end = map(int, text_range.split("-"))
    document = find_document(assistant, document_id)
    cited = locate(document, start, end, digest)
    if cited is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "The document does not have that passage any more")
    return document, Citation.of(1, document, *cited)


def locate(document: Document, start: int | None, end: int | None, digest: str | None) -> tuple[int, int] | None:
    """Return the range that a citation's link points to, or None if the document doesn't have it.

    `digest` is the first 8 hex digits of the quote's SHA-256. If the text from `start` to `end` doesn't match it, the first
    sentence or pair of sentences that does is returned. Without a digest, any range within the text is accepted.
    """
    if start is not None and end is not None and _matches(document, start, end, digest):
        return start, end
    if digest is None:
        return None
    ranges = sentences(document)
    candidates = [*ranges, *((first[0], second[1]) for first, second in pairwise(ranges))]
    return next((candidate for candidate in candidates if _matches(document, *candidate, digest)), None)


def _matches(document: Document, start: int, end: int, digest: str | None) -> bool:
    """Return whether the range lies within the text and its text has this digest, if one is given."""
    if not 0 <= start < end <= len(document.text):
        return False
    return digest is None or hashlib.sha256(document.text[start:end].encode("utf-8")).hexdigest()[:8] == digest
