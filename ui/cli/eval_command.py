"""The commands `quipu eval` and `quipu eval drafts`."""

import json
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from assistant import Assistant, Feedback, QuestionError, SentenceRanker, open_library
from corpus import DocumentError, IsolatedParsers
from eval import (
    LeftOut,
    QuestionResult,
    QuestionSet,
    ask_all,
    compare,
    drafts,
    figures,
    read_questions,
    read_run,
    read_sets,
    read_squad,
    run_file,
    shipped_sets,
)
from index import Home, LibraryError, load_encoder
from ui.cli.eval_report import report
from ui.cli.eval_tables import WIDTH, change_lines, failures, figures_tables, summary
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
        Path | None,
        typer.Argument(
            help="Test questions, as JSON Lines or SQuAD .json, or a folder with a file NAME.jsonl for each document NAME in "
            "--documents, which is asked alone; by default those that come with Quipu, of the reports that they are about."
        ),
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
    settings = ServerSettings.load()
    with TemporaryDirectory() as temporary:
        sets = _sets(questions, folder, leave_out, Path(temporary))
        assistants = _assistants(sets, settings, Path(temporary))
        rows, milliseconds = _ask_all(assistants, sets, within=within)
        found = figures(rows)
        changes = compare(rows, before) if before is not None else None
        scope_of = {entry.id: scope for scope in (assistant.scope() for assistant in assistants) for entry in scope.entries()}
        meta = {
            "name": questions.name if questions else "the questions that come with Quipu",
            "date": datetime.now(UTC).date().isoformat(),
            "questions": len(rows),
            "documents": len(scope_of),
            "model": settings.model,
            "milliseconds": {name: round(value, 1) for name, value in _latency(milliseconds).items()},
        }
        if written is not None:
            _write(written, json.dumps(run_file(rows, found, meta), ensure_ascii=False, indent=1))
        if page is not None:
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            address = None if sets[0].files else f"http://{host}:{settings.port}"
            _write(page, report(rows, found, changes, meta, lambda document: scope_of[document].document(document), address))
    for table in figures_tables(found):
        Console(highlight=False, markup=False, width=WIDTH).print(table)
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


def _sets(questions: Path | None, folder: Path | None, leave_out: LeftOut, temporary: Path) -> list[QuestionSet]:
    """Return what to ask. The articles of a SQuAD file are written to the temporary folder.

    Raises QuestionError for options that don't go together.
    """
    if questions is not None and questions.suffix.lower() == ".json":
        if folder is not None:
            raise QuestionError("A SQuAD file comes with its own documents: leave out --documents.")
        articles, asked = read_squad(questions, leave_out)
        for article in articles:
            (temporary / article.name).write_text(article.text, encoding="utf-8")
        return [QuestionSet("", tuple(temporary / article.name for article in articles), tuple(asked))]
    if leave_out != LeftOut.NOTHING:
        raise QuestionError("--leave-out is for questions in a SQuAD file, with the ending .json.")
    if questions is None:
        if folder is not None:
            raise QuestionError("--documents needs the questions: name their file, or a folder with a file for each document.")
        return shipped_sets()
    if questions.is_dir():
        if folder is None:
            raise QuestionError(f"{questions} is a folder: --documents has to name the folder of the documents to ask.")
        return read_sets(folder, questions)
    indexed = files_in([folder]).files if folder else []
    if folder and not indexed:
        raise QuestionError(f"{folder} contains no document that Quipu reads.")
    return [QuestionSet("", tuple(indexed), tuple(read_questions(questions)))]


def _assistants(sets: list[QuestionSet], settings: ServerSettings, temporary: Path) -> list[Assistant]:
    """Return an assistant for each set: of the library, or of a temporary home to which the set's files are added.

    Raises DocumentError if one can't be read.
    """
    encoder = load_encoder(settings.model)
    ranker = SentenceRanker.load(encoder)
    parsers = IsolatedParsers(settings.read_options())
    assistants = []
    with Bar(_err) as bar:
        for number, asked in enumerate(sets):
            home = Home(temporary / f"home {number}" if asked.files else settings.home)
            outcomes = open_library(settings, home).add(asked.files, encoder, bar) if asked.files else []
            for outcome in outcomes:
                if outcome.error is not None and not outcome.is_other:
                    raise DocumentError(outcome.error)
            assistants.append(Assistant(home, encoder, ranker, settings.caution, parsers))
    return assistants


def _ask_all(assistants: list[Assistant], sets: list[QuestionSet], *, within: bool) -> tuple[list[QuestionResult], list[float]]:
    """Return the result and the milliseconds of each question, showing a progress bar."""
    runs = [
        ask_all(assistant, asked.questions, within=within, report=asked.name)
        for assistant, asked in zip(assistants, sets, strict=True)
    ]
    rows, milliseconds = [], []
    with Bar(_err, "questions") as bar:
        bar.encoding(sum(len(asked.questions) for asked in sets))
        for row, taken in chain.from_iterable(runs):
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
