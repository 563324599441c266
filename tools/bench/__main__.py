"""The command `quipu bench`: how fast Quipu is, beside the plain pipeline."""

import json
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid
from typer.core import TyperGroup

from assistant import QuestionError

if TYPE_CHECKING:  # `tools.bench` is loaded when it is used, since each command pays for what is loaded
    from tools import bench

    Step = Callable[[bench.Tell], bench.Table]

Written = Annotated[Path | None, typer.Option("--json", help="Write the figures, with the machine, into this file.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown, as in docs/performance.md.")]
Rounds = Annotated[int, typer.Option(min=1, help="How often each is run, in turns with the baseline.")]
Passages = Annotated[int, typer.Option(min=100, help="Passages of the library.")]
Questions = Annotated[int, typer.Option(min=20, help="Questions that are asked.")]
Folder = Annotated[
    Path | None,
    typer.Option("--documents", exists=True, file_okay=False, help="Add the documents in this folder; without, some made for it."),
]
Sizes = Annotated[list[int] | None, typer.Option("--sizes", min=100, help="Passages; may be given several times.")]
Encoded = Annotated[
    int | None,
    typer.Option(min=100, help="Texts that are encoded (100,000 unless said); larger libraries are filled up with mixed ones."),
]
Plot = Annotated[Path | None, typer.Option(help="Draw the growth into this file, as SVG; needs matplotlib.")]
Clients = Annotated[int, typer.Option(min=2, max=256, help="Clients that ask at once.")]


_WIDTH = 110  # characters of a table's lines, so that no figure is cut short


