"""How long one question takes: in a fresh process, and in a running one on a library of some size."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from index import load_encoder
from tools.bench.processes import (
    FinishedProcess,
    ShowStep,
    baseline_command,
    busy_process,
    clean_environment,
    index_shipped_report,
    load_baseline,
    quipu_command,
    run,
)
from tools.bench.results import BenchmarkResult, Measurement, in_turns, latency, rounds_in_words, timed
from tools.bench.sample_library import questions, sample_assistant
from tools.bench.stopwatch import CROSS_ENCODER, steps_of, stopwatch

_BLOCK = 20  # questions that one side answers before the other does


def cold(rounds: int, show: ShowStep) -> BenchmarkResult:
    """Time fresh processes that each answer one question about the report that ships, in turns with the baseline's."""
    show("indexing the report that ships")
    asked = questions([], 66)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        index_shipped_report(folder, load_encoder())
        environment = clean_environment(folder / "home")
        run(quipu_command("ask", asked[-1]), environment, folder)  # once, so that all files are in memory for both
        run(baseline_command("ask", folder / "plain", asked[-1]), environment, folder)
        ours: list[FinishedProcess] = []
        theirs: list[FinishedProcess] = []
        for number, question in enumerate(asked[:rounds], 1):
            show(f"cold question {number} of {rounds}")
            ours.append(run(quipu_command("ask", question), environment, folder))
            theirs.append(run(baseline_command("ask", folder / "plain", question), environment, folder))
    times: dict[str, Callable[[FinishedProcess], float]] = {
        "to the printed answer": lambda process: process.until_output,
        "to the end of the process": lambda process: process.until_end,
    }
    measurements = [
        Measurement("cold", what, "s", median(map(time, ours)), median(map(time, theirs))) for what, time in times.items()
    ]
    note = (
        f"`quipu ask` and the baseline in fresh processes, on the report that ships; {rounds_in_words(len(ours))}. "
        "Quipu's time includes its cross-encoder."
    )
    return BenchmarkResult(f"ask --rounds {rounds}", "A cold question", note, tuple(measurements))


def warm(size: int, count: int, show: ShowStep) -> BenchmarkResult:
    """Time `count` questions to an assistant in this process over about `size` passages, undisturbed and beside a busy process."""
    measurements: list[Measurement] = []
    with (
        sample_assistant(size, 2 * count + _BLOCK, show) as (assistant, encoder, asked),
        stopwatch(steps_of(assistant)) as seconds,
    ):
        number = min(count, (len(asked) - _BLOCK) // 2)  # fewer, if the texts yield no more
        rows = np.concatenate(encoder.rows)
        baseline = load_baseline((), rows)
        cross_encoder: list[float] = []

        def ask(question: str) -> float:
            before = seconds[CROSS_ENCODER]
            taken = timed(assistant.ask, question)
            cross_encoder.append(seconds[CROSS_ENCODER] - before)
            return taken

        def search(question: str) -> float:
            return timed(baseline.search, question)

        in_turns(ask, search, asked[:_BLOCK])
        for group, some, neighbour in (
            ("quiet", asked[_BLOCK : _BLOCK + number], nullcontext()),
            ("beside a busy process", asked[_BLOCK + number : _BLOCK + 2 * number], busy_process()),
        ):
            show(f"warm questions, {group}")
            cross_encoder.clear()
            with neighbour:
                ours, theirs = in_turns(ask, search, some, _BLOCK)
            rest = [taken - part for taken, part in zip(ours, cross_encoder, strict=True)]
            measurements += latency(group, "without cross-encoder", rest, theirs)
            measurements += latency(group, "end to end", ours, theirs)
            measurements += latency(group, "the cross-encoder alone", cross_encoder, ())
    note = (
        f"{number} different questions for each line, put to `Assistant.ask` over {len(rows):,} passages of about 150 tokens. The "
        "baseline encodes the question, finds the ten nearest passages, and reads none."
    )
    return BenchmarkResult(f"ask --passages {size} --questions {count}", "A warm question", note, tuple(measurements))
