"""The worker process: parsers that crash, hang, use too much memory, send nonsense or outlive their parent."""

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
    """A worker that executes the order in a text file, and may go one second without a sign of life."""
    monkeypatch.setattr("corpus.isolation.process._PROGRAM", PROGRAM)
    with Worker(ReadOptions(seconds=1, memory=1024)) as worker:
        yield worker


def text_of(worker: Worker, order: str) -> str:
    return worker.parse(order.encode(), "order.txt").text


def error_of(worker: Worker, order: str) -> str:
    with pytest.raises(DocumentError) as raised:
        worker.parse(order.encode(), "order.txt")
    return str(raised.value)


def frame(message: object, data: bytes = b"") -> bytes:
    packed = json.dumps(message).encode()
    return struct.pack(">QQ", len(packed), len(data)) + packed + data


Lying = Callable[[bytes], Worker]


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Lying]:
    """Make a worker whose parser was taken over, and replies with the given bytes."""
    with ExitStack() as started:

        def lie(reply: bytes) -> Worker:
            path = tmp_path / "reply"
            path.write_bytes(reply)
            program = f"import sys; sys.stdout.buffer.write(open({str(path)!r}, 'rb').read()); sys.stdout.flush(); sys.stdin.read()"
            monkeypatch.setattr("corpus.isolation.process._PROGRAM", program)
            return started.enter_context(Worker(ReadOptions(megabytes=1, seconds=20)))

        yield lie


def test_a_worker_returns_the_same_document_as_its_parser() -> None:
    with Worker() as worker:
        for data, name in (
            (REPORT.encode(), "forests.txt"),
            (pdf([["A page.", "Of lines."], ["Another."]], title="Two pages"), "r.pdf"),
        ):
            assert worker.parse(data, name) == read_bytes(data, name)


def test_a_parsers_error_is_the_workers_error() -> None:
    with Worker() as worker:
        assert error_of(worker, "\0") == "order.txt holds a NUL byte at character 0: it is not a text file."
        assert worker.parse(b"Rivers are wide.", "r.txt").text == "Rivers are wide."


def test_files_share_a_process_until_it_is_closed(order: Worker) -> None:
    assert text_of(order, "pid") == text_of(order, "pid")
    order.close()
    assert text_of(order, "pid").startswith("pid: ")


def test_a_crash_is_an_error_and_the_next_file_is_read(order: Worker) -> None:
    before = text_of(order, "pid")
    assert error_of(order, "crash") == (
        "order.txt can't be read: its parser crashed (SIGSEGV). "
        "The file may be damaged: save it again with the program that made it."
    )
    assert text_of(order, "pid") not in ("", before)


def test_a_file_that_breaks_a_used_process_is_tried_in_a_new_one(order: Worker) -> None:
    text_of(order, "pid")
    assert text_of(order, "crash-if-used") == "crash-if-used: whole"


@pytest.mark.parametrize("way", ["hang", "spin"])
def test_a_hung_parser_is_stopped(order: Worker, way: str) -> None:
    assert error_of(order, way) == (
        "order.txt can't be read: its parser gave no sign of life for 1 seconds and was stopped. "
        "Split the file, save it again, or raise QUIPU_READ_SECONDS."
    )
    assert text_of(order, "print") == "print: printed"


def test_a_parser_that_gives_signs_of_life_may_take_longer(order: Worker) -> None:
    assert text_of(order, "go-on 6") == "go-on: 6"


