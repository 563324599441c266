"""The sentences of the passages that a search found, as candidates for evidence."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from assistant.ranking.table_rows import best_matching_rows
from corpus import Document, sentences
from index import Hit, LibraryError, Scope


@dataclass(frozen=True, slots=True)
class CandidateSentence:
    """A sentence of a passage, its text as it is shown, and the hit whose passage it is in. Ordered by document id and position."""

    document: Document
    start: int
    end: int
    text: str
    hit: Hit

    def __lt__(self, other: "CandidateSentence") -> bool:
        return (self.document.id, self.start) < (other.document.id, other.start)

    def passage_texts(self) -> Iterator[str]:
        """Yield the text of the passage, block by block. For a table row, leave out rows: others are about something else."""
        document, passage = self.document, self.hit.passage
        is_row = document.row_at(self.start) is not None
        for block in document.blocks_within(passage.start, passage.end):
            if not is_row or document.row_at(block.start) is None:
                yield document.shown(max(block.start, passage.start), min(block.end, passage.end))


def candidate_sentences(scope: Scope, hits: Sequence[Hit], asked_words: Collection[frozenset[str]]) -> list[CandidateSentence]:
    """Return the sentences of the hits' passages, each once, although a sentence may reach into the next passage.

    Headings are left out, since they name a subject and say nothing about it, and so are header rows of tables, rows that match the
    question less well than others of their table (see `best_matching_rows`), and documents that were removed since the search.
    """
    candidates: dict[tuple[str, int, int], CandidateSentence] = {}
    for hit in hits:
        try:
            document = scope.document(hit.passage.document_id)
        except LibraryError:
            continue
        headings = {heading.start for heading in document.headings}
        for block in document.blocks_within(hit.passage.start, hit.passage.end):
            if block.start not in headings and not document.names_columns(block.start):
                for start, end in sentences(document, max(block.start, hit.passage.start), min(block.end, hit.passage.end)):
                    candidate = CandidateSentence(document, start, end, document.shown(start, end), hit)
                    candidates.setdefault((document.id, start, end), candidate)
    return _without_worse_rows(list(candidates.values()), asked_words)


def _without_worse_rows(
    candidates: Sequence[CandidateSentence], asked_words: Collection[frozenset[str]]
) -> list[CandidateSentence]:
    worse: set[tuple[str, int]] = set()
    for document in {candidate.document.id: candidate.document for candidate in candidates}.values():
        rows = {candidate.start for candidate in candidates if candidate.document.id == document.id}
        rows = {start for start in rows if document.row_at(start)}
        worse |= {(document.id, start) for start in rows - best_matching_rows(document, rows, asked_words)}
    return [candidate for candidate in candidates if (candidate.document.id, candidate.start) not in worse]
