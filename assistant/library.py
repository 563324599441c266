"""Opens the library that an assistant answers from, with everything that has to follow its changes."""

from assistant.feedback import Feedback
from assistant.settings import Settings
from corpus import IsolatedParsers
from index import Home, Library


def open_library(settings: Settings | None = None, home: Home | None = None) -> Library:
    """Return the library of a home (None: of the settings' home), whose files are parsed within the limits of the settings (None:
    those of the environment). Feedback on documents that it removes is forgotten. Raises SettingsError.
    """
    settings = settings or Settings.load()
    home = home or Home(settings.home)
    return Library(home, IsolatedParsers(settings.read_options()), [Feedback(home)])
