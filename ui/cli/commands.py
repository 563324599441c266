"""The commands. Each is a few lines over the other rooms."""

import json
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from assistant import Assistant, Feedback, QuestionError, SettingsError, open_library
from corpus import load, passed_over, shown_name
from index import Home, Scope, load_encoder
from ui.access.users import Users, checked_groups
from ui.api.answer_json import payload
from ui.api.verify_answer import read_answer, verify_answer
from ui.cli import eval_command, user_commands
from ui.cli.backup_commands import backup_command, restore_command
from ui.cli.file_arguments import FoundFiles, files_in
from ui.cli.progress import Bar
from ui.cli.text import added_lines, answer_text, count, document_row
from ui.cli.watch import Watch, folders_in
from ui.settings import ServerSettings
from ui.wording import listed

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
    host: Annotated[str | None, typer.Option(help="The address to serve on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = None,
    public: Annotated[bool, typer.Option("--public", help="Serve other machines without a sign-in.")] = False,
) -> None:
    """Serve the page in the browser, the widget, and the API."""
    from ui.server import bind, create_app, run
    from ui.telemetry.logging_setup import set_up_logging

    given = {"host": host, "port": port, "public": public or None}
    settings = ServerSettings.load(**{name: value for name, value in given.items() if value is not None})
    set_up_logging(settings.log)
    listener = bind(settings)
    assistant = Assistant.open(settings=settings)
    served = create_app(assistant, Feedback(Home(settings.home)) if settings.feedback else None, settings)
    _print_notice(assistant)
    if settings.sign_in == ("password",) and not Users(assistant.home).all():
        typer.echo("quipu: Nobody may sign in yet: `quipu user add NAME --operator` enters somebody.", err=True)
    names = listed([entry.name for entry in assistant.scope().entries()], "en")
    address, bound = listener.getsockname()[:2]
    reached = settings.address or f"http://{f'[{address}]' if ':' in address else address}:{bound}"
    typer.echo(f"Quipu answers from {names}.")
    typer.echo(f"Open {reached} in a browser; Ctrl-C stops it.")
    run(served, listener)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, as POST /api/ask gives it.")] = False,
    document: Annotated[
        list[str] | None, typer.Option(help="Ask within this document only, by its name or id; may be given several times.")
    ] = None,
) -> None:
    """Ask one question. A refusal is an answer too, and so are sentences that may answer: the exit code is 0."""
    assistant = Assistant.open(settings=ServerSettings.load())
    _print_notice(assistant)
    documents = _ids(assistant.scope(), document) if document else None
    started = time.perf_counter()
    answer = assistant.ask(question, documents=documents)
    milliseconds = 1000 * (time.perf_counter() - started)
    if as_json:
        typer.echo(json.dumps(payload(answer, milliseconds), ensure_ascii=False, indent=2))
    else:
        typer.echo(answer_text(answer))


@app.command(name="add")
def add_command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...", help="Files, folders, zips, e-mails, and patterns in quotes, such as 'reports/**/*.pdf'."
        ),
    ],
    group: Annotated[
        list[str] | None, typer.Option(help="Only readers in this group may see them; may be given several times.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and keep the library in step with these folders, until Ctrl-C.")
    ] = False,
) -> None:
    """Add documents to the library and index them. What can't be read costs one sentence each; the rest is added."""
    settings, groups = ServerSettings.load(), checked_groups(group or ())
    library = open_library(settings)
    found = FoundFiles() if watch else files_in(paths, library.home.path)
    folders = folders_in(paths) if watch else []
    encoder = load_encoder(settings.model)
    if watch:
        Watch(library, folders, encoder, groups).go_on()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops it as Ctrl-C does
    try:
        with Bar(_err) as bar:
            outcomes = library.add(found.files, encoder, bar, groups)
    except KeyboardInterrupt:
        typer.echo("quipu: Stopped. What was read can be asked; the same `quipu add` goes on from there.", err=True)
        raise typer.Exit(130) from None  # as any program that Ctrl-C stops
    for outcome in outcomes:
        typer.echo(added_lines(outcome), err=outcome.error is not None)
    for path in found.others:
        typer.echo(passed_over(shown_name(str(path))), err=True)
    for problem in found.problems.values():
        typer.echo(f"quipu: {problem}", err=True)
    if found.problems or any(outcome.failed for outcome in outcomes):
        raise typer.Exit(2)


