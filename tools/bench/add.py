"""How long adding documents takes."""

import json
import os
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from assistant import QuestionError
from corpus import FORMATS, split
from index import Encoder, Home, Index, LibraryError, load_encoder
from tools.bench.docstrings import sentences
from tools.bench.processes import ShowStep, baseline_command, clean_environment, load_baseline, quipu_command, run
from tools.bench.results import BenchmarkResult, Measurement, rounds_in_words
from tools.bench.sample_library import PER_PASSAGE, passages, write_documents

_PASSAGES = 500


def add(folder: Path | None, rounds: int, show: ShowStep) -> BenchmarkResult:
    """Time `quipu add` of the documents in a folder to a new home, and a process that parses, splits, encodes and indexes them in
    sequence. Without a folder, documents of real sentences are made.

    Raises QuestionError if the folder has no documents, LibraryError if the two sides' passages differ.
    """
    ours: list[float] = []
    theirs: list[float] = []
    number = 0
    with TemporaryDirectory() as made:
        if folder is None:
            files = list(write_documents(Path(made), passages(sentences(_PASSAGES * PER_PASSAGE), _PASSAGES)))
        else:
            files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in FORMATS)
        if not files:
            raise QuestionError(f"There are no documents in {folder}.")
        encoder, _ = load_encoder(), load_baseline()  # so that Quipu's is exported, and the files are in memory for both
        names = [str(path.absolute()) for path in files]
        for turn in range(1, rounds + 1):
            with TemporaryDirectory() as temporary:
                work = Path(temporary)
                (work / "plain").mkdir()
                show(f"adding by Quipu, round {turn} of {rounds}")
                ours.append(run(quipu_command("add", *names), clean_environment(work / "home"), work).until_end)
                show(f"adding by the baseline, round {turn} of {rounds}")
                baseline = run(baseline_command("add", work / "plain", *names), dict(os.environ), work)
                theirs.append(baseline.until_end)
                number = check_passages(Home(work / "home"), encoder, json.loads(baseline.output))
    measurements = (
        Measurement("whole process", "time", "s", median(ours), median(theirs)),
        Measurement("whole process", "passages", "1/s", number / median(ours), number / median(theirs)),
    )
    sort = "HTML documents of real sentences" if folder is None else "documents"
    note = (
        f"`quipu add` of {len(files)} {sort}, {number:,} passages in all, into an empty library; the baseline's passages are the "
        f"same; {rounds_in_words(rounds)}."
    )
    chosen = "" if folder is None else " --documents DIR"
    return BenchmarkResult(f"add{chosen} --rounds {rounds}", "Adding documents", note, measurements)


def check_passages(home: Home, encoder: Encoder, expected: dict[str, list[list[int]]]) -> int:
    """Return how many passages a home has. Raises LibraryError if they aren't the expected ranges by document id."""
    index = Index.open(home, encoder)
    ranges = {
        document.id: [[passage.start, passage.end] for passage in split(document, encoder.count_tokens, encoder.limit)]
        for _, document in (index.within().documents() if index else ())
    }
    number = sum(map(len, expected.values()))
    if index is None or ranges != expected or index.passages != number:
        raise LibraryError("Quipu's passages are not the baseline's: the times can't be compared.")
    return number
