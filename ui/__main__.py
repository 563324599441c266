"""The `quipu` command."""

import io
import logging
import sys

from corpus import QuipuError
from index import go_offline


def main() -> None:
    """Run the command line. What Quipu raises on purpose is one sentence on standard error, and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that can't show a letter shows its number
    go_offline()
    if sys.stderr.isatty():  # say what takes long
        logging.basicConfig(format="quipu: %(message)s", level=logging.WARNING)
        logging.getLogger("index").setLevel(logging.INFO)
    from ui.cli.commands import app

    try:
        app()
    except QuipuError as error:
        print(f"quipu: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


if __name__ == "__main__":
    main()
