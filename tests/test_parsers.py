"""What all parsers share: titles, superscripts, and one sentence for a file that can't be parsed."""

import docx
import pytest

from corpus import DocumentError, read_bytes
from corpus.draft import Draft
from corpus.formats import FORMATS
from tests.made import docx_bytes, text_document


def test_a_superscript_is_kept_apart_from_the_number_before_it() -> None:
    html = "<p>In 2019<sup>3</sup> it had 10<sup>6</sup> m<sup>2</sup>, on the 1<sup>st</sup>. He was <del>not</del> guilty.</p>"
    text = "In 2019³ it had 10⁶ m², on the 1st. He was"
    assert text_document(html, "r.html").text == f"{text} guilty."
    assert text_document("In 2019<sup>3</sup> it had *10*<sup>6</sup> m.", "r.md").text == "In 2019³ it had 10⁶ m."
    report = docx.Document()
    paragraph = report.add_paragraph("In 2019")
    paragraph.add_run("3").font.superscript = True
    paragraph.add_run(" it began.")
    assert read_bytes(docx_bytes(report), "r.docx").text == "In 2019³ it began."


def test_a_title_loses_control_characters_and_is_cut_to_length() -> None:
    title = "Annual  Report\x1b]0;x\x07 \u202e2021"
    assert text_document(f"# {title}\n\nText.\n", "r.md").title == "Annual Report]0;x 2021"
    assert len(text_document(f"# {'Long ' * 1000}\n\nText.\n", "r.md").title) <= 300


def test_an_unexpected_error_in_a_parser_becomes_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Draft:
        raise RecursionError("too deep")

    monkeypatch.setattr("corpus.parsers.text.plain.parse_plain", fail)
    with pytest.raises(DocumentError, match=r"report\.txt can't be read as text/plain; RecursionError: too deep"):
        text_document("Text.")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("r.txt", b"", "r.txt is empty."),
        ("r.md", b" \n\t\n", "r.md is empty."),
        ("r.xyz", b"text", r"r.xyz is of a type that Quipu doesn't read. It reads CSV, DOCX, EML, "),
        ("r", b"text", "r is of a type that Quipu doesn't read"),
        ("r.txt", "El año en Perú.".encode("latin-1"), r"r.txt is not UTF-8 text \(byte 0xf1 at position 4\): save it as UTF-8"),
        ("r.txt", b"text\0with", r"r.txt holds a NUL byte at character 4: it is not a text file."),
        ("r.txt", b"--- ***\n", "r.txt holds no text."),
        ("r.html", b"<html><body><script>x</script></body></html>", "r.html holds no text."),
        ("r.html", b"<html><head><title>T</title></head><frameset><frame src=x></frameset></html>", "r.html holds no text."),
        ("r.html", b"<!-- -->", "r.html can't be read as HTML"),
        ("r.html", b"<meta charset=klingon><p>x", "r.html can't be read as HTML: unknown encoding: klingon."),
        ("r.html", b"<meta charset=punycode><p>x", "r.html can't be read as HTML: unknown encoding: punycode."),
        ("r.docx", b"this is not a zip", "r.docx is not a DOCX file"),
        ("r.docx", b"PK\x03\x04 cut short", "r.docx is broken or cut short"),
        ("r.pdf", b"this is not a PDF", "r.pdf can't be read as a PDF"),
    ],
)
def test_an_unreadable_file_is_refused_in_one_sentence(name: str, data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        read_bytes(data, name)
    assert "\n" not in str(caught.value)


def test_every_format_has_its_parser() -> None:
    for suffix, form in FORMATS.items():
        with pytest.raises(DocumentError, match=f"r{suffix} "):
            form.parse(b"\x80\x81", f"r{suffix}", ocr=False)
