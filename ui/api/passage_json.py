"""A cited passage and the text around it, as JSON values."""

from collections.abc import Iterable, Iterator

from assistant import Citation
from corpus import Document
from ui.api import schema
from ui.api.answer_json import citation_payload
from ui.document_blocks import Piece, ShownTable, blocks_around, pieces
from ui.wording import Language


def passage_payload(document: Document, citation: Citation, language: Language, root: str = "") -> schema.Passage:
    """Return a citation of this document with the text around it. `root` prefixes its link."""
    context: list[schema.Paragraph] = []
    for block in blocks_around(document, citation.start, citation.end):
        if block.table is not None:
            context += _rows(document, block.table, (citation.start, citation.end))
        elif block.pieces:
            context.append({"heading": block.tag != "p", "pieces": _pieces(block.pieces)})
    return {**citation_payload(citation, language, root), "context": context}


def _rows(document: Document, table: ShownTable, cited: tuple[int, int]) -> Iterator[schema.Paragraph]:
    for row in (*table.heads, *table.rows):
        cells: list[schema.TableCell] = [
            {"column": cell.column, "span": cell.span, "pieces": _pieces(cell.pieces)} for cell in row.cells if cell.pieces
        ]
        yield {
            "heading": False,
            "pieces": _pieces(pieces(document, row.start, row.end, cited)),
            "row": {"table": table.number, "number": row.number, "names_columns": row.names, "cells": cells},
        }


def _pieces(shown: Iterable[Piece]) -> list[schema.Piece]:
    return [{"text": piece.text, "cited": piece.cited} for piece in shown]
