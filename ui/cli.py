"""The commands. Each is a few lines over the other rooms."""

import json
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from assistant import Assistant, Settings
from corpus import FORMATS, DocumentError, LibraryError, QuestionError, load, shown_name
from eval import (
    Article,
    LeftOut,
    Row,
    TestQuestion,
    ask_all,
    compare,
    figures,
    read_questions,
    read_run,
    read_squad,
    run_file,
    shipped_questions,
)
from index import Home, Index, Library, SentenceTransformerEncoder, add, rebuild, remove, stored, verify
from ui.evaluation import WIDTH, change_lines, failures, figures_table, summary
from ui.payload import payload
from ui.progress import Bar
from ui.terminal import added_line, answer_text, count, document_row
from ui.verification import verify_answer

app = typer.Typer(
    name="quipu",
    help="Ask reports in plain words; get their own sentences, each with its place.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_WIDE = 1000  # characters: what is printed into a file or a pipe is not cut short
_err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to serve on, of this machine only.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = None,
) -> None:
    """Serve the page in the browser, and the API."""
    from ui.server import bind, create_app, run

    settings = Settings.load()
    listener = bind(settings.host if host is None else host, settings.port if port is None else port)
    assistant = Assistant.open()
    served = create_app(assistant)
    _print_notice(assistant)
    names = ", ".join(entry.name for entry in assistant.index().entries())
    address, bound = listener.getsockname()[:2]
    typer.echo(f"Quipu answers from {names}.")
    typer.echo(f"Open http://{f'[{address}]' if ':' in address else address}:{bound} in a browser; Ctrl-C stops it.")
    run(served, listener)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, as POST /api/ask gives it.")] = False,
    document: Annotated[
        list[str] | None, typer.Option(help="Ask within this document only, by its name or id; may be given several times.")
    ] = None,
) -> None:
    """Ask one question. A refusal is an answer too: the exit code is 0 for both."""
    assistant = Assistant.open()
    _print_notice(assistant)
    documents = _ids(assistant.index(), document) if document else None
    started = time.perf_counter()
    answer = assistant.ask(question, documents=documents)
    milliseconds = 1000 * (time.perf_counter() - started)
    if as_json:
        typer.echo(json.dumps(payload(answer, milliseconds), ensure_ascii=False, indent=2))
    else:
        typer.echo(answer_text(answer))


@app.command(name="add")
def add_command(paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders of files.")]) -> None:
    """Add documents to the library and index them. What can't be read costs one sentence each; the rest is added."""
    settings = Settings.load()
    files, passed_over = _files(paths)
    encoder = SentenceTransformerEncoder.load(settings.model)
    with Bar(_err) as bar:
        outcomes = add(Home(settings.home), files, encoder, bar)
    for outcome in outcomes:
        if outcome.error is None:
            typer.echo(added_line(outcome))
        else:
            typer.echo(f"quipu: {outcome.error}", err=True)
    for path in passed_over:
        typer.echo(f"{shown_name(str(path))} was passed over: Quipu doesn't read that type.", err=True)
    if any(outcome.error is not None for outcome in outcomes):
        raise typer.Exit(2)


@app.command(name="remove")
def remove_command(name: Annotated[str, typer.Argument(help="The document's name, or its id.")]) -> None:
    """Remove a document from the library, with every trace of its text."""
    for entry in remove(Home(Settings.load().home), name):
        typer.echo(f"Removed {entry.name} ({entry.id}).")


@app.command(name="rebuild")
def rebuild_command() -> None:
    """Read and embed all documents anew: after a change of QUIPU_MODEL, an update of Quipu, or damage to the index."""
    settings = Settings.load()
    encoder = SentenceTransformerEncoder.load(settings.model)
    with Bar(_err) as bar:
        rebuilt = rebuild(Home(settings.home), encoder, bar)
    typer.echo(f"Rebuilt the index of {count(rebuilt.documents, 'document')} with {encoder.name}.")
    for problem in rebuilt.problems:
        typer.echo(f"quipu: {problem}", err=True)
    if rebuilt.problems:
        raise typer.Exit(2)


@app.command()
def documents() -> None:
    """List the documents in the library."""
    kept = stored(Home(Settings.load().home))
    if not kept:
        typer.echo("No document was added yet: Quipu answers from the report that ships. Add your own with `quipu add PATH`.")
        return
    table = Table("Name", "Title", "Pages", "Without text", "Language", "Added", box=None, pad_edge=False)
    table.add_column("Id", no_wrap=True)
    for document in kept:
        table.add_row(*document_row(document))
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _WIDE).print(table)


@app.command(name="verify")
def verify_command(
    answers: Annotated[
        list[Path] | None, typer.Argument(metavar="ANSWER...", help="Answers of `quipu ask --json`; - is standard input.")
    ] = None,
) -> None:
    """Re-read the originals, and compare them with all that is searched; or with the quotes of the given answers."""
    home = Home(Settings.load().home)
    home = home if Library(home).active() else home.shipped
    problems = 0
    for path in answers or ():
        answer = sys.stdin.buffer.read() if str(path) == "-" else load(path)
        quotes = verify_answer(home, answer, shown_name(str(path)))
        if not quotes:
            typer.echo(f"{shown_name(str(path))} quotes nothing: there is nothing to verify.")
        for quote in quotes:
            problems += bool(quote.problem)
            typer.echo(quote.problem or f"[{quote.number}] stands in {quote.source}, character for character: “{quote.text}”")
    for checked in () if answers else verify(home):
        problems += bool(checked.problem)
        typer.echo(checked.problem or f"{checked.entry.name}: all {checked.characters:,} characters are as the original reads.")
    if problems:
        raise typer.Exit(1)


