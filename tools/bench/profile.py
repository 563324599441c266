"""Where the time of one question goes."""

from tools.bench.processes import ShowStep
from tools.bench.results import BenchmarkResult, Measurement, timed
from tools.bench.sample_library import sample_assistant
from tools.bench.stopwatch import REST, steps_of, stopwatch

_WARM_UP = 20  # questions


def profile(size: int, count: int, show: ShowStep) -> BenchmarkResult:
    """Measure the mean time of each step of a question over about `size` passages, and its share of the whole."""
    with sample_assistant(size, count + _WARM_UP, show) as (assistant, _, asked):
        for question in asked[:_WARM_UP]:
            assistant.ask(question)
        show("questions under the stopwatch")
        with stopwatch(steps_of(assistant)) as seconds:
            whole = sum(timed(assistant.ask, question) for question in asked[_WARM_UP:])
        steps = {**seconds, REST: whole - sum(seconds.values())}
    number = len(asked) - _WARM_UP
    ordered = sorted(steps.items(), key=lambda step: -step[1])
    measurements = [Measurement("milliseconds", name, "ms", 1000 * taken / number) for name, taken in ordered]
    measurements += [Measurement("share", name, "%", 100 * taken / whole) for name, taken in ordered]
    note = f"Means of {number} questions over about {size:,} passages; each step without those that it calls."
    command = f"profile --passages {size} --questions {count}"
    return BenchmarkResult(command, "Where the time of a question goes", note, tuple(measurements))
