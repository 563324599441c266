"""The index of the reports that ship, which is asked while a library is empty."""

from corpus import FileParsers, QuipuError, document_id, load, shipped
from index import Catalogue, Encoder, Home, Index, LibraryError, add, rebuild, remove


def open_shipped(home: Home, encoder: Encoder, parsers: FileParsers) -> Index:
    """Return the index of the reports that ship, in a home of its own within `home`.

    It is made anew if it isn't there, is damaged or outdated, or was made from other reports or by another encoder. Raises
    LibraryError if it can't be written.
    """
    own, reports = home.shipped, shipped()
    expected = {document_id(load(path)) for path in reports}
    try:
        index = Index.open(own, encoder, parsers)
        is_right = index is not None and not index.outdated() and _readable(index) == expected
    except QuipuError:
        is_right = False
    if not is_right:
        rebuild(own, encoder, parsers=parsers)
        add(own, reports, encoder, parsers=parsers)
        for entry in Catalogue(own).active():
            if entry.id not in expected:
                remove(own, entry.id)
        index = Index.open(own, encoder, parsers)
    if index is None:
        raise LibraryError(f"The shipped report could not be indexed in {own.path}.")
    return index


def _readable(index: Index) -> set[str]:
    """Return the ids of the documents whose texts are whole."""
    return {entry.id for entry, _ in index.within().documents()}
