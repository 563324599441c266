"""Opens a library together with whatever has to follow its changes."""

from assistant.feedback import Feedback
from assistant.settings import Settings
from corpus import IsolatedParsers
from index import Home, Library


def open_library(settings: Settings | None = None, home: Home | None = None) -> Library:
    """Return the library in `home`, or in the settings' home. Files are parsed within the limits of the settings, by default those
    of the environment. When the library removes a document, the feedback's ranges of it are deleted. Raises SettingsError.
    """
    settings = settings or Settings.load()
    home = home or Home(settings.home)
    return Library(home, IsolatedParsers(settings.read_options()), [Feedback(home)])
