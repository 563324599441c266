"""The errors of serving; see `corpus.errors` for the whole tree."""

from corpus import QuipuError


class AddressError(QuipuError):
    """An address can't be served on: the port is taken, or strangers could reach it."""