@app.command(name="remove")
def remove_command(name: Annotated[str, typer.Argument(help="The document's name, or its id.")]) -> None:
    """Remove a document from the library, with every trace of its text."""
    for entry in open_library(ServerSettings.load()).remove(name):
        typer.echo(f"Removed {entry.name} ({entry.id}).")


@app.command(name="limit")
def limit_command(
    name: Annotated[str, typer.Argument(help="The document's name, or its id.")],
    group: Annotated[list[str] | None, typer.Option(help="A group that may see it; may be given several times.")] = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="Every reader may see it.")] = False,
) -> None:
    """Say which groups of readers may see a document, from now on."""
    groups = checked_groups(group or ())
    if bool(groups) == everyone:
        raise SettingsError("Say who may see it: --group NAME, once or several times, or --everyone.")
    for entry in open_library(ServerSettings.load()).limit(name, groups):
        seen = f"readers in {' or '.join(entry.groups)}, and operators" if entry.groups else "every reader"
        typer.echo(f"{entry.name} is seen by {seen}.")


@app.command(name="rebuild")
def rebuild_command() -> None:
    """Read and embed all documents anew: after a change of QUIPU_MODEL, an update of Quipu, or damage to the index."""
    settings = ServerSettings.load()
    encoder = load_encoder(settings.model)
    with Bar(_err) as bar:
        rebuilt = open_library(settings).rebuild(encoder, bar)
    typer.echo(f"Rebuilt the index of {count(rebuilt.documents, 'document')} with {encoder.name}.")
    for problem in rebuilt.problems:
        typer.echo(f"quipu: {problem}", err=True)
    if rebuilt.problems:
        raise typer.Exit(2)


@app.command()
def documents() -> None:
    """List the documents in the library."""
    kept = open_library(ServerSettings.load()).documents()
    if not kept:
        typer.echo("No document was added yet: Quipu answers from the report that ships. Add your own with `quipu add PATH`.")
        return
    table = Table("Name", "Title", "Pages", "Language", "Notes", "Added", "Seen by", box=None, pad_edge=False)
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
    settings = ServerSettings.load()
    library = open_library(settings)
    if not library.entries():
        library = open_library(settings, library.home.shipped)
    problems = 0
    for path in answers or ():
        name = shown_name(str(path))
        answer = read_answer(sys.stdin.buffer.read() if str(path) == "-" else load(path), name)
        with library.parsers.open() as pool:
            quotes = verify_answer(answer, name, library.entries(), partial(library.reread, pool=pool))
        if not quotes:
            typer.echo(f"{name} quotes nothing: there is nothing to verify.")
        for quote in quotes:
            problems += bool(quote.problem)
            typer.echo(quote.problem or f"[{quote.number}] stands in {quote.source}, character for character: “{quote.text}”")
    for checked in () if answers else library.verify():
        problems += bool(checked.problem)
        typer.echo(checked.problem or f"{checked.entry.name}: all {checked.characters:,} characters are as the original reads.")
    if problems:
        raise typer.Exit(1)


app.command(name="backup")(backup_command)
app.command(name="restore")(restore_command)
app.add_typer(user_commands.app, name="user", help="Say who may sign in with a password.")
app.add_typer(eval_command.app, name="eval", help="Ask test questions and measure the answers: found, cited, refused.")


def _print_notice(assistant: Assistant) -> None:
    """Tell the operator what is amiss with the library, if anything."""
    if notice := assistant.notice():
        typer.echo(f"quipu: {notice}", err=True)


def _ids(scope: Scope, names: list[str]) -> list[str]:
    """The ids of documents by name or id. Raises QuestionError for one that isn't there."""
    entries = scope.entries()
    ids = []
    for name in names:
        named = [entry.id for entry in entries if name in (entry.id, entry.name)]
        if not named:
            raise QuestionError(f"There is no document '{name}': `quipu documents` lists what is there.")
        ids += named
    return ids
