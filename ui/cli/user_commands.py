"""The commands of `quipu user`: who may sign in with a password."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from index import Home
from ui.access.users import Users, checked_groups
from ui.settings import ServerSettings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    operator: Annotated[bool, typer.Option("--operator", help="They may see and change the whole library.")] = False,
    group: Annotated[list[str] | None, typer.Option(help="A group that they belong to; may be given several times.")] = None,
) -> None:
    """Add a user, or replace the password, role and groups of one. The password is prompted for, or read from standard input."""
    groups = checked_groups(group or ())
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    _users().put(name, password, operator=operator, groups=groups)
    typer.echo(f"{name} may sign in.")


@app.command()
def remove(name: Annotated[str, typer.Argument(help="The name that they sign in with.")]) -> None:
    """Remove a user, who can't sign in any more."""
    _users().remove(name)
    typer.echo(f"{name} can't sign in any more.")


@app.command(name="list")
def list_command() -> None:
    """List the users who may sign in with a password."""
    table = Table("Name", "Role", "Groups", box=None, pad_edge=False)
    for name, user in sorted(_users().all().items()):
        table.add_row(name, "operator" if user.operator else "reader", ", ".join(user.groups))
    Console(highlight=False, markup=False).print(table)


def _users() -> Users:
    return Users(Home(ServerSettings.load().home))
