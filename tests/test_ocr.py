from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from corpus import Document, DocumentError, Page, Worker, heartbeat, read_bytes, sentences
from corpus.parsers.pdf import ocr
from corpus.pdf_pages import PdfPages
from tests.made_scans import HEIGHT, WIDTH, StandIn, assert_around, drawn_at, hocr, needs_tesseract, ocr_pages, pictured, scans
from tests.shown import blocks_of

LINES = [
    "The ministry of forests counted 412 illegal sawmills in",
    "the north of the country, and closed fewer than twenty.",
    "",
    "Officers in Iquitos seized forty trucks of mahogany.",
]
SPANISH = [
    "El ministerio contó 412 aserraderos ilegales cerca del río",
    "Marañón, y cerró menos de veinte en los últimos años.",
]
TYPED = ["This page was typed and can be read as it stands.", "Nobody has to look at its picture."]


@pytest.fixture(scope="module")
def scan() -> tuple[bytes, Document]:
    """A PDF of one scanned page with `LINES` on it, and its document."""
    data = scans([pictured(LINES)])
    return data, read_bytes(data, "scan.pdf")


@pytest.fixture
def without_tesseract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def printing(path: Path, text: str) -> str:
    """Write `text` to `path` and return a program that makes a stand-in for tesseract print it for every picture."""
    path.write_text(text, encoding="utf-8")
    return f"print(open({str(path)!r}).read())"


@needs_tesseract
def test_a_scanned_page_is_read_cited_and_boxed(scan: tuple[bytes, Document]) -> None:
    data, document = scan
    assert blocks_of(document) == [
        "The ministry of forests counted 412 illegal sawmills in the north of the country, and closed fewer than twenty.",
        "Officers in Iquitos seized forty trucks of mahogany.",
    ]
    assert document.pages == (Page(1, None, 0, len(document.text), ocr=True),)
    assert document.runs == ()
    assert document.pages_without_text() == ()
    assert document.headings == ()
    (*_, (start, end)) = sentences(document, 0, len(document.text))
    assert document.text[start:end] == "Officers in Iquitos seized forty trucks of mahogany."

    pages = PdfPages(data)
    (box,) = pages.boxes(document, start, end)
    assert_around(box, drawn_at(LINES, 3, LINES[3]))
    start = document.text.index("sawmills in\nthe north")
    first, second = pages.boxes(document, start + 2, start + len("sawmills in\nthe north"))
    assert_around(first, drawn_at(LINES, 0, "sawmills in"))
    assert_around(second, drawn_at(LINES, 1, "the north"))


@needs_tesseract
def test_each_word_has_its_box_and_the_same_page_gives_the_same_text(scan: tuple[bytes, Document]) -> None:
    data, document = scan
    words = [document.text[word.text_start : word.text_start + word.length] for word in document.words]
    assert words == " ".join(LINES).split()
    for line, word in ((0, "412"), (1, "twenty."), (3, "Iquitos")):
        (found,) = (one for one, text in zip(document.words, words, strict=True) if text == word)
        assert found.page == 1
        assert_around(found[2:], drawn_at(LINES, line, word))  # type: ignore[arg-type]  # the sides of a box
    assert read_bytes(data, "scan.pdf") == document
    assert Document.from_json(document.as_json()) == document


@needs_tesseract
def test_spanish_letters_are_read() -> None:
    if "spa" not in (ocr.Tesseract.installed() or pytest.fail("tesseract has no language")).languages:
        pytest.skip("tesseract has no Spanish (Debian: apt-get install tesseract-ocr-spa)")
    document = read_bytes(scans([pictured(SPANISH)]), "scan.pdf")
    assert blocks_of(document) == [" ".join(SPANISH)]
    assert document.language == "es"


@needs_tesseract
def test_a_page_on_its_side_is_rotated_before_it_is_read() -> None:
    lines = [*LINES, *SPANISH, "A page with little text doesn't tell which way is up."]
    data = scans([pictured(lines).transpose(Image.Transpose.ROTATE_90)])
    document = read_bytes(data, "scan.pdf")
    assert LINES[3] in document.plain(0, len(document.text))
    start = document.text.index("trucks of mahogany")
    (box,) = PdfPages(data).boxes(document, start, start + len("trucks of mahogany"))
    left, top, right, bottom = drawn_at(lines, 3, "trucks of mahogany")
    assert_around(box, (top, 1 - right, bottom, 1 - left))


