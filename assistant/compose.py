"""Makes sentences and citations of the evidence that was chosen."""

from collections.abc import Callable, Sequence

from assistant.answer import Citation, Sentence
from assistant.evidence import Evidence
from assistant.phrases import LEANS
from corpus import sentences
from index import fold

LONGEST_EXTENDED = 400
"""Characters of a quote that takes in the sentence before."""


Composer = Callable[[Sequence[Evidence]], tuple[tuple[Sentence, ...], tuple[Citation, ...]]]
"""Makes the sentences and the citations of an answer from the evidence that was chosen, the best first."""


def compose(evidence: Sequence[Evidence]) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """A sentence with its own citation for each piece of evidence, in the same order, but for one that another quote holds."""
    citations: list[Citation] = []
    spans: list[tuple[int, int] | None] = []
    for found in evidence:
        held = [other for other in citations if other.document_id == found.document.id]
        start = _standing_alone(found)
        if any(other.start < found.end and start < other.end for other in held):
            if any(other.start <= found.start and found.end <= other.end for other in held):
                continue
            start = found.start
        citation = Citation.of(len(citations) + 1, found.document, start, found.end)
        citations.append(citation)
        before = len(citation.text) - len(found.text)  # of the sentence before, where it was taken in
        spans.append((found.span[0] + before, found.span[1] + before) if found.span else None)
    return (
        tuple(
            Sentence(citation.text, citation.start, citation.end, (citation.number,), span)
            for citation, span in zip(citations, spans, strict=True)
        ),
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
