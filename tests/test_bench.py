"""The benchmarks: their arithmetic, their texts, and their words. No test here measures a time."""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count, pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from assistant import Assistant, QuestionError, SentenceRanker
from corpus import read, split
from index import Encoder, Home, LibraryError, default_folder
from tests.commands import Result
from tests.fakes import WordEncoder, open_index
from tests.made import write
from tools import cpu_flags as processor
from tools.bench import __main__ as command
from tools.bench import add, ask, encode, engines, machine, profile, sample_library, search, serve
from tools.bench.baseline import Baseline
from tools.bench.cache import cached_vectors
from tools.bench.docstrings import texts, units_in
from tools.bench.engines import KINDS, EngineProcess
from tools.bench.growth_chart import growth_chart
from tools.bench.processes import ShowStep, run
from tools.bench.results import BenchmarkResult, Measurement, in_turns, latency, recall
from tools.bench.sample_library import CachedEncoder, add_passages, passages, questions, sample_assistant
from tools.bench.stopwatch import ENCODE_QUESTION, steps_of, stopwatch

WORDS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi".split()
)


def sentence(number: int) -> str:
    return f"{WORDS[number % 23]} {WORDS[number % 7]} is what number {number} of the rows stands for."


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Four packages of six functions, with a docstring of one sentence each; and a file that is no Python."""
    for package in range(4):
        functions = [f'def f{n}():\n    """{sentence(6 * package + n)}"""\n' for n in range(6)]
        write(tmp_path / "packages" / f"p{package}" / "deep" / "m.py", "\n".join(functions))
    write(tmp_path / "packages" / "p0" / "broken.py", "def :")
    return tmp_path / "packages"


def test_a_ratio_is_quipu_by_baseline_where_there_is_one() -> None:
    assert Measurement("", "time", "s", 1.0, 4.0).ratio == 0.25
    assert Measurement("", "time", "s", 1.0).ratio is None
    assert Measurement("", "time", "s", 1.0, 0.0).ratio is None
    result = BenchmarkResult("ask", "A question", "Of one.", (Measurement("cold", "time", "s", 1.0, 4.0),))
    assert result.as_json() == {
        "command": "ask",
        "title": "A question",
        "note": "Of one.",
        "lines": [{"group": "cold", "what": "time", "unit": "s", "quipu": 1.0, "plain": 4.0, "ratio": 0.25}],
    }


def test_latencies_are_percentiles_in_milliseconds() -> None:
    found = list(latency("g", "answer", [0.001 * n for n in range(1, 102)], [0.002] * 3))
    assert [(each.what, round(each.quipu, 6), each.baseline) for each in found] == [("answer, p50", 51, 2), ("answer, p95", 96, 2)]
    assert [each.baseline for each in latency("g", "answer", [1.0], [])] == [None, None]


def test_the_two_take_turns_by_blocks() -> None:
    order: list[str] = []

    def one(name: str, thing: int) -> float:
        order.append(f"{name}{thing}")
        return float(thing)

    first, second = in_turns(lambda thing: one("a", thing), lambda thing: one("b", thing), [1, 2, 3], 2)
    assert (first, second) == ([1, 2, 3], [1, 2, 3])
    assert order == ["a1", "a2", "b1", "b2", "a3", "b3"]


def test_texts_are_the_same_each_time_and_each_once(packages: Path, tmp_path: Path) -> None:
    taken = list(texts(24, [packages], tmp_path / "cache"))
    assert sorted(text for unit in taken for text in unit) == sorted(sentence(number) for number in range(24))
    assert list(texts(24, [packages], tmp_path / "cache")) == taken == list(texts(24, [packages], tmp_path / "other"))
    assert [len(unit) for unit in texts(8, [packages], tmp_path / "cache")] == [6, 2]
    kept = next((tmp_path / "cache" / "texts").iterdir())
    kept.write_text("[")
    assert list(texts(24, [packages], tmp_path / "cache")) == taken


def test_neighbours_are_taken_together_where_single_sentences_do_not_suffice(packages: Path, tmp_path: Path) -> None:
    taken = list(texts(24 + 20 + 1, [packages], tmp_path))
    first = taken[0]
    assert taken[4] == [f"{one} {other}" for one, other in pairwise(first)]
    assert taken[-1] == [" ".join(first[:3])]
    with pytest.raises(QuestionError, match=r"61 texts were asked for, and the packages of this Python have 60: ask for fewer\."):
        list(texts(61, [packages], tmp_path))


def test_a_folder_of_packages_belongs_to_no_package(packages: Path) -> None:
    (packages / "p0").rename(packages / "site-packages")
    assert len(units_in([packages])) == 3


def test_vectors_are_kept_and_made_again_if_they_are_damaged(words: WordEncoder, tmp_path: Path) -> None:
    parts = [["one row", "two rows"], ["three rows"]]
    counted: list[int] = []
    made = cached_vectors(parts, words, tmp_path, counted.append)
    assert (made.shape, made.dtype.name, counted) == ((3, words.dimension), "float16", [2, 1])
    np.testing.assert_array_equal(cached_vectors(parts, words, tmp_path, counted.append), made)
    assert words.encoded_passages == ["one row", "two rows", "three rows"]
    for kept in tmp_path.rglob("*.npy"):
        kept.write_bytes(kept.read_bytes()[:200])
    np.testing.assert_array_equal(cached_vectors(parts, words, tmp_path, counted.append), made)
    assert len(words.encoded_passages) == 6


def test_a_library_has_the_passages_that_were_meant(tmp_path: Path) -> None:
    made = passages([sentence(number) for number in range(600)], 60)
    assert len(made) == 60
    encoder, home = CachedEncoder(WordEncoder(limit=400), tmp_path, lambda _: None), Home(tmp_path / "home")
    add_passages(home, encoder, made, tmp_path / "documents")  # all else is the other's
    index = open_index(home, encoder)  # type: ignore[arg-type]
    assert (index.passages, sum(map(len, encoder.rows)), len(index.within().entries())) == (60, 60, 2)
    assert made[59] in index.within().search(made[59], 1)[0].passage.text


def test_no_passage_is_encoded_for_a_question_and_none_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = WordEncoder(limit=400)
    monkeypatch.setattr(sample_library, "load_encoder", lambda: words)
    monkeypatch.setattr(sample_library, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(sample_library, "sentences", lambda most: [sentence(number) for number in range(most)])
    for cached in (False, True):
        words.encoded_passages.clear()
        with sample_assistant(20, 20, lambda _: None) as (assistant, encoder, asked):
            passages_, before = sum(map(len, encoder.rows)), len(words.encoded_passages)
            assert before == (0 if cached else passages_)
            assistant.ask(asked[0])
            assert len(words.encoded_passages) == before


def test_questions_are_of_both_kinds_and_the_same_each_time() -> None:
    made = ["Open the file of which the name is given.", "The file is open for everybody who wants to read it."] * 3
    asked = questions(made, 200)
    assert "How do I open the file of which the name is given?" in asked
    assert "Which guerrilla group holds the VRAEM?" in asked
    assert asked == questions(made, 200)
    assert len(questions(made, 5)) == 5


def test_the_stopwatch_sees_every_step_of_a_question(encoder: Encoder, begun: Home) -> None:
    assistant = Assistant(begun, encoder, SentenceRanker.load(encoder))
    with stopwatch(steps_of(assistant)) as seconds:
        assert assistant.ask("Which guerrilla group holds the VRAEM?").status == "answered"
    assert set(seconds) == set(steps_of(assistant))
    assert all(taken > 0 for taken in seconds.values())


class Steps:
    def outer(self, encoder: WordEncoder) -> None:
        encoder.questions(["a"])

    def other(self) -> None:
        raise QuestionError("no")


def test_a_step_is_counted_without_those_that_it_calls(monkeypatch: pytest.MonkeyPatch, words: WordEncoder) -> None:
    clock = count()
    monkeypatch.setattr("time.perf_counter", lambda: float(next(clock)))
    outer = Steps.outer
    steps = {"outer": (Steps, "outer"), "other": (Steps, "other"), ENCODE_QUESTION: (WordEncoder, "questions")}
    with stopwatch(steps) as seconds:
        Steps().outer(words)
        with pytest.raises(QuestionError):
            Steps().other()
    assert seconds == {"outer": 2.0, ENCODE_QUESTION: 1.0, "other": 1.0}
    assert Steps.outer is outer


def test_both_engines_find_the_same(tmp_path: Path) -> None:
    rows = [sentence(number) for number in range(120)]
    (tmp_path / "texts.json").write_text(json.dumps(rows))
    spread = np.random.default_rng(0).normal(size=(120, 24))
    spread /= np.linalg.norm(spread, axis=1, keepdims=True)
    np.save(tmp_path / "vectors.npy", spread.astype(np.float16))
    (tmp_path / "questions.json").write_text(json.dumps(rows[:4]))
    np.save(tmp_path / "questions.npy", spread[:4].astype(np.float32))
    found = {}
    for name in ("quipu", "baseline"):
        worker = EngineProcess(name, tmp_path, 120)
        assert worker.build()["megabytes"] > 0
        worker.load()
        found[name] = {kind: worker.ask(kind, 0, 4) for kind in KINDS}
        worker.resident()
    for kind, (by_vectors, _, within) in KINDS.items():
        mine, theirs = (found[name][kind] for name in found)
        assert len(mine["seconds"]) == len(theirs["seconds"]) == 4
        assert not by_vectors or recall(mine["found"], theirs["found"]) == 1
        if within == "one":
            assert [{row // 50 for row in some} for some in mine["found"]] == [{engines._chosen(n, 3)} for n in range(4)]
        if within == "half":
            assert all(row // 50 % 2 == 0 for some in mine["found"] for row in some)


def test_the_baseline_finds_by_the_same_model(tmp_path: Path) -> None:
    baseline = Baseline(str(default_folder()), ["Rivers are wide.", "Officers seized trucks."])
    baseline.index.add(baseline.encode(baseline.passages))
    baseline.save(tmp_path)
    assert Baseline.load(str(default_folder()), tmp_path).search("Who took lorries?", 2) == [1, 0]


def test_times_of_adding_count_only_for_the_same_passages(words: WordEncoder, home: Home, report: Path) -> None:
    add_passages(home, words, [report.read_text()], report.parent / "made")
    (path,) = (report.parent / "made").iterdir()
    document = read(path)
    expected = {document.id: [[p.start, p.end] for p in split(document, words.count_tokens, words.limit)]}
    assert add.check_passages(home, words, expected) == len(expected[document.id])
    expected[document.id][0][1] += 1
    with pytest.raises(LibraryError, match="the times can't be compared"):
        add.check_passages(home, words, expected)


class _Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["question"]
        self.send_response(500 if asked == "broken" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_clients_share_the_questions_and_say_what_was_not_answered(server: str) -> None:
    taken, whole = serve.load(server, [f"question {n}" for n in range(7)], 3)
    assert len(taken) == 7
    assert whole >= max(taken)
    with pytest.raises(LibraryError, match=r"answered 500: \{\}"):
        serve.load(server, ["broken"], 1)


def test_a_process_that_fails_is_one_sentence(tmp_path: Path) -> None:
    done = run([sys.executable, "-c", "print('fine')"], dict(os.environ), tmp_path)
    assert (done.output, done.until_output <= done.until_end) == ("fine\n", True)
    with pytest.raises(LibraryError, match=r"ended with 1: .*no such thing"):
        run([sys.executable, "-c", "raise SystemExit('no such thing')"], dict(os.environ), tmp_path)


def test_the_machine_is_told() -> None:
    known = machine.machine()
    assert set(known) >= {"processor", "cores", "flags", "memory", "Python", "torch", "faiss-cpu"}
    assert machine.memory(os.getpid())["rss"] >= machine.memory(os.getpid())["pss"] > 10


def _growth() -> BenchmarkResult:
    drawn = [Measurement(group, what, "ms", 1.5, 3.0) for group in ("1,000", "10,000") for what in ("by both, p95", "build")]
    return BenchmarkResult("search", "Search", "Of rows.", tuple(drawn))


def test_growth_is_drawn_as_svg_the_same_each_time() -> None:
    drawn = growth_chart(_growth())
    assert drawn.startswith(b"<?xml")
    assert b"<svg" in drawn
    assert b">by both, p95, ms<" in drawn
    assert drawn == growth_chart(_growth())


Bench = Callable[..., Result]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    """Runs `python -m tools.bench` in this process."""

    def run_command(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["bench", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            command.main()
        captured = capsys.readouterr()
        return Result(int(ended.value.code or 0), captured.out, captured.err)

    monkeypatch.setenv("COLUMNS", "200")
    return run_command


def test_bench_prints_and_keeps_results(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def measured(passages: int, rounds: int, show: ShowStep) -> BenchmarkResult:
        show("encoding")
        asked.append((passages, rounds))
        speed, loss = Measurement("speed", "passages", "1/s", 100.0, 25.0), Measurement("speed", "loss", "", 0.5)
        return BenchmarkResult("encode --rounds 2", "Encoding", "Of sixteen.", (speed, loss))

    monkeypatch.setattr(encode, "encode", measured)
    shown = bench("encode", "--passages", "16", "--rounds", "2", "--json", str(tmp_path / "run.json"))
    assert (shown.code, asked) == (0, [(16, 2)])
    rows = [line.split() for line in shown.out.splitlines()]
    assert ["speed", "passages", "100", "1/s", "25.0", "1/s", "4.00"] in rows
    assert ["loss", "0.500"] in rows
    kept = json.loads((tmp_path / "run.json").read_text())
    assert kept["tables"][0]["lines"][0]["ratio"] == 4
    assert kept["machine"] == machine.machine()
    text = bench("encode", "--markdown").out
    assert '## Encoding\n\n    make bench ARGS="encode --rounds 2"\n\nOf sixteen.\n' in text
    assert "| speed | passages | 100 1/s | 25.0 1/s | 4.00 |\n" in text


def test_bench_alone_runs_all_of_them(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    modules: list[tuple[ModuleType, str]] = [
        (ask, "cold"),
        (ask, "warm"),
        (profile, "profile"),
        (encode, "encode"),
        (add, "add"),
        (search, "search"),
        (serve, "serve"),
    ]
    for module, name in modules:

        def made(*_: object, name: str = name) -> BenchmarkResult:
            ran.append(name)
            return BenchmarkResult(name, name.upper(), "", ())

        monkeypatch.setattr(module, name, made)
    assert bench().code == bench("--markdown").code == 0
    assert ran == ["cold", "warm", "profile", "encode", "add", "serve", "search"] * 2


def test_bench_says_its_own_name_and_commands_in_its_help(bench: Bench) -> None:
    shown = bench("--help").out
    assert "Usage: python -m tools.bench [OPTIONS] COMMAND [ARGS]..." in shown
    listed = [words[0] for line in shown.partition("Commands:")[2].splitlines() if (words := line.split())]
    assert [name for name in listed if name in {"ask", "encode", "add", "search", "serve", "profile", "all"}] == [
        "ask",
        "encode",
        "add",
        "search",
        "serve",
        "profile",
        "all",
    ]


def test_search_draws_the_growth(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "search", lambda *_: _growth())
    assert bench("search", "--plot", str(tmp_path / "growth.svg")).code == 0
    assert b">build, ms<" in (tmp_path / "growth.svg").read_bytes()


@pytest.mark.parametrize(
    ("flags", "types"),
    [
        ({"avx2", "avx512_bf16"}, ("float32", "bfloat16")),
        ({"amx_bf16"}, ("float32", "bfloat16")),
        ({"avx2", "avx512f", "avx512_vnni"}, ("float32",)),
        (set(), ("float32",)),
    ],
)
def test_the_peak_of_bfloat16_is_measured_only_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, words: WordEncoder, flags: set[str], types: tuple[str, ...]
) -> None:
    measured: list[str] = []

    def peak(number_type: str) -> float:
        measured.append(number_type)
        return 2e11

    monkeypatch.setattr(processor, "processor_flags", lambda: frozenset(flags))
    monkeypatch.setattr(encode, "sentences", lambda most: [sentence(number) for number in range(most)])
    monkeypatch.setattr(encode, "load_encoder", lambda: words)
    monkeypatch.setattr(encode, "load_baseline", Same)
    monkeypatch.setattr(encode, "matrix_peak", peak)
    result = encode.encode(16, 1, lambda _: None)
    assert tuple(measured) == types
    assert [each.what for each in result.measurements if each.group == "share of the peak"] == [
        f"{number_type} matrix product, 200 GFLOP/s" for number_type in types
    ]


class Same:
    """A baseline that encodes as the encoder of the tests does."""

    encode = staticmethod(WordEncoder().passages)


@pytest.mark.parametrize(
    ("words_", "says"),
    [
        (["encode", "--json", "missing/run.json"], "The results can't be written to missing/run.json"),
        (["search", "--plot", "."], "The results can't be written to ."),
        (["add", "--documents", "empty"], "There are no documents in empty."),
        (
            ["search", "--plot", "growth.svg"],
            "Drawing needs matplotlib: run `make bench`, or `pip install -r tools/requirements.txt`.",
        ),
    ],
)
def test_what_bench_cannot_do_is_one_sentence(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words_: list[str], says: str
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = bench(*words_)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert says in result.err


def test_a_larger_library_is_filled_up_with_mixed_texts() -> None:
    """Each is of two of the texts, and its row of unit length lies between theirs, nearer to the first."""
    texts = [f"text {number}" for number in range(50)]
    rows = np.eye(50, 64, dtype=np.float16)
    found, mixed_rows = search.mixed(texts, rows, 80)
    assert found[:50] == texts
    assert len(found) == len(mixed_rows) == 80
    assert np.array_equal(mixed_rows[:50], rows)
    for text, row in zip(found[50:], mixed_rows[50:].astype(np.float32), strict=True):
        _, first, _, second = text.split()
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-3)
        if first != second:
            assert row[int(first)] == pytest.approx(1 / np.sqrt(1 + 0.7**2), abs=1e-3)
            assert row[int(second)] == pytest.approx(0.7 / np.sqrt(1 + 0.7**2), abs=1e-3)