def test_signs_of_life_do_not_postpone_the_end_for_ever(order: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.isolation.process._PATIENCE", 1)
    assert "no sign of life" in error_of(order, "go-on 1000")


def test_a_sign_of_life_outside_a_worker_does_nothing() -> None:
    alive()


def test_a_parser_is_held_to_its_memory_limit(order: Worker) -> None:
    assert error_of(order, "eat") == ("order.txt can't be read with 1024 MB of memory: split it, or raise QUIPU_READ_MEMORY.")


def test_too_much_text_is_an_error(order: Worker) -> None:
    order.options = ReadOptions(seconds=20)
    assert error_of(order, "long") == "order.txt holds more text, or more cells, than Quipu accepts from one file: split it."


def test_what_a_library_prints_is_logged_and_disturbs_nothing(order: Worker, caplog: pytest.LogCaptureFixture) -> None:
    assert text_of(order, "print") == "print: printed"
    with caplog.at_level(logging.DEBUG, "corpus.isolation.process"):
        order.close()
    assert caplog.messages == ["A worker wrote: what a library prints\nand what it writes"]


def test_a_parser_reaches_no_network_and_starts_no_program(order: Worker, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        assert "a parser may not use socket.connect" in error_of(order, f"connect {server.getsockname()[1]}")
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "a parser may not start true" in error_of(order, "start true")
    assert "File too large" in error_of(order, f"fill {tmp_path / 'filled'}")


def test_a_parser_sees_no_secret_and_no_proxy(order: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:1")
    monkeypatch.setenv("QUIPU_TOKEN_KEY", "secret")
    seen = text_of(order, "environment").split()
    assert {"HF_HUB_OFFLINE", "OMP_THREAD_LIMIT", "PATH"} <= set(seen)
    assert not {"HTTPS_PROXY", "QUIPU_TOKEN_KEY", "QUIPU_HOME"} & set(seen)


def test_modules_in_the_working_folder_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json.py", "corpus.py", "lxml.py"):
        (tmp_path / name).write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    with Worker() as worker:
        assert worker.parse(b"<h1>Rivers</h1>", "r.html").title == "Rivers"


DOCUMENT = json.loads(json.dumps(read_bytes(b"Rivers are wide.", "r.txt").as_json()))


@pytest.mark.parametrize(
    "reply",
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
def test_nonsense_from_a_parser_that_was_taken_over_is_an_error(reply: bytes, lying: Lying) -> None:
    sentence = error_of(lying(reply), "any")
    assert sentence.startswith("order.txt can't be read: its parser returned something that is not a document")
    assert "\n" not in sentence
    assert len(sentence) < 400


def test_a_workers_error_message_is_cut_to_one_short_line(lying: Lying) -> None:
    sentence = error_of(lying(frame({"error": "a\nb\x1b[2J" + "c" * 5000})), "any")
    assert sentence == "a b\ufffd[2J" + "c" * 342 + "…" + "c" * 150


def test_a_worker_cannot_choose_a_documents_id_name_or_type(lying: Lying) -> None:
    reply = frame({"document": DOCUMENT | {"id": "../../x", "source": "/etc/passwd", "media_type": 5}}) + frame({"done": True})
    document = lying(reply).parse(b"Rivers are wide.", "r.txt")
    assert (document.id, document.source, document.media_type) == (DOCUMENT["id"], "r.txt", "text/plain")


def test_a_process_that_was_killed_between_two_files_is_replaced(order: Worker) -> None:
    pid = int(text_of(order, "pid").split()[1])
    waiting = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([waiting], [], [], 10)
    os.close(waiting)
    assert int(text_of(order, "pid").split()[1]) != pid


def test_an_idle_process_ends(order: Worker) -> None:
    pid = int(text_of(order, "be-idle").split()[1])
    waiting = os.pidfd_open(pid)
    assert select.select([waiting], [], [], 10)[0] == [waiting]
    os.close(waiting)
    assert text_of(order, "print") == "print: printed"


def test_the_limits_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().read_options() == ReadOptions(ocr=True, megabytes=500, seconds=120, memory=2048)
    values = {"OCR": "false", "READ_MEGABYTES": "5", "READ_SECONDS": "6", "READ_MEMORY": "700"}
    for name, value in values.items():
        monkeypatch.setenv(f"QUIPU_{name}", value)
    assert Settings.load().read_options() == ReadOptions(ocr=False, megabytes=5, seconds=6, memory=700)
    monkeypatch.setenv("QUIPU_READ_MEMORY", "100")
    with pytest.raises(SettingsError, match=r"^The setting 'read_memory' can't be used .* see QUIPU_READ_MEMORY"):
        Settings.load()


def test_a_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
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


def test_an_interrupt_stops_the_worker(order: Worker, tmp_path: Path) -> None:
    fifo = tmp_path / "pid"
    os.mkfifo(fifo)
    order.options = ReadOptions()
    descriptors: list[int] = []

    def interrupt() -> None:
        descriptors.append(os.pidfd_open(int(fifo.read_text())))
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        text_of(order, f"hang {fifo}")
    thread.join()
    assert select.select(descriptors, [], [], 10)[0] == descriptors
    os.close(descriptors[0])
    assert text_of(order, "print") == "print: printed"


def test_threads_share_a_worker(order: Worker) -> None:
    order.options = ReadOptions()
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda number: order.parse(b"pid", f"{number}.txt"), range(12)))
    assert [document.source for document in texts] == [f"{number}.txt" for number in range(12)]
    assert len({document.text for document in texts}) == 1


def test_a_process_that_cannot_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.isolation.process.sys.executable", "/nowhere/python")
    with Worker() as worker:
        assert error_of(worker, "any") == (
            "order.txt can't be read: no process can be started to read it (No such file or directory)."
        )


def test_a_zip_and_an_email_are_unpacked_in_the_worker() -> None:
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
