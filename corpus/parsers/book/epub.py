"""EPUB: the content documents of a book in reading order, each parsed as HTML is."""

from corpus.draft import Draft
from corpus.parsers.book.contents import Contents, PageLabels
from corpus.parsers.book.opf import Book
from corpus.parsers.web.html import hidden_elements
from corpus.parsers.web.html_notes import notes_by_link
from corpus.parsers.web.html_walk import HtmlWalker, PageStart


def parse_epub(data: bytes, name: str) -> Draft:
    """Parse EPUB: blocks are those of HTML. Parts without headings take them from the table of contents.

    A note follows the block that refers to it, whichever part the note is in. The title is the book's own, or else its first
    heading. Where a book says where the pages of its printed edition begin, these are the pages, with their numbers as labels; text
    before the first one is a page labelled "<" and that number. In a book of fixed layout, such as a picture book, each part is a
    page.

    Raises DocumentError if the file is not a whole EPUB, or is locked by DRM.
    """
    book = Book(data, name)
    contents = Contents(book)
    roots = book.content()
    bodies = {path: root if (body := root.find("body")) is None else body for path, root in roots.items()}
    starts: PageLabels = contents.page_starts(roots) or (dict.fromkeys(bodies.values()) if book.is_fixed_layout else {})
    contents.add_headings(roots)
    draft = Draft()
    left_out = set().union(*map(hidden_elements, roots.values())) - {
        element for element in starts if not (len(element) or element.text)
    }
    walker = HtmlWalker(draft, left_out, notes_by_link(roots), starts)
    for body in bodies.values():
        walker.append_tree(body)
    walker.append_unreferenced_notes()
    pages = sorted(walker.starts, key=lambda page: page.start)
    if pages and pages[0].start > 0:
        label = pages[0].label
        pages.insert(0, PageStart(f"<{label}" if label else None, 0))
    draft.tile([page.start for page in pages], [page.label for page in pages])
    draft.title = book.title or draft.first_heading()
    return draft
