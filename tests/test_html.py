"""HTML: the text of a page, without its furniture."""

import pytest

from corpus import DocumentError, read_bytes
from tests.made import text_document
from tests.shown import levelled

PAGE = """<!doctype html><html><head><title>Site | Annual</title><meta charset="utf-8"><style>p{}</style></head><body>
<header>Site name</header><nav><a href="/">Home</a></nav><div class="Cookie-banner"><p>We use cookies.</p></div>
<main><h1>Annual report</h1><p>First <b>para</b>graph with a <a href="http://evil.example/x">link</a>.<br>After a break.</p>
<h2>Section</h2><ul><li>One.<ul><li>Nested.</li></ul></li><li>Two.</li></ul>
<table><tr><th>Year</th><th>Cases</th></tr><tr><td><p>2020</p></td><td>15</td></tr></table>
<div>Loose text in a div.</div><p hidden>secret</p><p style="DISPLAY: none">secret</p><script>alert(1)</script>
<!-- a comment --><form><input value="x"><button>Send</button>Text in a form.</form></main>
<aside>Read this too</aside><footer>Contact</footer></body></html>"""


def test_html_keeps_the_text_without_the_page_furniture() -> None:
    document = text_document(PAGE, "r.html")
    assert document.title == "Annual report"
    assert levelled(document) == [
        (1, "Annual report"),
        (0, "First paragraph with a link. After a break."),
        (2, "Section"),
        (0, "One."),
        (0, "Nested."),
        (0, "Two."),
        (0, "Year | Cases"),
        (0, "Year: 2020 | Cases: 15"),
        (0, "Loose text in a div."),
        (0, "Text in a form."),
    ]


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("<form><p>TEXT</p></form>", True),
        ("<article><aside>TEXT</aside></article>", True),
        ("<aside>TEXT</aside><p>x</p>", True),
        ("<main>x</main><aside>TEXT</aside>", False),
        ("<header><h1>TEXT</h1></header><main>x</main>", True),
        ("<header>TEXT</header><p>x</p>", False),
        ("<main>x<footer>TEXT</footer></main>", True),
        ("<footer>TEXT</footer><p>x</p>", False),
        ("<p class='cookies-law'>TEXT</p>", True),
        ("<div id='cookie_consent-1'>TEXT</div><p>x</p>", False),
        ("<div class='Banner cookie'>TEXT</div><p>x</p>", True),
        ("<html class='cookie-banner-open'><p>TEXT</p></html>", True),
        ("<div class='page cookie-notice-shown'><h1>x</h1><p>TEXT</p></div>", True),
        ("<p>x<!-- TEXT --></p>", False),
        ("<p>x</p><p style='visibility: hidden'>TEXT</p>", False),
        ("<p>x<span hidden>not this</span>TEXT</p>", True),
    ],
)
def test_html_leaves_out_nothing_but_furniture(page: str, kept: bool) -> None:
    assert ("TEXT" in text_document(page, "r.html").text) == kept


def test_html_without_structure_loses_no_text() -> None:
    layout = "<table><tr><td><h2>Head</h2>left <table><tr><td>a</td><td>b</td></tr></table></td><td>right</td></tr></table>"
    assert levelled(text_document(f"bare text<p>para</p>{layout}tail", "r.htm")) == [
        (0, "bare text"),
        (0, "para"),
        (2, "Head"),
        (0, "left"),
        (0, "a | b"),
        (0, "right"),
        (0, "tail"),
    ]


def test_html_is_decoded_by_its_declared_character_set() -> None:
    page = '<meta charset="iso-8859-1"><p>El año pasado en Perú: “sí”.</p>'
    assert read_bytes(page.encode("windows-1252"), "r.html").text == "El año pasado en Perú: “sí”."


def test_a_byte_order_mark_overrides_the_declaration_and_declared_utf_16_means_utf_8() -> None:
    page = "<meta charset={}><p>El año pasado en Perú.</p>"
    for data in (
        page.format("iso-8859-1").encode("utf-8-sig"),
        page.format("iso-8859-1").encode("utf-16"),
        page.format("utf-16").encode("utf-8"),
    ):
        assert read_bytes(data, "r.html").text == "El año pasado en Perú."


def test_html_of_very_many_elements_loses_no_text() -> None:
    parts = "<!-- -->x" * 30_000 + "<span hidden>y</span>z" * 30_000 + "<aside>w</aside>" * 5_000
    text = text_document(f"<p>{parts}</p>", "r.html").text
    assert text.count("x") == text.count("z") == 30_000
    assert text.count("y") == 0


def test_html_nested_too_deep_is_refused_rather_than_truncated() -> None:
    deep = b"<div>" * 50_000 + b"deep text" + b"</div>" * 50_000
    with pytest.raises(DocumentError, match="nested more than 2,048 deep"):
        read_bytes(deep, "r.html")
    assert "deep text" in read_bytes(b"<div>" * 1000 + b"deep text", "r.html").text
