"""Every error that Quipu raises on purpose. Each message is one sentence for the person who has to act on it.

QuipuError
├── DocumentError    a file that can't be read as a document
├── LibraryError     the home folder, a generation or the catalogue
├── EncoderError     the embedding model
├── QuestionError    a question, or a document named beside it, that can't be taken
├── SettingsError    a setting that can't be used
└── AddressError     an address that can't be served on
"""


class QuipuError(Exception):
    """The base: a user interface catches this, shows the message, and lets everything else crash into the log."""


class DocumentError(QuipuError):
    """A file can't be read as a document: missing, empty, broken, encrypted, without text, of an unknown type, or more than its
    reader bears.
    """


class LibraryError(QuipuError):
    """The home folder can't be used, a generation is damaged, or a named document isn't there."""


class EncoderError(QuipuError):
    """The embedding model can't be loaded, or isn't the one that the index was made with."""


class QuestionError(QuipuError):
    """A question can't be taken: it is too long, or names documents that aren't there."""


class SettingsError(QuipuError):
    """A setting has a value that can't be used."""


class AddressError(QuipuError):
    """An address can't be served on: it is taken, or others than this machine could reach it."""
