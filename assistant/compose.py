"""Composes the sentences and citations of an answer from the evidence that was chosen."""

from collections.abc import Callable, Sequence

from assistant.answer import Citation, Sentence
from assistant.question.phrases import DEPENDENT_OPENER
from assistant.ranking import Evidence
from corpus import sentences
from index import fold

LONGEST_EXTENDED = 400
"""The most characters of a quote that includes the preceding sentence."""


Composer = Callable[[Sequence[Evidence]], tuple[tuple[Sentence, ...], tuple[Citation, ...]]]
"""Returns the sentences and citations of an answer, given the chosen evidence, best first."""


def compose(evidence: Sequence[Evidence]) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """Return a sentence with a citation of its own for each piece of evidence, in order. Evidence that lies within an earlier quote
    is left out.
    """
    citations: list[Citation] = []
    spans: list[tuple[int, int] | None] = []
    for piece in evidence:
        earlier = [citation for citation in citations if citation.document_id == piece.document.id]
        start = _quote_start(piece)
        if any(other.start < piece.end and start < other.end for other in earlier):
            if any(other.start <= piece.start and piece.end <= other.end for other in earlier):
                continue
            start = piece.start
        citation = Citation.of(len(citations) + 1, piece.document, start, piece.end)
        citations.append(citation)
        added = len(citation.text) - len(piece.text)  # the characters of the preceding sentence, if it is included
        spans.append((piece.span[0] + added, piece.span[1] + added) if piece.span else None)
    return (
        tuple(
            Sentence(citation.text, citation.start, citation.end, (citation.number,), span)
            for citation, span in zip(citations, spans, strict=True)
        ),
        tuple(citations),
    )


def _quote_start(piece: Evidence) -> int:
    """Return where the quote begins: at the preceding sentence under the same heading if this one opens with a contrast or a
    pronoun, unless both together are longer than `LONGEST_EXTENDED`; else at the sentence itself.
    """
    document = piece.document
    if not DEPENDENT_OPENER.match(fold(document.shown(piece.start, piece.end))):
        return piece.start
    preceding = sentences(document, max(0, piece.start - LONGEST_EXTENDED), piece.start)
    headings = {heading.start for heading in document.headings}
    if not preceding or preceding[-1][0] in headings or piece.end - preceding[-1][0] > LONGEST_EXTENDED:
        return piece.start
    return preceding[-1][0]
