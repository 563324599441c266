"""`quipu backup` and `quipu restore`: everything that Quipu keeps, in one file."""

from pathlib import Path
from typing import Annotated

import typer

from index import Home, backup, restore
from ui.cli.text import count
from ui.settings import ServerSettings


def backup_command(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, a .tar.gz; it must not exist yet.")],
) -> None:
    """Write everything that Quipu keeps into one file. The server may run meanwhile, and documents may be added."""
    documents = backup(Home(ServerSettings.load().home), to)
    typer.echo(f"Backed up {count(documents, 'document')} and everything else into {to} ({_size(to.stat().st_size)}).")


def restore_command(file: Annotated[Path, typer.Argument(metavar="FILE", help="What `quipu backup` wrote.")]) -> None:
    """Restore a backup into a QUIPU_HOME that is empty or does not exist yet."""
    home = Home(ServerSettings.load().home)
    restored = restore(home, file)
    typer.echo(f"Restored {count(restored.documents, 'document')} and everything else into {home.path}.")
    if restored.notice:
        typer.echo(f"quipu: {restored.notice}", err=True)


def _size(size: int) -> str:
    """Format the size of a file.

    >>> _size(812), _size(81_200_000)
    ('1 kB', '81.2 MB')
    """
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
