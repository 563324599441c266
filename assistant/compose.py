"""Makes sentences and citations of the evidence that was chosen."""

from collections.abc import Sequence

from assistant.answer import Citation, Sentence
from assistant.evidence import Evidence
from assistant.phrases import LEANS
from corpus import sentences
from index import fold

LONGEST_EXTENDED = 400
"""Characters of a quote that takes in the sentence before."""


def compose(evidence: Sequence[Evidence]) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """A sentence with its own citation for each piece of evidence, in the same order, but for one that another quote holds."""
    citations: list[Citation] = []
    for found in evidence:
        start, end = _standing_alone(found), found.end
        if not any(other.document_id == found.document.id and other.start < end and start < other.end for other in citations):
            citations.append(Citation.of(len(citations) + 1, found.document, start, end))
        elif not any(
            other.document_id == found.document.id and other.start <= found.start and found.end <= other.end for other in citations
        ):
            citations.append(Citation.of(len(citations) + 1, found.document, found.start, end))
    return (
        tuple(Sentence(citation.text, citation.start, citation.end, (citation.number,)) for citation in citations),
        tuple(citations),
    )


def _standing_alone(found: Evidence) -> int:
    """Where the quote begins: a sentence that opens with a contrast or a pronoun takes in the one before, under the same heading.

    Two sentences that are longer than `LONGEST_EXTENDED` together stay apart.
    """
    document = found.document
    if not LEANS.match(fold(document.shown(found.start, found.end))):
        return found.start
    before = sentences(document, max(0, found.start - LONGEST_EXTENDED), found.start)
    headings = {heading.start for heading in document.headings}
    if not before or before[-1][0] in headings or found.end - before[-1][0] > LONGEST_EXTENDED:
        return found.start
    return before[-1][0]
