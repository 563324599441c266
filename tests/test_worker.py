"""The process that reads files: what comes of one that crashes, hangs, grows, lies or is left behind."""

import json
import logging
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path

import pytest

from assistant import Settings, SettingsError
from corpus import DocumentError, ReadOptions, Worker, read_bytes
from corpus.heartbeat import alive
from tests.made import REPORT, pdf
from tests.misbehaving import PROGRAM
from tests.zips import packed

PROJECT = Path(__file__).parent.parent


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker that does what a text orders, with a second's patience."""
    monkeypatch.setattr("corpus.isolation.process._PROGRAM", PROGRAM)
    with Worker(ReadOptions(seconds=1, memory=1024)) as worker:
        yield worker


def text_of(worker: Worker, order: str) -> str:
    return worker.parse(order.encode(), "order.txt").text


def said_of(worker: Worker, order: str) -> str:
    with pytest.raises(DocumentError) as raised:
        worker.parse(order.encode(), "order.txt")
    return str(raised.value)


def frame(message: object, data: bytes = b"") -> bytes:
    packed = json.dumps(message).encode()
    return struct.pack(">QQ", len(packed), len(data)) + packed + data


Lying = Callable[[bytes], Worker]


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Lying]:
    """Gives a worker whose reader was taken over, and answers with these bytes."""
    with ExitStack() as started:

        def lie(said: bytes) -> Worker:
            path = tmp_path / "said"
            path.write_bytes(said)
            program = f"import sys; sys.stdout.buffer.write(open({str(path)!r}, 'rb').read()); sys.stdout.flush(); sys.stdin.read()"
            monkeypatch.setattr("corpus.isolation.process._PROGRAM", program)
            return started.enter_context(Worker(ReadOptions(megabytes=1, seconds=20)))

        yield lie


def test_a_worker_reads_what_a_reader_reads() -> None:
    with Worker() as worker:
        for data, name in (
            (REPORT.encode(), "forests.txt"),
            (pdf([["A page.", "Of lines."], ["Another."]], title="Two pages"), "r.pdf"),
        ):
            assert worker.parse(data, name) == read_bytes(data, name)


def test_a_sentence_of_a_reader_is_the_workers() -> None:
    with Worker() as worker:
        assert said_of(worker, "\0") == "order.txt holds a NUL byte at character 0: it is not a text file."
        assert worker.parse(b"Rivers are wide.", "r.txt").text == "Rivers are wide."


def test_files_share_a_process_that_none_of_them_broke(order: Worker) -> None:
    assert text_of(order, "pid") == text_of(order, "pid")
    order.close()
    assert text_of(order, "pid").startswith("pid: ")


def test_a_crash_is_a_sentence_and_the_next_file_is_read(order: Worker) -> None:
    before = text_of(order, "pid")
    assert said_of(order, "crash") == (
        "order.txt can't be read: its reader crashed (SIGSEGV). "
        "The file may be damaged: save it anew with the program that made it."
    )
    assert text_of(order, "pid") not in ("", before)


def test_a_file_is_not_blamed_for_what_others_left_behind(order: Worker) -> None:
    text_of(order, "pid")
    assert text_of(order, "crash-if-used") == "crash-if-used: whole"


@pytest.mark.parametrize("way", ["hang", "spin"])
def test_a_reader_that_never_ends_is_stopped(order: Worker, way: str) -> None:
    assert said_of(order, way) == (
        "order.txt can't be read: its reader gave no sign of life for 1 seconds and was stopped. "
        "Split the file or save it anew, or set QUIPU_READ_SECONDS higher."
    )
    assert text_of(order, "print") == "print: printed"


def test_a_reader_that_shows_life_may_take_longer(order: Worker) -> None:
    assert text_of(order, "go-on 6") == "go-on: 6"


