"""EPUB: the pages of a book in the order of reading, each read as HTML is."""

from corpus.draft import Draft
from corpus.parsers.book.contents import Contents, Pages
from corpus.parsers.book.opf import Book
from corpus.parsers.web.html import hidden
from corpus.parsers.web.html_notes import notes_of
from corpus.parsers.web.html_walk import PageStart, Walk


def parse_epub(data: bytes, name: str) -> Draft:
    """Blocks are those of HTML; a part without headings has those that the table of contents gives it. A note follows the block
    that refers to it, in whichever part it stands. The title is the book's own, or its first heading.

    A book that says where the pages of its printed edition begin has these, each with its number; what stands before the first one
    is labelled "<" and that number. Where it is laid out as pictures each part is a page. Raises DocumentError for a file that
    is not a whole EPUB, or is locked by DRM.
    """
    book = Book(data, name)
    contents = Contents(book)
    roots = book.pages()
    bodies = {path: root if (body := root.find("body")) is None else body for path, root in roots.items()}
    starts: Pages = contents.page_starts(roots) or (dict.fromkeys(bodies.values()) if book.is_pictured else {})
    contents.add_headings(roots)
    draft = Draft()
    left_out = set().union(*map(hidden, roots.values())) - {element for element in starts if not (len(element) or element.text)}
    walk = Walk(draft, left_out, notes_of(roots), starts)
    for body in bodies.values():
        walk.all_of(body)
    walk.rest()
    pages = sorted(walk.starts, key=lambda page: page.start)
    if pages and pages[0].start > 0:
        label = pages[0].label
        pages.insert(0, PageStart(f"<{label}" if label else None, 0))
    draft.tile([page.start for page in pages], [page.label for page in pages])
    draft.title = book.title or draft.first_heading()
    return draft
