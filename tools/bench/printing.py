"""Prints benchmark results: as a table in the terminal, as Markdown, and the machine in a sentence."""

from rich.table import Table

from tools.bench.results import BenchmarkResult

_HEADINGS = ("", "measured", "Quipu", "baseline", "ratio")


def machine_line(machine: dict[str, str]) -> str:
    """Return what `machine` says in one sentence."""
    named = f"{machine['processor']}, {machine['cores']} cores ({machine['flags']}), {machine['memory']}, {machine['system']}"
    rest = [f"{name} {value}" for name, value in machine.items() if name not in {"processor", "cores", "flags", "memory", "system"}]
    return f"{named}; {', '.join(rest)}."


def markdown_lines(result: BenchmarkResult) -> list[str]:
    """Return a result as lines of Markdown: its title, command, note and table."""
    rows = [_HEADINGS, ("---", "---", "--:", "--:", "--:"), *_rows(result)]
    return [
        f"## {result.title}",
        "",
        f'    make bench ARGS="{result.command}"',
        "",
        result.note,
        "",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]


def terminal_table(result: BenchmarkResult) -> Table:
    """Return a result as a table for the terminal."""
    table = Table(box=None, pad_edge=False)
    for place, heading in enumerate(_HEADINGS):
        table.add_column(heading, justify="left" if place < 2 else "right")
    for row in _rows(result):
        table.add_row(*row)
    return table


def _rows(result: BenchmarkResult) -> list[tuple[str, ...]]:
    """Return the cells of each line. A group is named in its first line only."""
    rows: list[tuple[str, ...]] = []
    group = ""
    for each in result.measurements:
        unit = f" {each.unit}" if each.unit else ""
        baseline = "" if each.baseline is None else three_digits(each.baseline) + unit
        ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
        rows.append(("" if each.group == group else each.group, each.what, three_digits(each.quipu) + unit, baseline, ratio))
        group = each.group
    return rows


def three_digits(value: float) -> str:
    """Return a value rounded to three significant digits, or to a whole number where that has more.

    >>> three_digits(12345.6), three_digits(123.4), three_digits(12.34), three_digits(0.98765)
    ('12,346', '123', '12.3', '0.988')
    """
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"
