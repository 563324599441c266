"""Takes the files out of one that holds others: a zip, or an e-mail with attachments."""

from collections.abc import Iterable

from corpus.archive import documents
from corpus.formats import FORMATS
from corpus.read_options import MEGABYTE, ReadOptions


def unpack(data: bytes, name: str, options: ReadOptions) -> Iterable[tuple[str, bytes]]:
    """Return the files in a zip, or attached to an e-mail, in order, each with its name there.

    What Quipu doesn't read isn't taken out of a zip: its bytes are b"". A zip in a zip is given as it is. Raises DocumentError for
    what can't be unpacked, and for more than `options.megabytes` in all.
    """
    if not name.lower().endswith(".eml"):
        return documents(data, name, options.megabytes * MEGABYTE, {*FORMATS, ".zip"})
    from corpus.parsers.mail.eml import attachments

    return attachments(data, name)
