"""Writes a run as JSON, and reads it back."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant import QuestionError
from eval.figures import Figure
from eval.run import QuestionResult, QuotedRange


def run_file(rows: Sequence[QuestionResult], figures: dict[str, dict[str, Figure]], meta: dict[str, Any]) -> dict[str, Any]:
    """Return a run as plain values for `json.dump`. Equal runs have equal figures and rows; only `meta` may differ."""
    plain = {group: {name: asdict(figure) for name, figure in measured.items()} for group, measured in figures.items()}
    return {"meta": meta, "figures": plain, "rows": [asdict(row) for row in rows]}


def read_run(path: Path) -> list[QuestionResult]:
    """Return the rows of a run file. Raises QuestionError if it isn't one."""
    try:
        rows = json.loads(path.read_bytes())["rows"]
        return [_row(row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise QuestionError(f"{path} is not a run that `quipu eval --json` wrote ({type(error).__name__}: {error}).") from None


def _row(values: dict[str, Any]) -> QuestionResult:
    ranges = {name: tuple(QuotedRange(**quoted) for quoted in values[name]) for name in ("cited", "expected")}
    return QuestionResult(**{**values, **ranges, "history": tuple(values["history"])})
