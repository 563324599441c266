"""EPUB: reading order, headings from the table of contents, pages of the printed edition, notes, and what is refused."""

import pytest

from corpus import Document, DocumentError, read_bytes, sentences
from tests.made_epub import epub, link, nav, ncx, page, point, toc
from tests.shown import levelled


def document_of(data: bytes) -> Document:
    return read_bytes(data, "r.epub")


def texts_by_page(document: Document) -> list[tuple[int, str | None, str]]:
    return [(page.number, page.label, " ".join(document.text[page.start : page.end].split())) for page in document.pages]


def test_a_book_is_read_in_the_order_of_its_spine() -> None:
    parts = {
        "b.xhtml": page(
            "<h1>Two</h1><header>Kept.</header><table><tr><th>Region</th><th>Cases</th></tr><tr><td>Loreto</td><td>15</td></tr></table>"
        ),
        "nav.xhtml": nav(toc(link("b.xhtml", "Not read"))),
        "text/a.xhtml": page("<h1>One</h1><p>Caf&eacute;&nbsp;&amp; bar.<span/> <aside>Aside.</aside></p><p hidden=''>x</p>"),
    }
    document = document_of(epub(parts, title="The  North", spine=["text/a.xhtml", "b.xhtml", "text/a.xhtml", "missing"]))
    assert (document.title, document.media_type, document.page_kind) == ("The North", "application/epub+zip", "page")
    assert document.pages == ()
    assert levelled(document) == [
        (1, "One"),
        (0, "Café & bar."),
        (0, "Aside."),
        (1, "Two"),
        (0, "Kept."),
        (0, "Region | Cases"),
        (0, "Region: Loreto | Cases: 15"),
    ]
    assert document.heading_path(document.text.index("Loreto")) == ("Two",)


def test_parts_without_headings_take_them_from_the_table_of_contents() -> None:
    listed = link("a.xhtml", "Timber", f"<ol>{link('a.xhtml#s2', 'Sawmills')}{link('a.xhtml#s3', 'Trucks')}</ol>")
    parts = {
        "nav.xhtml": nav(toc(listed + link("b.xhtml", "Police") + link("c.xhtml", "Cover"))),
        "a.xhtml": page(
            "<p class='t'>TIMBER</p><p>It begins.</p><p><a id='s2'/>Sawmills</p><p>Text.</p><p id='s3'>Forty trucks.</p>"
        ),
        "b.xhtml": page("<p>Officers.</p>"),
        "c.xhtml": page("<img src='x.png'/>"),
    }
    assert levelled(document_of(epub(parts))) == [
        (1, "TIMBER"),
        (0, "It begins."),
        (2, "Sawmills"),
        (0, "Text."),
        (2, "Trucks"),
        (0, "Forty trucks."),
        (1, "Police"),
        (0, "Officers."),
    ]


def test_an_epub_2_book_takes_headings_and_pages_from_its_ncx() -> None:
    points = point("a.xhtml", "Timber", point("a.xhtml#s2", "Sawmills"))
    pages = "".join(point(f"a.xhtml#p{number}", str(number), tag="pageTarget") for number in (6, 7))
    body = "<p><a id='p6'></a>It begins.</p><p id='s2'>Four <a name='p7'></a>hundred.</p>"
    document = document_of(epub({"a.xhtml": page(body), "toc.ncx": ncx(points, pages)}))
    assert levelled(document) == [(1, "Timber"), (0, "It begins."), (2, "Sawmills"), (0, "Four hundred.")]
    assert texts_by_page(document) == [(1, "<6", "Timber"), (2, "6", "It begins. Sawmills Four"), (3, "7", "hundred.")]


def test_pages_of_the_printed_edition_tile_the_text() -> None:
    mark = '<span epub:type="pagebreak" id="p{0}" title="{0}">{0}</span>'.format
    role = '<span role="doc-pagebreak" aria-label="Page {0}." style="display:none"/>'.format
    first = f"<p>Copyright.</p><h1>{mark('iv')}One</h1><p>It seized {mark('v')} forty exam{mark('6')}ples.</p>"
    second = f"<p>The end of it. {role(7)}</p><p>{role(8)}{role(9)}New.</p><div epub:type='pagebreak' id='p10'/>"
    listed = toc(link("b.xhtml#p10", "10") + link("a.xhtml#p6", "six"), "page-list")
    parts = {"nav.xhtml": nav(listed), "a.xhtml": page(first), "b.xhtml": page(second)}
    document = document_of(epub(parts))
    assert document.text == "Copyright.\n\nOne\n\nIt seized forty examples.\n\nThe end of it.\n\nNew."
    assert texts_by_page(document) == [
        (1, "<iv", "Copyright."),
        (2, "iv", "One It seized"),
        (3, "v", "forty exam"),
        (4, "6", "ples. The end of it."),
        (5, "7", ""),
        (6, "8", ""),
        (7, "9", "New."),
        (8, "10", ""),
    ]
    assert [page.start for page in document.pages] == [0, *(page.end for page in document.pages[:-1])]
    assert document.pages[-1].end == len(document.text)
    start = document.text.index("It seized")
    assert sentences(document, start, start + 1) == [(start, start + len("It seized forty examples."))]