def test_but_not_for_ever(order: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.isolation.process._PATIENCE", 1)
    assert "no sign of life" in said_of(order, "go-on 1000")


def test_outside_of_a_worker_a_sign_of_life_does_nothing() -> None:
    alive()


def test_a_reader_gets_no_more_memory_than_it_may_have(order: Worker) -> None:
    assert said_of(order, "eat") == ("order.txt can't be read with 1024 MB of memory: split it, or set QUIPU_READ_MEMORY higher.")


def test_more_text_than_is_taken_is_a_sentence(order: Worker) -> None:
    order.options = ReadOptions(seconds=20)
    assert said_of(order, "long") == "order.txt holds more text, or more cells, than Quipu takes from one file: split it."


def test_what_a_library_prints_disturbs_nothing(order: Worker, caplog: pytest.LogCaptureFixture) -> None:
    assert text_of(order, "print") == "print: printed"
    with caplog.at_level(logging.DEBUG, "corpus.isolation.process"):
        order.close()
    assert caplog.messages == ["A reader said: what a library prints\nand what it writes"]


def test_a_reader_reaches_no_machine_and_starts_no_program(order: Worker, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        assert "a reader may not use socket.connect" in said_of(order, f"connect {server.getsockname()[1]}")
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "a reader may not start true" in said_of(order, "start true")
    assert "File too large" in said_of(order, f"fill {tmp_path / 'filled'}")


def test_a_reader_sees_no_secret_and_no_proxy(order: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:1")
    monkeypatch.setenv("QUIPU_TOKEN_KEY", "secret")
    seen = text_of(order, "environment").split()
    assert {"HF_HUB_OFFLINE", "OMP_THREAD_LIMIT", "PATH"} <= set(seen)
    assert not {"HTTPS_PROXY", "QUIPU_TOKEN_KEY", "QUIPU_HOME"} & set(seen)


def test_modules_in_the_folder_where_quipu_is_started_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json.py", "corpus.py", "lxml.py"):
        (tmp_path / name).write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    with Worker() as worker:
        assert worker.parse(b"<h1>Rivers</h1>", "r.html").title == "Rivers"


DOCUMENT = json.loads(json.dumps(read_bytes(b"Rivers are wide.", "r.txt").as_json()))


@pytest.mark.parametrize(
    "said",
    [
        b"no frame at all, but a text that is long enough",
        struct.pack(">QQ", 1 << 60, 0),
        frame({"part": "large"}, b"x")[:8] + struct.pack(">Q", 2_000_000) + frame({"part": "large"}, b"x")[16:],
        frame([1, 2]),
        frame({})[:16] + b"[]",
        struct.pack(">QQ", 100_000, 0) + b"[" * 100_000,
        frame({"done": True}),
        frame({"document": {}}) + frame({"done": True}),
        frame({"document": 5}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"blocks": [[0, 1000]]}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"blocks": [["0", "5"]]}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"blocks": [[0, 8], [4, 10]]}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"pages": [[1, None, 0, 3, False], [2, None, 4, 16, False]]}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"headings": [[1, 0, 17]]}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"headings": [[0.5, 0, 17]]}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"runs": [[0, 1 << 40, 1, 0]]}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"words": [[0, 2, 1, 0.1, 0.1, 0.1, 9.5]]}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"tables": [[[], [[0, 4, None, [[0, 0, 4]]]]]]}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"tables": [[[[]], [[0, 4, "1", [[0, 0, 4]]]]]]}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"tables": [[[[[0, 99]]], []]]}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"text": "\ud800" * 16}}) + frame({"done": True}),
        frame({"document": DOCUMENT | {"running_lines": -1}}) + frame({"done": True}),
        frame({"part": "x"}) * 10_002,
    ],
)
def test_nonsense_from_a_reader_that_was_taken_over_is_a_sentence(said: bytes, lying: Lying) -> None:
    sentence = said_of(lying(said), "any")
    assert sentence.startswith("order.txt can't be read: its reader gave what is no document")
    assert "\n" not in sentence
    assert len(sentence) < 400


def test_its_sentences_are_shortened_to_one_line(lying: Lying) -> None:
    sentence = said_of(lying(frame({"error": "a\nb\x1b[2J" + "c" * 5000})), "any")
    assert sentence == "a b\ufffd[2J" + "c" * 342 + "…" + "c" * 150


