"""`quipu backup` and `quipu restore`: everything that Quipu keeps, as one file."""

from pathlib import Path
from typing import Annotated

import typer

from assistant import Settings
from index import Home, backup, restore
from ui.cli.text import count


def backup_command(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, a .tar.gz; it may not be there yet.")],
) -> None:
    """Write everything that Quipu keeps into one file, while it serves and while documents are added."""
    documents = backup(Home(Settings.load().home), to)
    typer.echo(f"Backed up {count(documents, 'document')} and all else into {to} ({_size(to.stat().st_size)}).")


def restore_command(file: Annotated[Path, typer.Argument(metavar="FILE", help="What `quipu backup` wrote.")]) -> None:
    """Put a backup in place, into a QUIPU_HOME that is empty or yet to be made."""
    home = Home(Settings.load().home)
    restored = restore(home, file)
    typer.echo(f"Restored {count(restored.documents, 'document')} and all else into {home.path}.")
    if restored.notice:
        typer.echo(f"quipu: {restored.notice}", err=True)


def _size(count_of_bytes: int) -> str:
    """A file's size as people say it.

    >>> _size(812), _size(81_200_000)
    ('1 kB', '81.2 MB')
    """
    return f"{count_of_bytes / 1e6:,.1f} MB" if count_of_bytes >= 1e6 else f"{max(1, round(count_of_bytes / 1e3))} kB"
