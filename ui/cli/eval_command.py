"""The commands `quipu eval` and `quipu eval drafts`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from assistant import Assistant, Feedback, QuestionError, open_library
from corpus import DocumentError
from eval import (
    Article,
    LeftOut,
    QuestionResult,
    TestQuestion,
    ask_all,
    compare,
    drafts,
    figures,
    read_questions,
    read_run,
    read_squad,
    run_file,
    shipped_questions,
)
from index import Home, LibraryError, load_encoder
from ui.cli.eval_report import report
from ui.cli.eval_tables import WIDTH, change_lines, failures, figures_table, summary
from ui.cli.file_arguments import files_in
from ui.cli.progress import Bar
from ui.settings import ServerSettings

_err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


class _RunFirst(TyperGroup):
    """A command group that passes its arguments to `run`, unless they begin with `drafts`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's type of context is private
        return super().parse_args(ctx, args if args[:1] == ["drafts"] else ["run", *args])


app = typer.Typer(cls=_RunFirst, rich_markup_mode=None)


@app.command()
def run(
    questions: Annotated[
        Path | None, typer.Argument(help="Test questions, as JSON Lines or SQuAD .json; by default those about the shipped report.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--documents", help="Ask these documents, in a home made for this run, instead of the library.")
    ] = None,
    within: Annotated[bool, typer.Option("--within", help="Ask each question only of the document that it is about.")] = False,
    leave_out: Annotated[
        LeftOut, typer.Option(help="What to leave out of the index of a SQuAD file: every second one of these.")
    ] = LeftOut.NOTHING,
    written: Annotated[Path | None, typer.Option("--json", help="Write the run to this file, to compare with later.")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Write a report for people to this file.")] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="A run to compare with; exit code 1 if a measure drops by more than chance.")
    ] = None,
    fail_under: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Exit code 1 if the mean of this measure is lower.")
    ] = None,
) -> None:
    """Ask test questions and measure the answers: found, cited, refused. Two runs of the same version give the same figures.

    `quipu eval drafts` prints test questions to complete, from what readers asked.
    """
    least = [_threshold(option) for option in fail_under or ()]
    before = read_run(baseline) if baseline else None
    for path in (written, page):
        if path is not None and not path.parent.is_dir():
            raise QuestionError(f"The run can't be written to {path}: there is no folder {path.parent}.")
    articles, asked = _asked(questions, folder, leave_out)
    settings = ServerSettings.load()
    with TemporaryDirectory() as temporary:
        for article in articles:
            (Path(temporary) / article.name).write_text(article.text, encoding="utf-8")
        indexed = Path(temporary) if articles else folder
        home = Path(temporary) / "home"
        if indexed is not None:
            _add_all(indexed, Home(home), settings)
        assistant = Assistant.open(home if indexed or not questions else None)
        rows, milliseconds = _ask_all(assistant, asked, within=within)
        found = figures(rows)
        changes = compare(rows, before) if before is not None else None
        scope = assistant.scope()
        meta = {
            "name": (questions or shipped_questions()).name,
            "date": datetime.now(UTC).date().isoformat(),
            "questions": len(rows),
            "documents": len(scope.entries()),
            "model": settings.model,
            "milliseconds": {name: round(value, 1) for name, value in _latency(milliseconds).items()},
        }
        if written is not None:
            _write(written, json.dumps(run_file(rows, found, meta), ensure_ascii=False, indent=1))
        if page is not None:
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            address = None if indexed is not None else f"http://{host}:{settings.port}"
            _write(page, report(rows, found, changes, meta, scope.document, address))
    Console(highlight=False, markup=False, width=WIDTH).print(figures_table(found))
    typer.echo(summary(found, median(milliseconds)))
    if changes is not None:
        typer.echo("\n".join(change_lines(changes)))
    failed = failures(found, changes or (), least)
    for sentence in failed:
        typer.echo(f"quipu: {sentence}", err=True)
    if failed:
        raise typer.Exit(1)


@app.command("drafts")
def drafts_command() -> None:
    """Print test questions to complete, as JSON Lines: readers' questions whose answer was a refusal, unsure, or no help."""
    settings = ServerSettings.load()
    kept = Feedback(Home(settings.home)).kept()
    if not kept:
        raise LibraryError(f"No question is kept in {settings.home}: QUIPU_FEEDBACK=true makes `quipu serve` keep them.")
    found = drafts(kept, Assistant.open().scope())
    for draft in found:
        typer.echo(json.dumps(draft, ensure_ascii=False))
    if not found:
        typer.echo("Of the kept questions, none was refused, unsure or judged not helpful.", err=True)


def _asked(questions: Path | None, folder: Path | None, leave_out: LeftOut) -> tuple[list[Article], list[TestQuestion]]:
    """Return the articles to index for the run, if the questions come with any, and the questions.

    Raises QuestionError for options that don't go together.
    """
    if questions is not None and questions.suffix.lower() == ".json":
        if folder is not None:
            raise QuestionError("A SQuAD file comes with its own documents: leave out --documents.")
        return read_squad(questions, leave_out)
    if leave_out != LeftOut.NOTHING:
        raise QuestionError("--leave-out is for questions in a SQuAD file, with the ending .json.")
    return [], read_questions(questions or shipped_questions())


def _ask_all(assistant: Assistant, asked: list[TestQuestion], *, within: bool) -> tuple[list[QuestionResult], list[float]]:
    """Return the result and the milliseconds of each question, showing a progress bar."""
    rows, milliseconds = [], []
    with Bar(_err, "questions") as bar:
        bar.encoding(len(asked))
        for row, taken in ask_all(assistant, asked, within=within):
            rows.append(row)
            milliseconds.append(taken)
            bar.encoded(1)
    return rows, milliseconds


def _latency(milliseconds: list[float]) -> dict[str, float]:
    """Return the median, the 95th percentile and the largest."""
    p95 = quantiles(milliseconds, n=20, method="inclusive")[-1] if len(milliseconds) > 1 else milliseconds[0]
    return {"median": median(milliseconds), "p95": p95, "most": max(milliseconds)}


def _write(path: Path, text: str) -> None:
    """Write a file. Raises QuestionError if that fails."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise QuestionError(f"The run can't be written to {path}: {error.strerror}.") from None


def _threshold(option: str) -> tuple[str, float]:
    """Parse the value of --fail-under. Raises QuestionError if it isn't NAME=VALUE."""
    name, _, value = option.partition("=")
    try:
        least = float(value)
        if not 0 <= least <= 1:  # neither is NaN, and no measure would ever be under it
            raise ValueError(value)
        return name, least
    except ValueError:
        raise QuestionError(
            f"--fail-under takes a measure and its least value from 0 to 1, as in correct=0.8, not '{option}'."
        ) from None


def _add_all(folder: Path, home: Home, settings: ServerSettings) -> None:
    """Add all documents in a folder to a home. Raises DocumentError if one can't be read."""
    files = files_in([folder]).files
    with Bar(_err) as bar:
        outcomes = open_library(settings, home).add(files, load_encoder(settings.model), bar)
    for outcome in outcomes:
        if outcome.error is not None and not outcome.is_other:
            raise DocumentError(outcome.error)