def test_a_document_is_named_by_whoever_asked_and_by_its_bytes(lying: Lying) -> None:
    said = frame({"document": DOCUMENT | {"id": "../../x", "source": "/etc/passwd", "media_type": 5}}) + frame({"done": True})
    document = lying(said).parse(b"Rivers are wide.", "r.txt")
    assert (document.id, document.source, document.media_type) == (DOCUMENT["id"], "r.txt", "text/plain")


def test_a_process_that_was_killed_between_two_files_is_replaced(order: Worker) -> None:
    pid = int(text_of(order, "pid").split()[1])
    waiting = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([waiting], [], [], 10)
    os.close(waiting)
    assert int(text_of(order, "pid").split()[1]) != pid


def test_a_process_without_anything_to_do_ends(order: Worker) -> None:
    pid = int(text_of(order, "be-idle").split()[1])
    waiting = os.pidfd_open(pid)
    assert select.select([waiting], [], [], 10)[0] == [waiting]
    os.close(waiting)
    assert text_of(order, "print") == "print: printed"


def test_the_limits_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().read_options() == ReadOptions(ocr=True, megabytes=500, seconds=120, memory=2048)
    given = {"OCR": "false", "READ_MEGABYTES": "5", "READ_SECONDS": "6", "READ_MEMORY": "700"}
    for name, value in given.items():
        monkeypatch.setenv(f"QUIPU_{name}", value)
    assert Settings.load().read_options() == ReadOptions(ocr=False, megabytes=5, seconds=6, memory=700)
    monkeypatch.setenv("QUIPU_READ_MEMORY", "100")
    with pytest.raises(SettingsError, match=r"^The setting 'read_memory' can't be used .* see QUIPU_READ_MEMORY"):
        Settings.load()


def test_no_process_stays_when_the_one_that_started_it_is_killed(tmp_path: Path) -> None:
    fifo = tmp_path / "pid"
    os.mkfifo(fifo)
    program = (
        "import sys; from corpus import Worker; from corpus.isolation import process; process._PROGRAM = sys.argv[1]; "
        "Worker().parse(b'hang ' + sys.argv[2].encode(), 'order.txt')"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, PROGRAM, str(fifo)], cwd=PROJECT)
    waiting = os.pidfd_open(int(fifo.read_text()))
    parent.kill()
    parent.wait()
    assert select.select([waiting], [], [], 10)[0] == [waiting]
    os.close(waiting)


def test_a_file_that_is_given_up_is_not_read_on(order: Worker, tmp_path: Path) -> None:
    fifo = tmp_path / "pid"
    os.mkfifo(fifo)
    order.options = ReadOptions()
    found: list[int] = []

    def interrupt() -> None:
        found.append(os.pidfd_open(int(fifo.read_text())))
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        text_of(order, f"hang {fifo}")
    thread.join()
    assert select.select(found, [], [], 10)[0] == found
    os.close(found[0])
    assert text_of(order, "print") == "print: printed"


def test_threads_share_a_worker(order: Worker) -> None:
    order.options = ReadOptions()
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda number: order.parse(b"pid", f"{number}.txt"), range(12)))
    assert [document.source for document in texts] == [f"{number}.txt" for number in range(12)]
    assert len({document.text for document in texts}) == 1


def test_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.isolation.process.sys.executable", "/nowhere/python")
    with Worker() as worker:
        assert said_of(worker, "any") == (
            "order.txt can't be read: no process can be started to read it (No such file or directory)."
        )


def test_a_zip_and_an_e_mail_are_unpacked_in_the_worker() -> None:
    whole = packed({"a/rivers.txt": "Rivers are wide.", "a/song.mp3": "la la"})
    message = EmailMessage()
    message["Subject"] = "Rivers"
    message.set_content("See there.")
    message.add_attachment("Rivers are wide.", filename="rivers.txt")
    with Worker() as worker:
        assert worker.unpack(whole, "r.zip") == [("a/rivers.txt", b"Rivers are wide."), ("a/song.mp3", b"")]
        assert worker.unpack(message.as_bytes(), "r.eml") == [("rivers.txt", b"Rivers are wide.\n")]
        with pytest.raises(DocumentError, match=r"r.zip is broken or cut short \(File is not a zip file\)"):
            worker.unpack(whole[:-30], "r.zip")