@pytest.mark.parametrize(
    ("rotate", "box"),
    [(90, (0.16, 0.6, 0.2, 0.8)), (180, (0.6, 0.8, 0.8, 0.84)), (270, (0.8, 0.2, 0.84, 0.4)), (0, None)],
)
def test_a_word_on_a_rotated_page_is_boxed_where_it_is_displayed(
    rotate: int, box: tuple[float, ...] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the rotated page, the word is at 100 to 200 of 500 pixels from the left and 160 to 200 of 1000 from the top."""
    upright, junk = hocr([[("mahogany", 96)]]), hocr([[("AueBoyew", 30)]])
    body = f"""
if "--psm" in arguments: print("Page number: 0\\nRotate: {rotate}\\nOrientation confidence: 9.1")
else: print({upright!r} if {rotate} and open({str(tmp_path / "calls")!r}).read().count("--psm") else {junk!r})
"""
    tesseract = StandIn(tmp_path, monkeypatch, body)
    size = (1000, 500) if rotate in (90, 270) else (500, 1000)
    picture = Image.new("L", size, 255)
    picture.paste(0, (20, 20, 50, 50))
    data = scans([picture], dpi=300)
    if box is None:
        with pytest.raises(DocumentError, match="OCR could read nothing on it"):
            read_bytes(data, "scan.pdf")
        assert len(tesseract.calls) == 2
    else:
        document = read_bytes(data, "scan.pdf")
        assert document.text == "mahogany"
        (found,) = PdfPages(data).boxes(document, 0, 8)
        assert_around(found, (box[0], box[1], box[2], box[3]), within=0.003)
        assert len(tesseract.calls) == 3


@needs_tesseract
def test_typed_pages_skip_ocr_and_a_typed_header_is_not_read_twice() -> None:
    data = scans([TYPED, pictured(LINES), TYPED, pictured(SPANISH), None], header="Forests of the North, page {n}")
    document = read_bytes(data, "r.pdf")
    assert ocr_pages(document) == [2, 4]
    assert document.pages_without_text() == (5,)
    assert "page 2" not in document.text
    assert document.text.count("Forests of the North") == 0
    assert [page.label for page in document.pages] == ["1", "2", "3", "4", "5"]
    assert document.page_at(document.text.index("Officers in Iquitos")) == document.pages[1]


def test_a_scan_with_a_typed_stamp_is_read_and_a_typed_page_with_a_picture_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tesseract = StandIn(tmp_path, monkeypatch, printing(tmp_path / "said", hocr([[("mahogany", 96)]])))
    document = read_bytes(scans([pictured(LINES)], stamp="Received 4 May 2021"), "scan.pdf")
    assert blocks_of(document) == ["Received 4 May 2021", "mahogany"]
    assert ocr_pages(document) == [1]
    (word,) = document.words
    assert document.text[word.text_start : word.text_start + word.length] == "mahogany"
    assert blocks_of(read_bytes(scans([pictured(LINES)], stamp="Received and typed. " * 11), "r.pdf"))[0].startswith("Received and")
    assert len(tesseract.calls) == 1


@needs_tesseract
def test_a_typed_stamp_is_not_read_twice() -> None:
    document = read_bytes(scans([pictured(LINES)], stamp="Received 4 May 2021"), "scan.pdf")
    assert document.text.count("Received") == 1
    assert "Officers in Iquitos" in document.text


@needs_tesseract
def test_a_worker_reads_a_scan_within_its_limits(scan: tuple[bytes, Document]) -> None:
    data, document = scan
    with Worker() as worker:
        assert worker.parse(data, "scan.pdf") == document


@needs_tesseract
def test_a_scanned_running_header_is_left_out_and_gives_the_page_labels() -> None:
    pages = [[f"Forests of the North  {number}", "", "", *lines] for number, lines in ((7, LINES), (8, LINES[2:]), (9, LINES[:2]))]
    document = read_bytes(scans([pictured(lines).crop((0, 90, WIDTH, HEIGHT)) for lines in pages]), "scan.pdf")
    assert "Forests of the North" not in document.text
    assert [page.label for page in document.pages] == ["7", "8", "9"]


@needs_tesseract
def test_a_picture_without_text_is_reported_as_such() -> None:
    specks = Image.fromarray(np.where(np.random.default_rng(1).random((400, 300)) < 0.05, 0, 255).astype(np.uint8))
    with pytest.raises(DocumentError, match=r"^r\.pdf has no text on any of its 2 pages: it seems to be scanned, and OCR could"):
        read_bytes(scans([specks, Image.new("L", (300, 400), 128)]), "r.pdf")


def test_a_file_of_blank_pages_is_not_called_scanned() -> None:
    with pytest.raises(DocumentError, match=r"^r\.pdf has no text on any of its 3 pages: there is nothing on them\.$"):
        read_bytes(scans([None] * 3), "r.pdf")
    with pytest.raises(DocumentError, match=r"^r\.pdf has no text on its only page: there is nothing on it\.$"):
        read_bytes(scans([None]), "r.pdf")


@pytest.mark.usefixtures("without_tesseract")
def test_without_tesseract_a_scan_is_refused_with_advice() -> None:
    with pytest.raises(DocumentError) as refused:
        read_bytes(scans([pictured(LINES)] * 3), "scan.pdf")
    assert str(refused.value) == (
        "scan.pdf has no text on any of its 3 pages: it seems to be scanned, and needs OCR: install tesseract and add it again."
    )
    document = read_bytes(scans([TYPED, pictured(LINES), TYPED, pictured(LINES)]), "half.pdf")
    assert document.pages_without_text() == (2, 4)
    assert ocr_pages(document) == []


def test_ocr_can_be_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tesseract = StandIn(tmp_path, monkeypatch, printing(tmp_path / "said", hocr([[("mahogany", 96)]])))
    with pytest.raises(
        DocumentError, match=r"its only page: it seems to be scanned, and needs OCR: turn QUIPU_OCR on and add it ag"
    ):
        read_bytes(scans([pictured(LINES)]), "scan.pdf", ocr=False)
    assert read_bytes(scans([TYPED, pictured(LINES)]), "half.pdf", ocr=False).pages_without_text() == (2,)
    assert tesseract.calls == []
    assert read_bytes(scans([pictured(LINES)]), "scan.pdf").text == "mahogany"


def test_a_tesseract_without_english_and_spanish_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tesseract = StandIn(tmp_path, monkeypatch, printing(tmp_path / "said", hocr([[("mahogany", 96)]])), languages="deu osd")
    with pytest.raises(DocumentError, match="install tesseract and add it again"):
        read_bytes(scans([pictured(LINES)]), "scan.pdf")
    assert tesseract.calls == []


def test_tesseract_gets_its_own_languages_and_little_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIPU_TEST_SECRET", "hidden")
    tesseract = StandIn(tmp_path, monkeypatch, printing(tmp_path / "said", hocr([[("mahogany", 96)]])), languages="spa osd")
    read_bytes(scans([pictured(LINES)]), "scan.pdf")
    (call,) = tesseract.calls
    assert call.startswith("stdin stdout --dpi 300 -l spa -c tessedit_create_hocr=1 ")
    assert "OMP_THREAD_LIMIT" in call
    assert "QUIPU_TEST_SECRET" not in call


def test_an_unsure_paragraph_is_left_out_whole_and_no_sentence_crosses_the_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = [("The", 96), ("company", 96), ("did", 96), ("in", 96), ("all", 96), ("these", 96), ("long", 96), ("years", 96)]
    text = hocr([wide], [[("n0t", 20), ("p@y", 50)]], [[("pay", 96), ("dividends.", 96)]])
    StandIn(tmp_path, monkeypatch, printing(tmp_path / "said", text))
    document = read_bytes(scans([pictured(LINES)]), "scan.pdf")
    assert blocks_of(document) == ["The company did in all these long years", "pay dividends."]

    text = hocr([wide, [("n0t", 20), ("p@y", 50)], [("dividends.", 96)]])
    StandIn(tmp_path, monkeypatch, printing(tmp_path / "said", text))
    assert "n0t p@y" in read_bytes(scans([pictured(LINES)]), "scan.pdf").text


def test_punctuation_is_a_word_only_if_tesseract_is_sure_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = hocr([[("|", 30), ("Loreto", 96), ("~", 12), ("$", 91), ("412", 60)]], [[("—", 95), ("|", 95)]])
    StandIn(tmp_path, monkeypatch, printing(tmp_path / "said", text))
    assert read_bytes(scans([pictured(LINES)]), "scan.pdf").text == "Loreto $ 412"


def test_a_tesseract_that_fails_or_hangs_is_reported_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    StandIn(tmp_path, monkeypatch, "sys.exit('Error opening data file eng.traineddata\\n')")
    with pytest.raises(DocumentError) as refused:
        read_bytes(scans([pictured(LINES)] * 2), "scan.pdf")
    assert str(refused.value) == (
        "scan.pdf has no text on any of its 2 pages: it seems to be scanned, and tesseract failed on page 1:"
        " Error opening data file eng.traineddata."
    )
    assert read_bytes(scans([TYPED, pictured(LINES)]), "half.pdf").pages_without_text() == (2,)

    StandIn(tmp_path, monkeypatch, "time.sleep(600)")
    monkeypatch.setattr(ocr, "_SECONDS", 0.2)
    with pytest.raises(DocumentError, match=r"tesseract failed on page 1: it took longer than 0\.\d seconds\.$"):
        read_bytes(scans([pictured(LINES)]), "scan.pdf")


@pytest.mark.parametrize("answer", ["", "no markup at all", "<html><p><span><span class='ocrx_word'>x</span></span></p></html>"])
def test_nonsense_from_tesseract_is_not_text(answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    StandIn(tmp_path, monkeypatch, printing(tmp_path / "said", answer))
    with pytest.raises(DocumentError, match=r"OCR could read nothing on it|tesseract failed on page 1: its output can't be read"):
        read_bytes(scans([pictured(LINES)]), "scan.pdf")


@pytest.mark.parametrize(
    ("inches", "pixels"),
    [((8.5, 11), (2550, 3300)), ((60, 60), (4473, 4473)), ((2, 150), (400, 30000))],
    ids=["letter", "wide", "long"],
)
def test_the_picture_has_300_pixels_an_inch_or_as_many_as_fit(
    inches: tuple[float, float], pixels: tuple[int, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    body = f"open({str(tmp_path / 'size')!r}, 'wb').write(b' '.join(picture[:20].split()[1:3]))"
    StandIn(tmp_path, monkeypatch, body)
    width, height = (round(10 * side) for side in inches)
    picture = Image.new("L", (width, height), 255)
    picture.paste(0, (2, 2, 5, 5))
    with pytest.raises(DocumentError, match="OCR could read nothing"):
        read_bytes(scans([picture], dpi=10), "scan.pdf")
    found = tuple(map(int, (tmp_path / "size").read_text().split()))
    assert all(abs(one - other) <= 1 for one, other in zip(found, pixels, strict=True)), found
    assert found[0] * found[1] <= 20_010_000


def test_a_page_too_narrow_for_a_letter_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tesseract = StandIn(tmp_path, monkeypatch, printing(tmp_path / "said", hocr([[("mahogany", 96)]])))
    with pytest.raises(DocumentError, match=r"failed on page 1: it is too narrow, 0\.5 by 96\.0 points\.$"):
        read_bytes(scans([Image.new("L", (2, 400), 0)]), "scan.pdf")
    assert tesseract.calls == []


def test_a_sign_of_life_is_given_for_each_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    StandIn(tmp_path, monkeypatch, printing(tmp_path / "said", hocr([[("mahogany", 96)]])))
    signs: list[int] = []
    monkeypatch.setattr(heartbeat, "_callback", lambda: signs.append(1))
    read_bytes(scans([pictured(LINES)] * 5), "scan.pdf")
    assert len(signs) == 2 * 5  # one when its characters are read, one when its picture is
