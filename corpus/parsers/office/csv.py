"""CSV and TSV: tables in plain text. A record is numbered as a spreadsheet numbers the row that it becomes."""

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
from corpus.parsers.office.sheet_tables import lay_rows
from corpus.parsers.text.plain import decode

_SEPARATORS = "\t;|,"  # the comma last: it stands in numbers too
_SAID = re.compile(r'"?sep=(.)"?\n', re.IGNORECASE)
_LOOKED_AT = 100  # records, from which it is told how they are separated
_MOST_COLUMNS = 16_384  # as many as a spreadsheet has


def parse_csv(data: bytes, name: str) -> Draft:
    """Records are rows of one sheet. What separates their fields (a comma, semicolon, tab or bar) is what gives most records the
    same number of fields, unless the file says so in a first line such as "sep=;", which is no row.

    Blank records part tables, and a line above a table is its title, as in a spreadsheet. Raises DocumentError if the file is not
    UTF-8 or UTF-16, or has a field or a record that no spreadsheet takes.
    """
    text = decode(data, name).replace("\0", "")
    said = _SAID.match(text)
    text = text[said.end() :] if said else text
    separator = said[1] if said else _separator(text)
    return _read(text, separator, name)


def parse_tsv(data: bytes, name: str) -> Draft:
    """As `parse_csv` does, with tabs between the fields."""
    return _read(decode(data, name).replace("\0", ""), "\t", name)


def _read(text: str, separator: str, name: str) -> Draft:
    draft, rows = Draft(), []
    try:
        for number, record in enumerate(_records(text, separator), 1):
            alive()
            if len(record) > _MOST_COLUMNS:
                raise DocumentError(f"{name} has {len(record):,} fields in record {number}; a spreadsheet takes {_MOST_COLUMNS:,}.")
            if cells := [CellText(column, field) for column, field in enumerate(record) if field.strip()]:
                rows.append(SheetRow(number, cells))
    except csv.Error:
        raise DocumentError(
            f"{name} has a field of more than {csv.field_size_limit():,} characters: see whether a quotation mark is missing."
        ) from None
    lay_rows(draft, rows)
    draft.tile([0], [None])
    draft.title = draft.first_heading()
    return draft


def _separator(text: str) -> str:
    def agreement(separator: str) -> int:
        """How many of the first records have the same number of fields, which is two or more."""
        try:
            counts = Counter(len(record) for record in islice(_records(text, separator), _LOOKED_AT) if len(record) > 1)
        except csv.Error:
            return 0
        return max(counts.values(), default=0)

    return max(_SEPARATORS, key=agreement)


def _records(text: str, separator: str) -> Iterator[Sequence[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