@app.command(name="eval")
def eval_command(
    questions: Annotated[
        Path | None, typer.Argument(help="Test questions, as JSON Lines or SQuAD .json; without, those on the report that ships.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--documents", help="Ask these documents, in a home made for the run, not the library.")
    ] = None,
    within: Annotated[bool, typer.Option("--within", help="Ask each question only of the document that it is about.")] = False,
    leave_out: Annotated[
        LeftOut, typer.Option(help="What of a SQuAD file isn't indexed: every second one of these.")
    ] = LeftOut.NOTHING,
    written: Annotated[Path | None, typer.Option("--json", help="Write the run into this file, to compare with later.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="A run to compare with; a drop beyond chance is exit code 1.")] = None,
    fail_under: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Exit code 1 if this measure's mean over all is lower.")
    ] = None,
) -> None:
    """Ask test questions and measure the answers: found, cited, refused. Two runs of one version give the same figures."""
    least = [_threshold(given) for given in fail_under or ()]
    before = read_run(baseline) if baseline else None
    if written is not None and not written.parent.is_dir():
        raise QuestionError(f"The run can't be written to {written}: there is no folder {written.parent}.")
    articles, asked = _asked(questions, folder, leave_out)
    with TemporaryDirectory() as temporary:
        for article in articles:
            (Path(temporary) / article.name).write_text(article.text, encoding="utf-8")
        indexed = Path(temporary) if articles else folder
        home = Path(temporary) / "home"
        if indexed is not None:
            _add_all(indexed, Home(home))
        rows, milliseconds = _ask_all(Assistant.open(home if indexed or not questions else None), asked, within=within)
    changes = compare(rows, before) if before is not None else []
    found = figures(rows)
    meta = {"milliseconds": {"median": round(median(milliseconds), 1), "most": round(max(milliseconds), 1)}, "questions": len(rows)}
    if written is not None:
        _write(written, json.dumps(run_file(rows, meta), ensure_ascii=False, indent=1))
    Console(highlight=False, markup=False, width=WIDTH).print(figures_table(found))
    typer.echo(summary(found, median(milliseconds)))
    if before is not None:
        typer.echo("\n".join(change_lines(changes)))
    failed = failures(found, changes, least)
    for sentence in failed:
        typer.echo(f"quipu: {sentence}", err=True)
    if failed:
        raise typer.Exit(1)


def _asked(questions: Path | None, folder: Path | None, leave_out: LeftOut) -> tuple[list[Article], list[TestQuestion]]:
    """The articles to index for the run, if the questions bring some, and the questions. Raises QuestionError for what can't be."""
    if questions is not None and questions.suffix.lower() == ".json":
        if folder is not None:
            raise QuestionError("A SQuAD file brings its own documents: leave out --documents.")
        return read_squad(questions, leave_out)
    if leave_out != LeftOut.NOTHING:
        raise QuestionError("--leave-out is for questions in a SQuAD file, with the ending .json.")
    return [], read_questions(questions or shipped_questions())


def _ask_all(assistant: Assistant, asked: list[TestQuestion], *, within: bool) -> tuple[list[Row], list[float]]:
    """The rows, and the milliseconds of each question, under a progress bar."""
    rows, milliseconds = [], []
    with Bar(_err, "questions") as bar:
        bar.encoding(len(asked))
        for row, taken in ask_all(assistant, asked, within=within):
            rows.append(row)
            milliseconds.append(taken)
            bar.encoded(1)
    return rows, milliseconds


def _write(path: Path, text: str) -> None:
    """Write a file. Raises QuestionError if it can't be."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise QuestionError(f"The run can't be written to {path}: {error.strerror}.") from None


def _threshold(given: str) -> tuple[str, float]:
    """What --fail-under says. Raises QuestionError if it isn't NAME=VALUE."""
    name, _, value = given.partition("=")
    try:
        least = float(value)
        if not 0 <= least <= 1:  # nor is nan, under which nothing would ever be
            raise ValueError(value)
        return name, least
    except ValueError:
        raise QuestionError(
            f"--fail-under takes a measure and its least value from 0 to 1, as in correct=0.8, and not '{given}'."
        ) from None


def _add_all(folder: Path, home: Home) -> None:
    """Add all documents of a folder to a home. Raises DocumentError if one can't be read."""
    files, _ = _files([folder])
    with Bar(_err) as bar:
        outcomes = add(home, files, SentenceTransformerEncoder.load(Settings.load().model), bar)
    for outcome in outcomes:
        if outcome.error is not None:
            raise DocumentError(outcome.error)


def _print_notice(assistant: Assistant) -> None:
    """Tell the operator what is amiss with the library, if anything."""
    if notice := assistant.notice():
        typer.echo(f"quipu: {notice}", err=True)


def _ids(index: Index, names: list[str]) -> list[str]:
    """The ids of documents by name or id. Raises QuestionError for one that isn't there."""
    entries = index.entries()
    ids = []
    for name in names:
        named = [entry.id for entry in entries if name in (entry.id, entry.name)]
        if not named:
            raise QuestionError(f"There is no document '{name}': `quipu documents` lists what is there.")
        ids += named
    return ids


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _files(paths: list[Path]) -> tuple[list[Path], list[Path]]:
    """The files that `paths` name, folders opened, and those in folders that are of types Quipu doesn't read."""
    files: list[Path] = []
    passed_over: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        within = [file for file in sorted(path.rglob("*")) if file.is_file() and not _is_hidden(file.relative_to(path))]
        if not within:
            raise LibraryError(f"The folder {path} holds no files.")
        for file in within:
            (files if file.suffix.lower() in FORMATS else passed_over).append(file)
    return files, passed_over
