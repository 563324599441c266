"""How long a question takes: from a cold start, and warm on a library of some size; and where that time goes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np

from assistant import Assistant, SentenceRanker
from index import Encoder, Home, load_encoder
from tools.bench.processes import (
    Run,
    Tell,
    busy_neighbour,
    counting,
    own_environment,
    plain,
    plain_here,
    prepare_shipped,
    quipu,
    run,
)
from tools.bench.sample_library import PER_PASSAGE, KeepingEncoder, fill, passages, questions
from tools.bench.stopwatch import PARSERS_VERSION, SENTENCES, WHOLE, stopwatch
from tools.bench.tables import Line, Table, in_turns, latency, timed
from tools.bench.texts import bench_cache, sentences

_BLOCK = 20  # questions that one asks before the other does


def cold(rounds: int, tell: Tell) -> Table:
    """Fresh processes that answer one question about the report that ships, in turns."""
    tell("indexing the report that ships")
    asked = questions([], 66)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepare_shipped(folder, load_encoder())
        environment = own_environment(folder / "home")
        run(quipu("ask", asked[-1]), environment, folder)  # once, so that files are in memory for both
        run(plain("ask", folder / "plain", asked[-1]), environment, folder)
        ours: list[Run] = []
        theirs: list[Run] = []
        for number, question in enumerate(asked[:rounds], 1):
            tell(f"cold question {number} of {rounds}")
            ours.append(run(quipu("ask", question), environment, folder))
            theirs.append(run(plain("ask", folder / "plain", question), environment, folder))
    steps: dict[str, Callable[[Run], float]] = {
        "to the printed answer": lambda done: done.printed,
        "to the end of the process": lambda done: done.ended,
    }
    lines = [Line("cold", what, "s", median(map(of, ours)), median(map(of, theirs))) for what, of in steps.items()]
    note = (
        f"`quipu ask` and the baseline in fresh processes, on the report that ships; medians of {len(ours)} rounds in turns. "
        "Quipu's time includes its reader model."
    )
    return Table(f"ask --rounds {rounds}", "A cold question", note, tuple(lines))


@contextmanager
def _library(size: int, count: int, tell: Tell) -> Iterator[tuple[Assistant, KeepingEncoder, list[str]]]:
    """An assistant over about `size` passages, its encoder with their vectors, and `count` questions and some to warm up."""
    tell("taking sentences from the installed packages")
    found = sentences(size * PER_PASSAGE)
    encoder = KeepingEncoder(load_encoder(), bench_cache(), counting(tell, "encoding passages", size))
    with TemporaryDirectory() as temporary:
        home = Home(Path(temporary) / "home")
        fill(home, cast(Encoder, encoder), passages(found, size), Path(temporary) / "documents")
        # Asked with the encoder itself: sentences are encoded for each question, and must not come from the cache.
        yield Assistant(home, encoder.inner, SentenceRanker.load(encoder.inner)), encoder, questions(found, count)


def warm(size: int, count: int, tell: Tell) -> Table:
    """`count` questions to an assistant in this process, on a library of `size` passages, quietly and beside a busy process."""
    lines: list[Line] = []
    with _library(size, 2 * count + _BLOCK, tell) as (assistant, encoder, asked), stopwatch(encoder.inner) as seconds:
        number = min(count, (len(asked) - _BLOCK) // 2)  # fewer, if the texts give no more
        rows = np.concatenate(encoder.rows)
        searcher = plain_here((), rows)
        reading: list[float] = []
        both: list[float] = []  # the reader model and the sentences' vectors

        def ask(question: str) -> float:
            before = seconds[PARSERS_VERSION] + seconds[SENTENCES], seconds[PARSERS_VERSION]
            taken = timed(assistant.ask, question)
            reading.append(seconds[PARSERS_VERSION] - before[1])
            both.append(seconds[PARSERS_VERSION] + seconds[SENTENCES] - before[0])
            return taken

        def bare(question: str) -> float:
            return timed(searcher.search, question)

        in_turns(ask, bare, asked[:_BLOCK])
        for group, some, neighbour in (
            ("quiet", asked[_BLOCK : _BLOCK + number], nullcontext()),
            ("beside a busy process", asked[_BLOCK + number : _BLOCK + 2 * number], busy_neighbour()),
        ):
            tell(f"warm questions, {group}")
            reading.clear()
            both.clear()
            with neighbour:
                ours, theirs = in_turns(ask, bare, some, _BLOCK)
            for what, parts in (("reader model", reading), ("reader model and sentences' vectors", both)):
                lines += latency(group, f"{what} apart", [taken - part for taken, part in zip(ours, parts, strict=True)], theirs)
            lines += latency(group, "end to end", ours, theirs)
            lines += latency(group, "the reader model's part", reading, ())
    note = (
        f"{number} different questions for each line to `Assistant.ask`, on {len(rows):,} passages of about 150 tokens. The "
        "baseline encodes the question, takes the ten nearest passages, and reads none."
    )
    return Table(f"ask --passages {size} --questions {count}", "A warm question", note, tuple(lines))


def profile(size: int, count: int, tell: Tell) -> Table:
    """The mean time of each step of a question, and its share."""
    with _library(size, count + _BLOCK, tell) as (assistant, encoder, asked):
        for question in asked[:_BLOCK]:
            assistant.ask(question)
        tell("questions under the stopwatch")
        with stopwatch(encoder.inner) as seconds:
            whole = sum(timed(assistant.ask, question) for question in asked[_BLOCK:])
        steps = {**seconds, WHOLE: whole - sum(seconds.values())}
    number = len(asked) - _BLOCK
    ordered = sorted(steps.items(), key=lambda step: -step[1])
    lines = [Line("milliseconds", name, "ms", 1000 * taken / number) for name, taken in ordered]
    lines += [Line("share", name, "%", 100 * taken / whole) for name, taken in ordered]
    note = f"Means of {number} questions on about {size:,} passages; each step without those that it calls."
    return Table(f"profile --passages {size} --questions {count}", "Where the time of a question goes", note, tuple(lines))