def test_a_page_may_begin_within_a_table() -> None:
    mark = '<span epub:type="pagebreak" title="{}"/>'.format
    rows = f"<tr><td>Loreto</td><td>15</td></tr><tr><td></td><td>{mark(2)}</td></tr><tr><td>Piura {mark(3)}</td><td>16</td></tr>"
    head = f"<caption>{mark(1)}Cases</caption><tr><th>Region</th><th>Cases</th></tr>"
    document = document_of(epub({"a.xhtml": page(f"<table>{head}{rows}</table><p>End.</p>")}))
    assert texts_by_page(document) == [
        (1, "1", "Cases Region | Cases Loreto | 15"),
        (2, "2", ""),
        (3, "3", "Piura | 16 End."),
    ]


def test_each_part_of_a_fixed_layout_book_is_a_page() -> None:
    parts = {"a.xhtml": page("<p>One.</p>"), "b.xhtml": page("<img src='x'/>"), "c.xhtml": page("<p>Three.</p>")}
    document = document_of(epub(parts, meta='<meta property="rendition:layout">pre-paginated</meta>'))
    assert [(number, text) for number, _, text in texts_by_page(document)] == [(1, "One."), (2, ""), (3, "Three.")]


def test_a_note_in_another_part_follows_the_block_that_refers_to_it() -> None:
    text = "<p>It seized<a epub:type='noteref' href='../n/notes.xhtml#a'>1</a> it.</p><p>More<sup><a href='#in'>*</a></sup>.</p>"
    hidden = "<aside epub:type='footnote' id='in' hidden='hidden'>* Shown when asked.</aside>"
    note = "<p epub:type='rearnote' id='{}'>{}</p>".format
    notes = "<h2>Notes</h2>" + note("a", "<a href='../t/a.xhtml#r'>1</a>. Forty.") + note("b", "Nobody asks.")
    document = document_of(epub({"t/a.xhtml": page(text + hidden), "n/notes.xhtml": page(notes)}))
    assert [line for _, line in levelled(document)] == [
        "It seized¹ it.",
        "1. Forty.",
        "More*.",
        "* Shown when asked.",
        "Notes",
        "Nobody asks.",
    ]


def test_a_part_that_is_not_xhtml_is_parsed_as_html() -> None:
    assert "Déjà vu." in document_of(epub({"a.xhtml": "<html><body><p>Unclosed<p>Déjà vu.<br>"})).text


def test_characters_that_xml_forbids_are_dropped_from_a_heading() -> None:
    broken = "<html><body>Text &#1; of it.<p>"
    parts = {"nav.xhtml": "<html><nav epub:type='toc'><ol><li><a href='a.xhtml'>Tim&#2;ber<p></ol></nav>", "a.xhtml": broken}
    assert levelled(document_of(epub(parts))) == [(1, "Timber"), (0, "Text of it.")]


def encryption(method: str, path: str) -> dict[str, str | bytes]:
    names = 'xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#"'
    data = f'<enc:CipherData><enc:CipherReference URI="{path}"/></enc:CipherData>'
    method = f'<enc:EncryptionMethod Algorithm="{method}"/>'
    return {"META-INF/encryption.xml": f"<encryption {names}><enc:EncryptedData>{method}{data}</enc:EncryptedData></encryption>"}


def test_a_locked_book_is_refused_but_obfuscated_fonts_are_no_lock() -> None:
    part = {"a.xhtml": page("<p>Text.</p>")}
    aes = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
    with pytest.raises(
        DocumentError, match=r"^r.epub is locked by its seller \(DRM\), so its text can't be read: add a copy without"
    ):
        document_of(epub(part, more=encryption(aes, "OEBPS/a.xhtml")))
    for method, path in ((aes, "OEBPS/x.otf"), ("http://www.idpf.org/2008/embedding", "OEBPS/a.xhtml")):
        assert document_of(epub(part, more=encryption(method, path))).text == "Text."


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04 cut short", "r.epub is "),
        (b"not a zip at all", "r.epub is "),
        (epub({}), r"r.epub is not a whole EPUB file \(it lists no text\): copy or download it again"),
        (epub({"a.xhtml": page("")}), "r.epub holds no text."),
        (epub({"a.xhtml": page("x")}, more={"META-INF/container.xml": "<container/>"}), "its list of parts is missing"),
        (epub({"a.xhtml": page("x")}, more={"META-INF/container.xml": "<container"}), "META-INF/container.xml: "),
        (epub({"a.xhtml": page("x")}, more={"OEBPS/book.opf": "<package><manifest/></package>"}), "it lists no text"),
        (
            epub({"a.xhtml": page("<p>&a;</p>", "<!DOCTYPE html [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>")}),
            "r.epub ",
        ),
    ],
)
def test_a_file_that_is_not_a_book_is_refused_in_one_sentence(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        document_of(data)
    assert "\n" not in str(caught.value)


def test_a_missing_part_is_named_and_paths_ignore_case() -> None:
    item = "<item id='a' href='A%20b.xhtml' media-type='application/xhtml+xml'/>"
    opf = f"<package><manifest>{item}</manifest><spine><itemref idref='a'/></spine></package>"
    assert document_of(epub({}, more={"OEBPS/book.opf": opf, "OEBPS/a B.xhtml": page("<p>Text.</p>")})).text == "Text."
    with pytest.raises(DocumentError, match=r"r.epub is not a whole EPUB file \(OEBPS/A b.xhtml is missing\)"):
        document_of(epub({}, more={"OEBPS/book.opf": opf}))
