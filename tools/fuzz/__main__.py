"""Parses files that were broken at random, to see that none of them costs more than a sentence.

    python -m tools.fuzz --count 20000 --seed 1

The same seed breaks the same files in the same way. It prints a line per format and what is wrong, and exits with 1 if anything is.
`--save FOLDER` keeps the files that are worth a look.
"""

import argparse
import logging
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from corpus import DocumentError, ReadOptions, Worker
from corpus.isolation.process import BrokenError
from tests.samples import samples
from tools.fuzz.checks import faults, refusal_faults
from tools.fuzz.mutations import mutated

OPTIONS = ReadOptions(ocr=False, megabytes=50, seconds=10, memory=1024)
GRACE = 5.0
"""Seconds beyond the limit that a busy machine may take to stop a parser."""

OUTCOMES = ("read", "refused", "stopped", "out of memory", "crashed")

_PART = 500  # files that a process is given at a time


@dataclass
class Tally:
    """The outcomes of the files of one format: how many of each, the longest time and most memory that one took, what is wrong, the
    exceptions that no parser expected, and the files worth a look.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    megabytes: int = 0
    wrong: list[str] = field(default_factory=list)
    unexpected: Counter[str] = field(default_factory=Counter)
    notable: list[tuple[str, bytes]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Add the outcomes of other files."""
        self.outcomes += other.outcomes
        self.seconds, self.megabytes = max(self.seconds, other.seconds), max(self.megabytes, other.megabytes)
        self.wrong += other.wrong
        self.unexpected += other.unexpected
        self.notable += other.notable


def try_file(worker: Worker, name: str, data: bytes) -> Tally:
    """Have one file parsed, and return its outcome."""
    tally = Tally()
    started = time.monotonic()
    try:
        outcome, wrong = "read", list(faults(worker.parse(data, name)))[:3]
    except DocumentError as error:
        outcome, wrong = _outcome(error), list(refusal_faults(str(error)))
        tally.unexpected.update(re.findall(r" can't be read as [\w.+-]+/[\w.+-]+; (\w+)", str(error)))
    except Exception as error:  # anything else that reaches a caller is wrong
        outcome, wrong = "read", [f"{type(error).__name__}: {error}"]
    tally.seconds = time.monotonic() - started
    if tally.seconds > OPTIONS.seconds + GRACE:
        wrong.append(f"it took {tally.seconds:.1f} seconds")
    tally.outcomes[outcome] += 1
    tally.megabytes = _peak_megabytes(worker)
    tally.wrong = [f"{name}: {fault}" for fault in wrong]
    if wrong or tally.unexpected or outcome not in ("read", "refused"):
        tally.notable.append((name, data))
    return tally


def _peak_megabytes(worker: Worker) -> int:
    """Return the most memory that the worker's process has used so far; 0 if it has none."""
    process = worker._process
    if process is None:
        return 0
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process._process.pid}/status").read_text())
    return int(peak[1]) // 1000 if peak else 0


def _outcome(error: DocumentError) -> str:
    if not isinstance(error, BrokenError):
        return "refused"
    return "stopped" if error.hung else "out of memory" if "MB of memory" in str(error) else "crashed"


def fuzz(numbers: Sequence[int], seed: int) -> dict[str, Tally]:
    """Break and parse the files of these numbers, and return their outcomes by format."""
    whole = samples()
    tallies = {name.rpartition(".")[2]: Tally() for name in whole}
    with Worker(OPTIONS) as worker:
        for number in numbers:
            name = list(whole)[number % len(whole)]
            data = mutated(whole[name], random.Random(f"{seed} {number}"))
            tallies[name.rpartition(".")[2]].add(try_file(worker, f"{seed}-{number}-{name}", data))
    return tallies


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20_000, help="how many files to break (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another seed breaks them in other ways (%(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="how many work at once (%(default)s)")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="keep the files that are worth a look")
    arguments = parser.parse_args(words)
    numbers = range(arguments.first, arguments.first + arguments.count)
    parts = [numbers[start : start + _PART] for start in range(0, len(numbers), _PART)]
    total: dict[str, Tally] = {}
    with ProcessPoolExecutor(arguments.processes, initializer=logging.disable, initargs=(logging.WARNING,)) as pool:
        for tallies in pool.map(fuzz, parts, [arguments.seed] * len(parts)):
            for suffix, tally in tallies.items():
                total.setdefault(suffix, Tally()).add(tally)
    for suffix, tally in total.items():
        counts = ", ".join(f"{tally.outcomes[outcome]} {outcome}" for outcome in OUTCOMES)
        print(f"{suffix}: {counts}; at most {tally.seconds:.1f} s and {tally.megabytes} MB")  # noqa: T201 - a command
        for kind, times in tally.unexpected.most_common():
            print(f"  {kind} in {times} sentences")  # noqa: T201 - a command
        for fault in tally.wrong[:10]:
            print(f"  WRONG {fault}")  # noqa: T201 - a command
        if arguments.save:
            arguments.save.mkdir(parents=True, exist_ok=True)
            for name, data in tally.notable:
                (arguments.save / f"{crc32(data):08x}-{name}").write_bytes(data)
    return int(any(tally.wrong for tally in total.values()))


if __name__ == "__main__":
    sys.exit(main())
