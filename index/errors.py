"""The errors of libraries and encoders; see `corpus.errors` for the whole tree."""

from corpus import QuipuError


class LibraryError(QuipuError):
    """The home folder can't be used, a generation or the catalogue is damaged, or a named document does not exist."""


class EncoderError(QuipuError):
    """A model can't be loaded, or is not the one that the index was made with."""
