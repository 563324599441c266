"""Opens the index of the reports that ship, which answers while a library is empty."""

from corpus import FileParsers, QuipuError, document_id, load, shipped
from index import Catalogue, Encoder, Home, Index, LibraryError, add, rebuild, remove


def open_shipped(home: Home, encoder: Encoder, parsers: FileParsers) -> Index:
    """Return the index of the reports that ship, in a home of its own within `home`.

    The index is rebuilt if it is missing, damaged or outdated, or was made from other reports or with another encoder. Raises
    LibraryError if it can't be written.
    """
    shipped_home, reports = home.shipped, shipped()
    expected = {document_id(load(path)) for path in reports}
    try:
        index = Index.open(shipped_home, encoder, parsers)
        is_current = index is not None and not index.outdated() and _readable(index) == expected
    except QuipuError:
        is_current = False
    if not is_current:
        rebuild(shipped_home, encoder, parsers=parsers)
        add(shipped_home, reports, encoder, parsers=parsers)
        for entry in Catalogue(shipped_home).active():
            if entry.id not in expected:
                remove(shipped_home, entry.id)
        index = Index.open(shipped_home, encoder, parsers)
    if index is None:
        raise LibraryError(f"The shipped report could not be indexed in {shipped_home.path}.")
    return index


def _readable(index: Index) -> set[str]:
    """Return the ids of the documents whose texts are intact."""
    return {entry.id for entry, _ in index.within().documents()}
