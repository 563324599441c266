"""The errors of questions and settings; see `corpus.errors` for the whole tree."""

from corpus import QuipuError


class QuestionError(QuipuError):
    """A question can't be taken: it is too long, or names documents that aren't there."""


class SettingsError(QuipuError):
    """A setting has a value that can't be used."""
