"""The errors of questions and settings. `corpus.errors` shows the whole hierarchy."""

from corpus import QuipuError


class QuestionError(QuipuError):
    """A question is too long, or other input that belongs to questions is invalid: a comment, test questions, a baseline."""


class SettingsError(QuipuError):
    """A setting has an invalid value."""
