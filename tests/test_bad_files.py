"""Files that are broken, hostile or in the way: each costs one clear sentence, and the rest goes on."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from corpus import DocumentError, ReadOptions, Worker, load, read, read_bytes
from index import Home, add
from tests.bad import WHOLE, said
from tests.fakes import WordEncoder, first_hit
from tests.made import pdf, write
from tests.zips import with_part

PROJECT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_no_cut_of_a_file_costs_more_than_a_sentence(name: str) -> None:
    data = WHOLE[name]
    for share in (0.02, 0.3, 0.7, 0.99):
        cut = data[: int(len(data) * share)]
        with suppress(DocumentError):
            assert read_bytes(cut, name).text
            continue
        assert name in said(cut, name)


def test_a_zip_without_its_end_is_cut_short() -> None:
    for name in ("report.docx", "report.pptx", "report.xlsx", "report.epub"):
        assert said(WHOLE[name][:-100], name) == (
            f"{name} is broken or cut short (File is not a zip file): copy or download it again, then add the new copy."
        )


def test_encrypted_and_without_pages() -> None:
    assert said(pdf([["Secret."]], password="x"), "r.pdf") == "r.pdf is encrypted: remove its password and add it again."
    none = pdf([["x"]]).replace(b"/Count 1 /Kids [ 3 0 R ]", b"/Count 0 /Kids [       ]")
    assert none != pdf([["x"]])
    assert said(none, "r.pdf") == (
        "r.pdf can't be read as a PDF because it is broken, cut short or has no pages: save it again, or download it again."
    )


def raw_pdf(*objects: str) -> bytes:
    """A PDF of these objects, from number 1 on, of which the first is the catalogue."""
    body = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return body + f"{head}trailer\n<< /Root 1 0 R /Size {len(objects) + 1} >>\nstartxref\n{len(body)}\n%%EOF\n".encode()


def stream(content: str) -> str:
    return f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"


FONT = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
SHOWS = stream("BT /F1 12 Tf 50 500 Td (Rivers are wide and slow.) Tj ET")


def test_ten_thousand_empty_pages_are_one_sentence_soon() -> None:
    kids = " ".join(f"{number} 0 R" for number in range(3, 10_003))
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] >>"
    data = raw_pdf("<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Count 10000 /Kids [{kids}] >>", *[page] * 10_000)
    started = time.monotonic()
    assert said(data, "r.pdf") == "r.pdf has no text on any of its 10000 pages: there is nothing on them."
    assert time.monotonic() - started < 30


def test_a_pdf_whose_objects_run_in_a_circle_ends() -> None:
    nodes = [f"<< /Type /Pages /Parent {number - 1 or 1} 0 R /Count 3 /Kids [{number + 1} 0 R] >>" for number in range(2, 6)]
    circle = raw_pdf("<< /Type /Catalog /Pages 2 0 R >>", *nodes, "<< /Type /Pages /Parent 5 0 R /Count 3 /Kids [2 0 R] >>")
    with Worker(ReadOptions(seconds=20)) as worker, pytest.raises(DocumentError) as raised:
        worker.parse(circle, "r.pdf")
    assert str(raised.value).isprintable()
    form = (
        "<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /XObject << /X {} 0 R >> >> /Length 5 >>\n"
        "stream\n/X Do\nendstream"
    )
    resources = f"{FONT[:-2]} /XObject << /X 6 0 R >> >>"
    looped = raw_pdf(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents [4 0 R 5 0 R] /Resources {resources} >>",
        SHOWS,
        stream("/X Do"),
        *(form.format(number) for number in (7, 8, 9, 10, 6)),
    )
    with Worker(ReadOptions(seconds=20)) as worker:
        assert worker.parse(looped, "r.pdf").text == "Rivers are wide and slow."


def test_text_whose_scale_is_beyond_all_numbers_costs_nothing_else() -> None:
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents [4 0 R 5 0 R] /Resources {FONT} >>"
    grown = stream("9 0 0 1 0 0 cm " * 1000 + "BT /F1 12 Tf 50 300 Td (Of no size.) Tj ET")
    data = raw_pdf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>", page, SHOWS, grown)
    assert "Rivers are wide and slow." in read_bytes(data, "r.pdf").text


def test_javascript_in_a_pdf_is_never_run() -> None:
    script = "<< /S /JavaScript /JS (app.alert\\(1\\); this.getField\\('x'\\).value = 'changed'; while \\(true\\) {}) >>"
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources {FONT} /AA << /O {script} >> >>"
    data = raw_pdf(
        f"<< /Type /Catalog /Pages 2 0 R /OpenAction {script} /Names << /JavaScript << /Names [(a) {script}] >> >> >>",
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        page,
        SHOWS,
    )
    with Worker(ReadOptions(seconds=20)) as worker:
        assert worker.parse(data, "r.pdf").text == "Rivers are wide and slow."


def test_a_file_of_two_gigabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.pdf"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    sentence = f"{path} is 2147 MB, and Quipu reads files of up to 500 MB: split it, or raise QUIPU_READ_MEGABYTES."
    for refuse in (lambda: load(path, 500), lambda: read(path)):
        with pytest.raises(DocumentError) as raised:
            refuse()
        assert str(raised.value) == sentence


class Growing:
    """Stands for `os.fstat`: the file grows after each look, for so many times."""

    def __init__(self, times: int) -> None:
        self.times, self.real = times, os.fstat

    def __call__(self, descriptor: int) -> os.stat_result:
        found = self.real(descriptor)
        if self.times:
            self.times -= 1
            with Path(f"/proc/self/fd/{descriptor}").open("ab") as file:
                file.write(b" and more")
        return found


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "log.txt", "Rivers are wide")
    monkeypatch.setattr("os.fstat", Growing(1))
    assert load(path) == b"Rivers are wide and more"
    monkeypatch.setattr("os.fstat", Growing(9))
    with pytest.raises(DocumentError) as raised:
        load(path)
    assert str(raised.value) == f"{path} kept changing while it was read: add it again when nothing writes to it any more."


def test_a_full_disk_is_one_sentence_and_the_old_generation_still_serves(
    home: Home, words: WordEncoder, report: Path, tmp_path: Path
) -> None:
    add(home, [report], words)
    large = write(tmp_path / "large.txt", "\n\n".join(f"Paragraph {number} tells of rivers." for number in range(2500)))
    program = """if True:
        import json, resource, sys
        from pathlib import Path
        from index import Home, add
        from tests.fakes import WordEncoder
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # as a disk with no more room
        try:
            add(Home(Path(sys.argv[1])), [Path(sys.argv[2])], WordEncoder())
        except Exception as error:
            print(json.dumps([type(error).__name__, str(error)]))
    """
    done = subprocess.run(
        [sys.executable, "-c", program, str(home.path), str(large)], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    kind, sentence = json.loads(done.stdout)
    assert kind == "LibraryError"
    assert sentence.isprintable()
    assert "can't be written: File too large" in sentence
    assert "412 illegal" in first_hit(home, words, "illegal sawmills")
    add(home, [large], words)
    assert "Paragraph 77 tells" in first_hit(home, words, "paragraph 77")


def test_one_bad_file_of_several_costs_a_sentence(home: Home, words: WordEncoder, report: Path, tmp_path: Path) -> None:
    bad = write(tmp_path / "bomb.docx", with_part(WHOLE["report.docx"], "word/document.xml", lambda _: bytes(30_000_000)))
    outcomes = add(home, [bad, report], words)
    assert [bool(outcome.error) for outcome in outcomes] == [True, False]
    assert "412 illegal" in first_hit(home, words, "illegal sawmills")
