"""The `quipu` command."""

import io
import logging
import sys

from corpus import QuipuError
from index import go_offline


def main() -> None:
    """Run the command line. A QuipuError is printed as one sentence on standard error, with exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a character that the terminal can't show is printed as its code
    go_offline()
    if sys.stderr.isatty():  # report what takes long
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
