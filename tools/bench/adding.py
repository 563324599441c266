"""How long it takes to add documents."""

import json
import os
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from assistant import QuestionError
from corpus import FORMATS, split
from index import Encoder, Home, Index, LibraryError, load_encoder
from tools.bench.processes import Tell, own_environment, plain, plain_here, quipu, run
from tools.bench.sample_library import PER_PASSAGE, passages, write_documents
from tools.bench.tables import Line, Table
from tools.bench.texts import sentences

_PASSAGES = 500


def add(folder: Path | None, rounds: int, tell: Tell) -> Table:
    """The documents in a folder by `quipu add` into a new home, and by a process that reads, cuts, encodes and indexes one after
    the other. Without a folder: documents of real sentences, which are made for it.

    Raises QuestionError for a folder without documents, LibraryError if the passages differ.
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
        encoder, _ = load_encoder(), plain_here()  # so that it is exported, and files are in memory for both
        names = [str(path.absolute()) for path in files]
        for turn in range(1, rounds + 1):
            with TemporaryDirectory() as temporary:
                place = Path(temporary)
                (place / "plain").mkdir()
                tell(f"adding by Quipu, round {turn} of {rounds}")
                ours.append(run(quipu("add", *names), own_environment(place / "home"), place).ended)
                tell(f"adding by the baseline, round {turn} of {rounds}")
                plainly = run(plain("add", place / "plain", *names), dict(os.environ), place)
                theirs.append(plainly.ended)
                number = _same(Home(place / "home"), encoder, json.loads(plainly.said))
    lines = [
        Line("whole process", "time", "s", median(ours), median(theirs)),
        Line("whole process", "passages", "1/s", number / median(ours), number / median(theirs)),
    ]
    sort = "HTML documents of real sentences" if folder is None else "documents"
    note = (
        f"`quipu add` of {len(files)} {sort}, {number:,} passages in all, into an empty library; the baseline's passages are the "
        f"same. Medians of {rounds} rounds in turns."
    )
    chosen = "" if folder is None else " --documents DIR"
    return Table(f"add{chosen} --rounds {rounds}", "Adding documents", note, tuple(lines))


def _same(home: Home, encoder: Encoder, expected: dict[str, list[list[int]]]) -> int:
    """How many passages a home has. Raises LibraryError if they aren't the expected ranges by document id."""
    index = Index.open(home, encoder)
    found = {
        document.id: [[passage.start, passage.end] for passage in split(document, encoder.count_tokens, encoder.limit)]
        for _, document in (index.documents(index.entries()) if index else ())
    }
    number = sum(map(len, expected.values()))
    if index is None or found != expected or index.passages != number:
        raise LibraryError("Quipu's passages are not the baseline's: the times can't be compared.")
    return number