class _AllFirst(TyperGroup):
    """Takes `quipu bench` alone, or with options alone, for `quipu bench all`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer keeps its own type of context to itself
        return super().parse_args(ctx, args if args and (not args[0].startswith("-") or "--help" in args) else ["all", *args])


app = typer.Typer(cls=_AllFirst, rich_markup_mode=None)


@app.command()
def ask(
    rounds: Rounds = 7, passages: Passages = 10_000, questions: Questions = 200, written: Written = None, markdown: Markdown = False
) -> None:
    """One question: in a fresh process, and of many on a larger library, with and without a busy neighbour."""
    from tools import bench

    steps: list[Step] = [lambda tell: bench.cold(rounds, tell), lambda tell: bench.warm(passages, questions, tell)]
    _show(steps, written, markdown=markdown)


@app.command()
def encode(
    passages: Annotated[int, typer.Option(min=16, help="Passages that are encoded.")] = 256,
    rounds: Rounds = 5,
    written: Written = None,
    markdown: Markdown = False,
) -> None:
    """Encode passages of about 150 tokens."""
    from tools import bench

    _show([lambda tell: bench.encode(passages, rounds, tell)], written, markdown=markdown)


@app.command()
def add(documents: Folder = None, rounds: Rounds = 1, written: Written = None, markdown: Markdown = False) -> None:
    """Add documents to an empty library."""
    from tools import bench

    _show([lambda tell: bench.add(documents, rounds, tell)], written, markdown=markdown)


@app.command()
def search(
    sizes: Sizes = None,
    encoded: Encoded = None,
    questions: Questions = 300,
    plot: Plot = None,
    written: Written = None,
    markdown: Markdown = False,
) -> None:
    """Search libraries of several sizes, by vectors and by words: 10,000 and 100,000 passages unless others are named."""
    from tools import bench

    _show(
        [lambda tell: bench.search(sizes or bench.SIZES, questions, encoded or bench.MOST_ENCODED, tell)],
        written,
        plot,
        markdown=markdown,
    )


@app.command()
def serve(clients: Clients = 8, questions: Questions = 240, written: Written = None, markdown: Markdown = False) -> None:
    """Serve the report that ships: memory, and answers under load."""
    from tools import bench

    _show([lambda tell: bench.serve(clients, questions, tell)], written, markdown=markdown)


@app.command()
def profile(passages: Passages = 10_000, questions: Questions = 200, written: Written = None, markdown: Markdown = False) -> None:
    """Where the time of one question goes."""
    from tools import bench

    _show([lambda tell: bench.profile(passages, questions, tell)], written, markdown=markdown)


@app.command("all")
def all_(
    documents: Folder = None, sizes: Sizes = None, plot: Plot = None, written: Written = None, markdown: Markdown = False
) -> None:
    """All of them, as they are without options but for these."""
    from tools import bench

    steps: list[Step] = [
        lambda tell: bench.cold(7, tell),
        lambda tell: bench.warm(10_000, 200, tell),
        lambda tell: bench.profile(10_000, 200, tell),
        lambda tell: bench.encode(256, 5, tell),
        lambda tell: bench.add(documents, 1, tell),
        lambda tell: bench.serve(8, 240, tell),
        lambda tell: bench.search(sizes or bench.SIZES, 300, bench.MOST_ENCODED, tell),
    ]
    _show(steps, written, plot, markdown=markdown)


def _show(steps: "Iterable[Step]", written: Path | None, plot: Path | None = None, *, markdown: bool) -> None:
    """Run benchmarks, print the table of each as soon as it is there, keep them in a file, and draw the last."""
    from tools import bench

    for path in filter(None, (written, plot)):
        if not path.absolute().parent.is_dir() or path.is_dir():
            raise QuestionError(f"The figures can't be written to {path}: it is a folder, or there is none to hold it.")
    if plot is not None:
        bench.check_drawing()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops it as Ctrl-C does: with all that it started
    console = Console(highlight=False, markup=False, width=_WIDTH)
    known = bench.machine()
    typer.echo(machine_line(known) + "\n" * markdown)
    tables: list[bench.Table] = []
    for step in steps:
        with Console(stderr=True, highlight=False, markup=False).status("") as status:
            tables.append(step(status.update))
        if markdown:
            typer.echo("\n".join(markdown_lines(tables[-1])))
        else:
            typer.echo(f"\n{tables[-1].title}. {tables[-1].note}")
            console.print(_grid(tables[-1]))
        if written is not None:
            kept = {"machine": known, "tables": [each.as_json() for each in tables]}
            _write(written, json.dumps(kept, ensure_ascii=False, indent=1).encode())
    if plot is not None:
        _write(plot, bench.growth(tables[-1]))


def machine_line(known: dict[str, str]) -> str:
    """The machine in a sentence."""
    first = f"{known['processor']}, {known['cores']} cores ({known['flags']}), {known['memory']}, {known['system']}"
    rest = [f"{name} {value}" for name, value in known.items() if name not in {"processor", "cores", "flags", "memory", "system"}]
    return f"{first}; {', '.join(rest)}."


def markdown_lines(table: "bench.Table") -> list[str]:
    """A table as Markdown, under its title, with the command and what it is of."""
    rows = [_HEADINGS, ("---", "---", "--:", "--:", "--:"), *_rows(table)]
    return [
        f"## {table.title}",
        "",
        f"    quipu bench {table.command}",
        "",
        table.note,
        "",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]


_HEADINGS = ("", "measured", "Quipu", "baseline", "ratio")


def _grid(table: "bench.Table") -> Grid:
    grid = Grid(box=None, pad_edge=False)
    for place, heading in enumerate(_HEADINGS):
        grid.add_column(heading, justify="left" if place < 2 else "right")
    for row in _rows(table):
        grid.add_row(*row)
    return grid


def _rows(table: "bench.Table") -> list[tuple[str, ...]]:
    """The figures in words; a group's name stands in its first row."""
    rows: list[tuple[str, ...]] = []
    group = ""
    for line in table.lines:
        unit = f" {line.unit}" if line.unit else ""
        plain = "" if line.plain is None else figure(line.plain) + unit
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        rows.append(("" if line.group == group else line.group, line.what, figure(line.quipu) + unit, plain, ratio))
        group = line.group
    return rows


def figure(value: float) -> str:
    """A figure with three digits that count.

    >>> figure(12345.6), figure(123.4), figure(12.34), figure(0.98765)
    ('12,346', '123', '12.3', '0.988')
    """
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


def _write(path: Path, data: bytes) -> None:
    """Write a file. Raises QuestionError if it can't be."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise QuestionError(f"The figures can't be written to {path}: {error.strerror}.") from None
