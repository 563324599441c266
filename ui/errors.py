"""The errors of serving; see `corpus.errors` for the whole tree."""

from corpus import QuipuError


class AddressError(QuipuError):
    """The server can't listen on an address: the port is taken, or strangers could read the documents."""
