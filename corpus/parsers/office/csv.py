"""CSV and TSV: tables in plain text. Records are numbered as a spreadsheet would number the rows that they become."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from corpus.draft import CellText, Draft
from corpus.errors import DocumentError
from corpus.heartbeat import alive
from corpus.parsers.office.sheet_cells import SheetRow
from corpus.parsers.office.sheet_tables import append_rows
from corpus.parsers.text.charset import decode

_SEPARATORS = "\t;|,"  # the comma comes last, since it also occurs in numbers
_DECLARED = re.compile(r'"?sep=(.)"?\n', re.IGNORECASE)
_SAMPLE = 100  # records, from which the separator is guessed
_MOST_COLUMNS = 16_384  # a spreadsheet's limit


def parse_csv(data: bytes, name: str) -> Draft:
    """Parse CSV: its records become the rows of one unnamed sheet.

    The separator (comma, semicolon, tab or bar) is the one that gives most records the same number of fields, unless a first line
    such as "sep=;" names it; that line is not a row. As in a spreadsheet, blank records end a table and a line above a table is its
    title.

    Raises DocumentError if the file is neither UTF-8 nor UTF-16, or has a field or a record too long for a spreadsheet.
    """
    text = decode(data, name).replace("\0", "")
    declared = _DECLARED.match(text)
    text = text[declared.end() :] if declared else text
    separator = declared[1] if declared else _guess_separator(text)
    return _parse(text, separator, name)


def parse_tsv(data: bytes, name: str) -> Draft:
    """Parse TSV: like `parse_csv`, with tabs between the fields."""
    return _parse(decode(data, name).replace("\0", ""), "\t", name)


def _parse(text: str, separator: str, name: str) -> Draft:
    draft, rows = Draft(), []
    try:
        for number, record in enumerate(_records(text, separator), 1):
            alive()
            if len(record) > _MOST_COLUMNS:
                raise DocumentError(
                    f"{name} has {len(record):,} fields in record {number}; a spreadsheet takes at most {_MOST_COLUMNS:,}."
                )
            if cells := [CellText(column, field) for column, field in enumerate(record) if field.strip()]:
                rows.append(SheetRow(number, cells))
    except csv.Error:
        raise DocumentError(
            f"{name} has a field of more than {csv.field_size_limit():,} characters: check for a missing quotation mark."
        ) from None
    append_rows(draft, rows)
    draft.tile([0], [None])
    draft.title = draft.first_heading()
    return draft


def _guess_separator(text: str) -> str:
    """Return the likeliest of `_SEPARATORS`."""

    def agreement(separator: str) -> int:
        """Return how many of the first records agree on a number of fields greater than one."""
        try:
            counts = Counter(len(record) for record in islice(_records(text, separator), _SAMPLE) if len(record) > 1)
        except csv.Error:
            return 0
        return max(counts.values(), default=0)

    return max(_SEPARATORS, key=agreement)


def _records(text: str, separator: str) -> Iterator[Sequence[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
