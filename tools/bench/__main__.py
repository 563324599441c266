"""The command line of the benchmarks: `python -m tools.bench ask|encode|add|search|serve|profile|all`, or `make bench`."""

import json
import logging
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from assistant import QuestionError
from corpus import QuipuError
from index import go_offline
from tools.bench import add as add_module
from tools.bench import ask as ask_module
from tools.bench import encode as encode_module
from tools.bench import profile as profile_module
from tools.bench import search as search_module
from tools.bench import serve as serve_module
from tools.bench.growth_chart import check_matplotlib, growth_chart
from tools.bench.machine import machine
from tools.bench.printing import machine_line, markdown_lines, terminal_table
from tools.bench.processes import ShowStep
from tools.bench.results import BenchmarkResult

Step = Callable[[ShowStep], BenchmarkResult]

JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the results and the machine to this file.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown, as in docs/performance.md.")]
Rounds = Annotated[int, typer.Option(min=1, help="How often each side runs, in turns.")]
Passages = Annotated[int, typer.Option(min=100, help="Passages in the library.")]
Questions = Annotated[int, typer.Option(min=20, help="Questions to ask.")]
Documents = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Add the documents in this folder, instead of some made of real sentences."),
]
Sizes = Annotated[list[int] | None, typer.Option(min=100, help="Passages in the library; may be given several times.")]
Encoded = Annotated[int, typer.Option(min=100, help="Texts to encode; larger libraries are filled up with mixed ones.")]
Plot = Annotated[Path | None, typer.Option(help="Draw the growth to this file, as SVG; needs matplotlib.")]
Clients = Annotated[int, typer.Option(min=2, max=256, help="Clients that ask at once.")]

_WIDTH = 110  # characters of a table's lines, so that no value is cut short


class _AllByDefault(TyperGroup):
    """Runs `all` if no command is named, with whatever options are given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer keeps its type of context to itself
        return super().parse_args(ctx, args if args and (not args[0].startswith("-") or "--help" in args) else ["all", *args])


app = typer.Typer(
    cls=_AllByDefault,
    help="Measure how fast Quipu is, beside plain sentence-transformers and FAISS in the same run.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def ask(
    rounds: Rounds = 7,
    passages: Passages = 10_000,
    questions: Questions = 200,
    json_file: JsonFile = None,
    markdown: Markdown = False,
) -> None:
    """One question: in a fresh process, then many on a larger library, undisturbed and beside a busy process."""
    steps: list[Step] = [
        lambda show: ask_module.cold(rounds, show),
        lambda show: ask_module.warm(passages, questions, show),
    ]
    _run(steps, json_file, markdown=markdown)


@app.command()
def encode(
    passages: Annotated[int, typer.Option(min=16, help="Passages to encode.")] = 256,
    rounds: Rounds = 5,
    json_file: JsonFile = None,
    markdown: Markdown = False,
) -> None:
    """Encode passages of about 150 tokens."""
    _run([lambda show: encode_module.encode(passages, rounds, show)], json_file, markdown=markdown)


@app.command()
def add(documents: Documents = None, rounds: Rounds = 1, json_file: JsonFile = None, markdown: Markdown = False) -> None:
    """Add documents to an empty library."""
    _run([lambda show: add_module.add(documents, rounds, show)], json_file, markdown=markdown)


@app.command()
def search(
    sizes: Sizes = None,
    encoded: Encoded = search_module.MOST_ENCODED,
    questions: Questions = 300,
    plot: Plot = None,
    json_file: JsonFile = None,
    markdown: Markdown = False,
) -> None:
    """Search libraries of several sizes by vectors and by words: 10,000 and 100,000 passages unless others are named."""
    step: Step = lambda show: search_module.search(sizes or search_module.SIZES, questions, encoded, show)  # noqa: E731 - for its type
    _run([step], json_file, plot, markdown=markdown)


@app.command()
def serve(clients: Clients = 8, questions: Questions = 240, json_file: JsonFile = None, markdown: Markdown = False) -> None:
    """Serve the report that ships: memory, and answers under load."""
    _run([lambda show: serve_module.serve(clients, questions, show)], json_file, markdown=markdown)


@app.command()
def profile(
    passages: Passages = 10_000, questions: Questions = 200, json_file: JsonFile = None, markdown: Markdown = False
) -> None:
    """Where the time of one question goes."""
    _run([lambda show: profile_module.profile(passages, questions, show)], json_file, markdown=markdown)


@app.command("all")
def all_(
    documents: Documents = None, sizes: Sizes = None, plot: Plot = None, json_file: JsonFile = None, markdown: Markdown = False
) -> None:
    """All benchmarks, each with its defaults but for these options. Runs if no command is named."""
    steps: list[Step] = [
        lambda show: ask_module.cold(7, show),
        lambda show: ask_module.warm(10_000, 200, show),
        lambda show: profile_module.profile(10_000, 200, show),
        lambda show: encode_module.encode(256, 5, show),
        lambda show: add_module.add(documents, 1, show),
        lambda show: serve_module.serve(8, 240, show),
        lambda show: search_module.search(sizes or search_module.SIZES, 300, search_module.MOST_ENCODED, show),
    ]
    _run(steps, json_file, plot, markdown=markdown)


def _run(steps: Iterable[Step], json_file: Path | None, plot: Path | None = None, *, markdown: bool) -> None:
    """Run benchmarks; print each result as soon as there is one, keep all in a file, and draw the last.

    Raises QuestionError if a file can't be written, before anything is measured where that can be told.
    """
    for path in filter(None, (json_file, plot)):
        if not path.absolute().parent.is_dir() or path.is_dir():
            raise QuestionError(f"The results can't be written to {path}: it is a folder, or is in a folder that doesn't exist.")
    if plot is not None:
        check_matplotlib()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops it, and all that it started, as Ctrl-C does
    console = Console(highlight=False, markup=False, width=_WIDTH)
    measured_on = machine()
    typer.echo(machine_line(measured_on) + "\n" * markdown)
    results: list[BenchmarkResult] = []
    for step in steps:
        with Console(stderr=True, highlight=False, markup=False).status("") as status:
            results.append(step(status.update))
        if markdown:
            typer.echo("\n".join(markdown_lines(results[-1])))
        else:
            typer.echo(f"\n{results[-1].title}. {results[-1].note}")
            console.print(terminal_table(results[-1]))
        if json_file is not None:
            content = {"machine": measured_on, "tables": [each.as_json() for each in results]}
            _write(json_file, json.dumps(content, ensure_ascii=False, indent=1).encode())
    if plot is not None:
        _write(plot, growth_chart(results[-1]))


def _write(path: Path, data: bytes) -> None:
    """Write a file. Raises QuestionError if that fails."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise QuestionError(f"The results can't be written to {path}: {error.strerror}.") from None


def main() -> None:
    """Run the command line. What Quipu raises on purpose is one sentence on standard error, and exit code 2."""
    go_offline()
    if sys.stderr.isatty():  # say what takes long
        logging.basicConfig(format="bench: %(message)s", level=logging.WARNING)
        logging.getLogger("index").setLevel(logging.INFO)
    try:
        app(prog_name="python -m tools.bench")
    except QuipuError as error:
        print(f"bench: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


if __name__ == "__main__":
    main()
