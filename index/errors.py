"""The errors of libraries and encoders; see `corpus.errors` for the whole tree."""

from corpus import QuipuError


class LibraryError(QuipuError):
    """The home folder can't be used, a generation is damaged, or a named document isn't there."""


class EncoderError(QuipuError):
    """A model can't be loaded, or isn't the one that the index was made with."""
