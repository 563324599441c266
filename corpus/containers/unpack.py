"""Unpacks the files inside a zip, or attached to an email."""

from collections.abc import Iterable

from corpus.containers.zips import documents
from corpus.formats import FORMATS
from corpus.read_options import MEGABYTE, ReadOptions


def unpack(data: bytes, name: str, options: ReadOptions) -> Iterable[tuple[str, bytes]]:
    """Return the files in a zip, or attached to an email, in order: each its name there, and its bytes.

    Files in a zip that Quipu does not read are not unpacked: their bytes are b"". A zip inside a zip is returned as it is. Raises
    DocumentError if the file can't be unpacked, or unpacks to more than `options.megabytes`.
    """
    if not name.lower().endswith(".eml"):
        return documents(data, name, options.megabytes * MEGABYTE, {*FORMATS, ".zip"})
    from corpus.parsers.mail.eml import attachments

    return attachments(data, name)
