"""The commands, as they are typed: in this process with the session's encoder, and once each in one of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from assistant import Answer, Citation, Feedback, SentenceRanker
from index import Catalogue, Home
from tests.commands import Quipu
from tests.fakes import Unsure, WordEncoder
from tests.inline import add
from tests.made import REPORT, pdf, scanned_pdf, write
from tests.made_containers import zipped
from ui.settings import ServerSettings


def test_ask_prints_sentences_and_where_they_stand(quipu: Quipu) -> None:
    result = quipu("ask", "Are prisons overcrowded?")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "Prisons are overcrowded, a major problem across the country. [1]\n\nSources:\n"
        "[1] Peru’s Law Enforcement Agencies Accused of Corruption as Crime Thrives · Challenges Facing Law Enforcement Agencies "
        "(peru-law-enforcement-corruption.txt, 1603-1663)\n"
    )


def test_a_refusal_is_an_answer(quipu: Quipu) -> None:
    result = quipu("ask", "¿Cómo se prepara el arroz con pollo?")
    assert result.code == 0
    assert result.out.startswith("Estos documentos no responden a eso.\n\nRelacionado, pero no es una respuesta:\n- “")
    assert quipu("ask", "hola").out.startswith("Hola. Haga una pregunta")


def test_what_may_answer_is_printed_and_verified(quipu: Quipu, ranker: SentenceRanker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SentenceRanker, "load", lambda _: Unsure(ranker, "prisons"))
    result = quipu("ask", "Are prisons overcrowded?")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(
        "These documents may answer this.\n\nThe closest sentences:\n"
        "- “Prisons are overcrowded, a major problem across the country.” "
        "Peru’s Law Enforcement Agencies Accused of Corruption as Crime Thrives · Challenges Facing Law Enforcement Agencies "
        "(peru-law-enforcement-corruption.txt, 1603-1663)\n- “"
    )
    printed = quipu("ask", "Are prisons overcrowded?", "--json").out
    answer = json.loads(printed)
    assert (answer["status"], answer["reason"], answer["explanation"]) == ("unsure", "unsure", "These documents may answer this.")
    assert (answer["text"], answer["sentences"], answer["citations"], len(answer["nearest"])) == ("", [], [], 3)
    verified = quipu("verify", "-", given=printed)
    assert (verified.code, len(verified.out.splitlines())) == (0, 3)
    assert verified.out.startswith("[1] stands in peru-law-enforcement-corruption.txt, character for character: “Prisons are over")
    assert quipu("verify", "-", given=printed.replace("are overcrowded", "are empty")).code == 1
    both = quipu("ask", "Who controls the VRAEM? Are prisons overcrowded?").out
    assert "the Shining Path guerrilla group" in both
    assert "\n“Are prisons overcrowded?”: These documents may answer this.\n" in both


def test_ask_json_is_the_contract(quipu: Quipu) -> None:
    answer = json.loads(quipu("ask", "Who controls the VRAEM?", "--json").out)
    keys = "question searched language status reason explanation unanswered confidence text sentences citations nearest"
    assert list(answer) == [*keys.split(), "suggestions", "generation", "milliseconds", "feedback"]
    assert answer["status"] == "answered"
    assert "Shining Path guerrilla group" in answer["citations"][0]["quote"]
    assert (
        list(answer["citations"][0])
        == (
            "number document_id title source quote text start end page page_label page_kind row label ocr cells heading_path link"
        ).split()
    )
    (sentence,) = answer["sentences"]
    assert (sentence["text"], sentence["citations"]) == (answer["text"], [1])
    assert sentence["text"][slice(*sentence["answer_span"])] == "the Shining Path guerrilla group and drug traffickers"
    refusal = json.loads(quipu("ask", "Are prisons in Chile overcrowded?", "--json").out)
    assert (refusal["status"], refusal["reason"], refusal["text"]) == ("not_in_documents", "name_absent: Chile", "")
    assert refusal["explanation"] == "These documents do not answer that: “Chile” does not appear in them."
    assert refusal["nearest"][0]["text"].startswith("Prisons are overcrowded")
    assert refusal["suggestions"][0] == "What do the documents say about Challenges Facing Law Enforcement Agencies?"


def test_a_library_from_its_first_document_to_its_last(quipu: Quipu, tmp_path: Path, home: Home) -> None:
    assert "No document was added yet" in quipu("documents").out
    write(tmp_path / "in" / "forests.txt", REPORT)
    write(tmp_path / "in" / "deep" / "half.pdf", scanned_pdf(3, with_text=[2]))
    write(tmp_path / "in" / "picture.png", b"\x89PNG")
    write(tmp_path / "in" / "old.doc", b"\xd0\xcf")
    added = quipu("add", str(tmp_path / "in"))
    assert added.code == 0
    assert added.out.splitlines() == [
        "half.pdf: 3 pages, 1 passage, English. “half”.",
        "    There is no text on PDF pages 1, 3, which may be blank or scanned. "
        "Quipu reads scanned pages by OCR if tesseract is installed.",
        "forests.txt: 2 passages, English. “Forests of the North”.",
    ]
    assert "picture.png was passed over: Quipu doesn't read that type." in added.err
    assert "old.doc was passed over: Quipu doesn't read that type; open it and save it as DOCX." in added.err
    assert quipu("add", str(tmp_path / "in" / "forests.txt")).out == "forests.txt: already in the library as forests.txt.\n"
    listed = quipu("documents").out
    assert "forests.txt  Forests of the North" in listed
    assert "half.pdf     half                  3      en        no text on PDF pages 1, 3  20" in listed
    assert "412 illegal sawmills" in quipu("ask", "How many illegal sawmills?").out
    within = quipu("ask", "How many illegal sawmills?", "--document", "half.pdf")
    assert within.out.startswith("These documents do not answer that")
    assert quipu("verify").out.splitlines() == [
        "half.pdf: all 33 characters are as the original reads.",
        "forests.txt: all 263 characters are as the original reads.",
    ]
    assert quipu("rebuild").out == "Rebuilt the index of 2 documents with minilm-en-es.\n"
    assert quipu("remove", "forests.txt").out.startswith("Removed forests.txt (")
    assert quipu("remove", "half.pdf").code == 0
    assert "No document was added yet" in quipu("documents").out
    assert [path for path in home.path.rglob("*") if path.is_file() and b"sawmills" in path.read_bytes()] == []


def test_verify_proves_the_quotes_of_an_answer(quipu: Quipu, tmp_path: Path) -> None:
    answer = quipu("ask", "Who controls the VRAEM?", "--json").out
    assert quipu("verify", "-", given=answer).out.startswith("[1] stands in peru-law-enforcement-corruption.txt, character for")
    forged = write(tmp_path / "forged.json", answer.replace("is controlled by", "is not controlled by"))
    result = quipu("verify", str(forged))
    assert (result.code, result.out) == (1, "[1] is not what peru-law-enforcement-corruption.txt has at 497-669.\n")
    whole = json.loads(answer)
    citation = whole["citations"][0]
    for changed in ({"text": "is not controlled by"}, {"quote": "", "end": 497, "text": ""}, {"start": 498}):
        result = quipu("verify", "-", given=json.dumps({"citations": [{**citation, **changed}]}))
        assert result.code == 1
        assert result.out.startswith("[1] is not what peru-law")
    for name, value in (("title", "x"), ("page", 3), ("heading_path", []), ("link", "/"), ("source", "y")):
        result = quipu("verify", "-", given=json.dumps({**whole, "citations": [{**citation, name: value}]}))
        assert (result.code, f"but its {name} is not what the document has" in result.out) == (1, True)
    gone = quipu("verify", "-", given=json.dumps({"citations": [{**citation, "document_id": "0", "source": "a.txt"}]}))
    assert gone.out == "[1] quotes a.txt, which is not in the library.\n"
    for name, text in (("text", "It is not so."), ("sentences", [{"text": "It is not so."}])):
        more = quipu("verify", "-", given=json.dumps({**whole, name: text}))
        assert (more.code, more.out.endswith("The answer in - says more than it cites.\n")) == (1, True)
    assert quipu("verify", "-", given='{"citations": []}').out == "- quotes nothing: there is nothing to verify.\n"
    assert quipu("verify", "missing.json").err == "quipu: There is no file missing.json.\n"
    for given in ("{}", "[" * 100_000, '{"citations": [{"number": Infinity}]}', "\udc80"):
        result = quipu("verify", "-", given=given)
        assert result.code == 2
        assert "is not an answer from `quipu ask --json`" in result.err
        assert result.err.count("\n") == 1


def test_verify_finds_a_changed_original(quipu: Quipu, tmp_path: Path, home: Home) -> None:
    quipu("add", str(write(tmp_path / "forests.txt", REPORT)))
    (original,) = home.documents.glob("*/original.txt")
    original.write_text(REPORT.replace("412", "413"))
    result = quipu("verify")
    assert result.code == 1
    assert "is not the file that was added" in result.out


def test_a_name_that_no_disk_takes_is_one_sentence_and_the_rest_is_added(quipu: Quipu, tmp_path: Path) -> None:
    long = f"{'n' * 300}.txt"
    result = quipu("add", long, str(write(tmp_path / "forests.txt", REPORT)))
    assert result.code == 2
    assert result.out.startswith("forests.txt: 2 passages")
    assert result.err.splitlines()[-1] == f"quipu: {long} can't be read: File name too long."
    watched = quipu("add", "--watch", long)
    assert (watched.code, " is no folder: --watch keeps" in watched.err) == (2, True)
    assert quipu("add", f"{'x*' * 150}.txt").err.startswith("quipu: No file matches the pattern x*x*")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty.txt", b"", "quipu: empty.txt is empty.\n"),
        ("latin.txt", "El año".encode("latin-1"), "quipu: latin.txt is not UTF-8 text (byte 0xf1 at position 4): save it as UTF-8"),
        ("nul.txt", b"a\0b", "quipu: nul.txt holds a NUL byte at character 1: it is not a text file.\n"),
        ("report.odt", b"PK", "quipu: report.odt is an OpenDocument text document, which Quipu doesn't read: open it and save"),
        ("locked.pdf", pdf([["x"]], password="secret"), "quipu: locked.pdf is encrypted: remove its password and add it again.\n"),
        ("cut.pdf", pdf([["x"]])[:60], "quipu: cut.pdf can't be read as a PDF because it is broken, cut short"),
        (
            "scan.pdf",
            scanned_pdf(2),
            "quipu: scan.pdf has no text on any of its 2 pages: it seems to be scanned",
        ),
        ("bad.docx", b"not a zip", "quipu: bad.docx is not a DOCX file"),
    ],
)
def test_a_bad_file_is_one_sentence_and_exit_code_2(
    quipu: Quipu, tmp_path: Path, home: Home, name: str, data: bytes, says: str
) -> None:
    result = quipu("add", str(write(tmp_path / name, data)))
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(says)
    assert result.err.count("\n") == 1
    assert list(home.documents.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["add", "missing.pdf"], "quipu: There is no file missing.pdf.\n"),
        (["add", "."], "quipu: The folder . contains no files.\n"),
        (["remove", "missing.pdf"], "quipu: There is no document 'missing.pdf' in "),
        (["ask", "x", "--document", "missing.pdf"], "quipu: There is no document 'missing.pdf': `quipu documents` lists what"),
        (
            ["ask", "a" * 100_000],
            "quipu: The question has 100,000 characters; Quipu takes up to 2,000.",
        ),
        (["serve", "--host", "0.0.0.0"], "quipu: Quipu does not serve on 0.0.0.0: there is no sign-in"),  # noqa: S104
        (["eval", "missing.jsonl"], "quipu: The questions in missing.jsonl can't be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(quipu: Quipu, words: list[str], says: str) -> None:
    result = quipu(*words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(says)
    assert result.err.count("\n") == 1


def test_a_home_that_cannot_be_written(quipu: Quipu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QUIPU_HOME", str(write(tmp_path / "file", b"") / "home"))
    for words in (["ask", "x"], ["add", str(write(tmp_path / "r.txt", REPORT))]):
        result = quipu(*words)
        assert result.code == 2
        assert "can't be written: Not a directory. Set QUIPU_HOME to a folder of your own." in result.err
        assert result.err.count("\n") == 1


def test_settings_come_from_a_file_and_variables_win(quipu: Quipu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("QUIPU_HOME")
    write(tmp_path / "quipu.toml", f'home = "{tmp_path / "by-file"}"')
    quipu("ask", "x")
    assert (tmp_path / "by-file" / "shipped" / "CURRENT").exists()
    monkeypatch.setenv("QUIPU_HOME", str(tmp_path / "by-variable"))
    quipu("ask", "x")
    assert (tmp_path / "by-variable" / "shipped" / "CURRENT").exists()
    write(tmp_path / "quipu.toml", "colour = 1")
    assert quipu("ask", "x").err.startswith("quipu: The setting 'colour' can't be used (Extra inputs are not permitted)")
    write(tmp_path / "quipu.toml", "not toml")
    assert quipu("ask", "x").err.startswith("quipu: quipu.toml can't be read: ")


def test_settings_that_cannot_be_used(quipu: Quipu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(tmp_path / "quipu.toml", b'home = "\xff"')
    assert quipu("documents").err.startswith("quipu: quipu.toml can't be read: ")
    write(tmp_path / "quipu.toml", "port = 99999")
    assert quipu("documents").err.startswith("quipu: The setting 'port' can't be used (Input should be less than")
    (tmp_path / "quipu.toml").unlink()
    for origin in (
        "*",
        "https://x.example/",
        "https://X.example",
        "https://x.example:443",
        "https://łódź.example",
        "https://x\\y",
        "x",
    ):
        monkeypatch.setenv("QUIPU_ORIGINS", f"https://good.example:8443,{origin}")
        assert quipu("documents").err.startswith(
            f"quipu: The setting 'origins' can't be used ('{origin}' is no origin like https://"
        )
    monkeypatch.delenv("QUIPU_ORIGINS")
    for address in (
        "reports.example",
        "ftp://reports.example",
        "https://u:p@reports.example",
        "https://reports.example/a b",
        "https://",
    ):
        monkeypatch.setenv("QUIPU_ADDRESS", address)
        assert quipu("documents").err.startswith(
            f"quipu: The setting 'address' can't be used ('{address}' is no address like https://"
        )
    monkeypatch.delenv("QUIPU_ADDRESS")
    monkeypatch.setenv("QUIPU_HOME", "")
    assert quipu("documents").err.startswith("quipu: The setting 'home' can't be used (it is empty)")
    monkeypatch.setenv("QUIPU_HOME", "~/mine")
    assert ServerSettings.load().home == Path.home() / "mine"


def test_what_is_printed_into_a_pipe_is_whole(quipu: Quipu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Home) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    name = f"{'a long name ' * 12}.txt"
    quipu("add", str(write(tmp_path / "in" / name, REPORT)))
    (entry,) = Catalogue(home).active()
    assert all(part in quipu("documents").out for part in (name, entry.id, "Forests of the North"))


def test_hidden_and_unfinished_files_are_passed_by(quipu: Quipu, tmp_path: Path, home: Home) -> None:
    for path in (".draft.txt", ".hidden/draft.txt", "~$notes.txt", "report.pdf.part", "report.txt"):
        write(tmp_path / "in" / path, f"{path}\n\nSome text.\n")
    assert quipu("add", str(tmp_path / "in"), str(tmp_path / "in" / "*.txt")).err == ""
    assert [entry.name for entry in Catalogue(home).active()] == ["report.txt"]


def test_a_pattern_adds_what_fits_it(quipu: Quipu, tmp_path: Path, home: Home) -> None:
    for path in ("a.txt", "a.png", "2020/b.txt", "2020/c.md", "2020/deep/d.txt", "e[1].txt"):
        write(tmp_path / "in" / path, f"{path}\n\nSome text.\n")
    assert quipu("add", "in/**/*.txt", "in/a.txt").out.count("\n") == 4
    assert [entry.name for entry in Catalogue(home).active()] == ["b.txt", "d.txt", "a.txt", "e[1].txt"]
    assert quipu("add", str(tmp_path / "in" / "20*")).out.splitlines() == [
        "b.txt: already in the library as b.txt.",
        "c.md: 1 passage, English. “c”.",
        "d.txt: already in the library as d.txt.",
    ]
    assert quipu("add", "in/e[1].txt").out == "e[1].txt: already in the library as e[1].txt.\n"
    result = quipu("add", "in/*")
    assert (result.code, result.err) == (0, "in/a.png was passed over: Quipu doesn't read that type.\n")
    result = quipu("add", "in/**/*.pdf")
    assert (result.code, result.err) == (2, "quipu: No file matches the pattern in/**/*.pdf.\n")


def test_what_is_in_a_zip_is_added_listed_limited_and_removed(quipu: Quipu, tmp_path: Path) -> None:
    path = write(tmp_path / "x.zip", zipped(forests__txt=REPORT, broken__pdf="%PDF", photo__png=b"PNG"))
    result = quipu("add", str(path))
    assert result.code == 2
    assert result.out == "x.zip › forests.txt: 2 passages, English. “Forests of the North”.\n"
    assert result.err.splitlines()[1] == "x.zip › photo.png was passed over: Quipu doesn't read that type."
    assert "x.zip › forests.txt  Forests of the North" in quipu("documents").out
    assert quipu("limit", "x.zip", "--group", "hr").out == "x.zip › forests.txt is seen by readers in hr, and operators.\n"
    write(path, zipped(roads__txt="Roads\n\nThey are long.\n"))
    assert quipu("add", str(path)).out.splitlines() == [
        "x.zip › roads.txt: 1 passage, English. “Roads”.",
        "x.zip › forests.txt was removed: x.zip no longer contains it.",
    ]
    assert quipu("remove", "x.zip").out.startswith("Removed x.zip › roads.txt (")


def test_a_terminal_that_cannot_show_a_letter_shows_its_number(tmp_path: Path, home: Home, words: WordEncoder) -> None:
    add(home, [write(tmp_path / "Peru’s forests.txt", REPORT)], words)
    environment = {
        "QUIPU_HOME": str(home.path),
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "HOME": str(tmp_path),
        "PATH": "",
        "PYTHONIOENCODING": "latin-1",
    }
    command = [sys.executable, "-m", "ui", "documents"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, encoding="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Peru\\u2019s forests.txt" in done.stdout


def test_an_index_made_with_another_encoder_says_so(quipu: Quipu, tmp_path: Path, home: Home) -> None:
    quipu("add", str(write(tmp_path / "forests.txt", REPORT)))
    manifest = home.generations / "1" / "manifest.json"
    written = manifest.read_text()
    manifest.write_text(written.replace(json.loads(written)["model"]["fingerprint"], "0000000000000000"))
    result = quipu("ask", "x")
    assert result.code == 2
    assert "The index was made with the encoder 'minilm-en-es' (0000000000000000)" in result.err
    assert "Run `quipu rebuild` to embed all documents anew, or set QUIPU_MODEL to 'minilm-en-es'." in result.err
    manifest.write_text(manifest.read_text().replace("minilm-en-es", "of-another-time"))
    assert quipu("ask", "x").err.rstrip().endswith("Run `quipu rebuild` to embed all documents anew.")


def test_a_damaged_generation_is_said_and_the_older_one_answers(quipu: Quipu, tmp_path: Path, home: Home) -> None:
    quipu("add", str(write(tmp_path / "forests.txt", REPORT)))
    quipu("add", str(write(tmp_path / "rivers.txt", "Rivers\n\nWide.\n")))
    (home.generations / "2" / "vectors.f16").write_bytes(b"damaged")
    result = quipu("ask", "How many illegal sawmills?")
    assert "412 illegal sawmills" in result.out
    assert "Generation 2 of" in result.err
    assert "generation 1 is used instead" in result.err


def test_a_port_in_use_is_one_sentence(quipu: Quipu) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = quipu("serve", "--port", str(port))
    assert result.code == 2
    assert result.err == f"quipu: Port {port} of 127.0.0.1 can't be used: Address already in use. Choose another with --port.\n"


def test_serve_prints_its_address_answers_there_and_stops(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ui", "serve", "--port", "0"]
    environment = {**os.environ, "QUIPU_HOME": str(tmp_path / "served"), "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "Quipu answers from peru-law-enforcement-corruption.txt.\n"
        address = server.stdout.readline().split()[1]
        request = urllib.request.Request(  # noqa: S310
            f"{address}/api/ask",
            json.dumps({"question": "Who controls the VRAEM?"}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as response:  # noqa: S310
            assert "Shining Path guerrilla group" in json.load(response)["citations"][0]["quote"]
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=30)
    assert (out, err, server.returncode) == ("", "", 130)  # as any program that Ctrl-C stops


def test_removing_a_document_forgets_where_answers_stood_in_it(quipu: Quipu, home: Home, tmp_path: Path) -> None:
    quipu("add", str(write(tmp_path / "forests.txt", REPORT)))
    (entry,) = Catalogue(home).active()
    feedback = Feedback(home)
    place = Citation(1, entry.id, "", "", 0, 5, "", "", None, None, ())
    feedback.keep(Answer("x", "x", "en", "answered", citations=(place,)))
    quipu("add", str(write(tmp_path / "rivers.txt", "Rivers\n\nWide.\n")))
    assert feedback.kept()[0].cited
    quipu("add", str(write(tmp_path / "forests.txt", REPORT + "More.\n")))  # it replaces what was read before
    assert not feedback.kept()[0].cited
