"""`QuipuError`, the base of every error that Quipu raises on purpose, and `DocumentError`.

Each message is one sentence for the person who has to act on it. An error class lives in the lowest package that raises it:

QuipuError
├── DocumentError    a file can't be read as a document             (here)
├── LibraryError     the home folder, a generation or the catalogue (index.errors)
├── EncoderError     the embedding model or the trained model       (index.errors)
├── QuestionError    a question, or a document named beside it      (assistant.errors)
├── SettingsError    a setting                                      (assistant.errors)
└── AddressError     an address to serve on                         (ui.errors)
"""


class QuipuError(Exception):
    """The base class. A user interface catches it and shows its message; any other exception is a bug and goes to the log."""


class DocumentError(QuipuError):
    """A file that can't be read as a document: missing, empty, broken, encrypted, without text, unsupported, or over a limit."""
