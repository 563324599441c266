"""Reads files that were broken at random, to see that none of them costs more than a sentence.

    python -m tools.fuzz.__main__ --count 20000 --seed 1

The same seed breaks the same files in the same way. It prints a line per format and what is wrong, and exits with 1 if anything is.
`--save FOLDER` keeps the files that are worth a look.
"""

import argparse
import io
import logging
import random
import re
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from zlib import crc32

from lxml import etree

from corpus import Document, DocumentError, ReadOptions, Worker, sentences, split
from corpus.isolation.process import BrokenError
from corpus.isolation.validate import check
from tests.samples import samples

READING = ReadOptions(ocr=False, megabytes=50, seconds=10, memory=1024)
GRACE = 5.0
"""Seconds more than the limit that a busy machine may take to stop a reader."""

NUMBERS = ("0", "-1", "1", "99999999", "4294967295", "1e308", "NaN", "", "0.0000001", "9" * 400)
OUTCOMES = ("read", "refused", "stopped", "out of memory", "crashed")

Mutate = Callable[[bytes, random.Random], bytes]


@dataclass
class Seen:
    """What became of the files of one format."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    memory: int = 0
    wrong: list[str] = field(default_factory=list)
    unforeseen: Counter[str] = field(default_factory=Counter)
    notable: list[tuple[str, bytes]] = field(default_factory=list)

    def take_in(self, other: "Seen") -> None:
        self.outcomes += other.outcomes
        self.seconds, self.memory = max(self.seconds, other.seconds), max(self.memory, other.memory)
        self.wrong += other.wrong
        self.unforeseen += other.unforeseen
        self.notable += other.notable


def flip_bits(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def change_byte(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + bytes([rng.choice((0, 0x0A, 0x20, 0x3C, 0x7F, 0xED, 0xFF, rng.randrange(256)))]) + data[place + 1 :]


def cut_short(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(1, len(data) + 1)]


def delete(data: bytes, rng: random.Random) -> bytes:
    start, length = _range(data, rng)
    return data[:start] + data[start + length :]


def repeat(data: bytes, rng: random.Random) -> bytes:
    start, length = _range(data, rng)
    times = min(rng.choice((1, 1, 2, 20, 1000)), 200_000 // length)
    return data[: start + length] + data[start : start + length] * times + data[start + length :]


def splice(data: bytes, rng: random.Random) -> bytes:
    start, length = _range(data, rng)
    place = rng.randrange(len(data) + 1)
    return data[:place] + data[start : start + length] + data[place:]


def change_number(data: bytes, rng: random.Random) -> bytes:
    return _replace(rb"\d+(?:\.\d+)?", rng.choice(NUMBERS).encode(), data, rng)


def change_word(data: bytes, rng: random.Random) -> bytes:
    words = re.findall(rb"[A-Za-z]{2,}", data)
    return _replace(rb"[A-Za-z]{2,}", rng.choice(words), data, rng) if words else data


def drop_attribute(data: bytes, rng: random.Random) -> bytes:
    return _replace(rb'\s[\w:.-]+="[^"]*"', b"", data, rng)


def repeat_tag(data: bytes, rng: random.Random) -> bytes:
    tags = re.findall(rb"<[^>]{1,200}>", data)
    return _replace(rb"<[^>]{1,200}>", rng.choice(tags) * rng.choice((1, 2, 300)), data, rng) if tags else data


def restructure(data: bytes, rng: random.Random) -> bytes:
    """Well-formed XML as before, but with an element gone, twice, elsewhere, or with other attributes or another text."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, recover=True))
    except (etree.XMLSyntaxError, ValueError):
        return change_number(data, rng)
    elements = [element for element in root.iter() if isinstance(element.tag, str)] if root is not None else []
    for _ in range(rng.choice((1, 1, 2, 5))):
        if len(elements) > 1:
            with suppress(KeyError, ValueError):  # what it would be can't be written as XML
                _change_element(elements, rng)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True)) if elements else data


def _change_element(elements: Sequence[etree._Element], rng: random.Random) -> None:
    element, other = rng.choice(elements[1:]), rng.choice(elements)
    parent = element.getparent()
    way = rng.randrange(7)
    if way == 0 and parent is not None:
        parent.remove(element)
    elif way == 1 and parent is not None:
        for _ in range(rng.choice((1, 1, 3, 300))):
            parent.append(deepcopy(element))
    elif way == 2 and other not in element.iter():
        other.append(element)
    elif way == 3:
        element.tag = other.tag
    elif way == 4 and element.attrib:
        del element.attrib[rng.choice(list(element.attrib))]
    elif way == 5 and element.attrib:
        element.attrib[rng.choice(list(element.attrib))] = rng.choice((*NUMBERS, "x", "\u202e", *other.attrib.values()))
    else:
        element.text = rng.choice((None, "", " ", "7", "\u200b", "word " * 500, "a\nb\tc", other.text, *NUMBERS))


BYTES: Sequence[Mutate] = (flip_bits, change_byte, cut_short, delete, repeat, splice, change_number, change_word)
MARKUP: Sequence[Mutate] = (*BYTES[1:], drop_attribute, repeat_tag)
XML: Sequence[Mutate] = (restructure,)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The file, broken one to four times; a zip mostly within."""
    if data.startswith(b"PK") and rng.random() < 0.85:
        return _mutated_zip(data, rng)
    return _mutated(data, rng, MARKUP if b"<" in data[:100] else BYTES)


def _mutated(data: bytes, rng: random.Random, ways: Sequence[Mutate]) -> bytes:
    for _ in range(rng.randint(1, 4)):
        data = rng.choice(ways)(data, rng) or b"\0"
    return data


def _mutated_zip(data: bytes, rng: random.Random) -> bytes:
    """The zip with one to three of its members broken, one gone or one under the name of another, packed anew."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    telling = [place for place, (_, content) in enumerate(members) if content]
    for _ in range(rng.randint(1, 3)):
        place = rng.choice(telling)
        name, content = members[place]
        ways = BYTES if b"<" not in content[:100] else XML if rng.random() < 0.75 else MARKUP
        members[place] = (name, _mutated(content, rng, ways))
    if rng.random() < 0.05:
        members.pop(rng.randrange(len(members)))
    if rng.random() < 0.05:
        one, other = rng.randrange(len(members)), rng.randrange(len(members))
        members[one] = (members[one][0], members[other][1])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _range(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, rng.randint(1, max(1, min(len(data) - start, rng.choice((4, 100, 5000)))))


def _replace(pattern: bytes, new: bytes, data: bytes, rng: random.Random) -> bytes:
    found = list(re.finditer(pattern, data))
    if not found:
        return data
    chosen = rng.choice(found)
    return data[: chosen.start()] + new + data[chosen.end() :]


def faults(document: Document) -> Iterator[str]:
    """What a document doesn't keep of what it promises."""
    check(document)
    if not document.text.strip():
        yield "no text"
    if any(block.start >= block.end for block in document.blocks):
        yield "an empty block"
    yield from _faults_of_rows(document)
    for start, end in document.blocks:
        shown = document.shown(start, end)
        if "\n" in shown or "\n" in document.plain(start, end):
            yield f"a line break in what is shown of {start} to {end}"
        document.heading_path(start)
        document.names_columns(start)
    if any(first >= last for first, last in sentences(document)):
        yield "an empty sentence"
    if document.blocks and not split(document, lambda text: len(text.split()) + 2, 100):
        yield "no passage"


def _faults_of_rows(document: Document) -> Iterator[str]:
    blocks = set(document.blocks)
    for row in (row for table in document.tables for row in table.rows):
        if (row.start, row.end) not in blocks:
            yield f"a row that is no block: {row}"
        if not row.cells or any(cell.end > following.start for cell, following in pairwise(row.cells)):
            yield f"cells that lie over each other: {row}"


def look_at(worker: Worker, name: str, data: bytes) -> Seen:
    """Have a file read, and see what comes of it."""
    seen = Seen()
    started = time.monotonic()
    try:
        outcome, wrong = "read", list(faults(worker.read(data, name)))[:3]
    except DocumentError as error:
        outcome, wrong = _outcome(error), _faults_of_sentence(str(error))
        seen.unforeseen.update(re.findall(r" can't be read as [\w.+-]+/[\w.+-]+; (\w+)", str(error)))
    except Exception as error:  # what no reader foresaw is a finding
        outcome, wrong = "read", [f"{type(error).__name__}: {error}"]
    seen.seconds = time.monotonic() - started
    if seen.seconds > READING.seconds + GRACE:
        wrong.append(f"it took {seen.seconds:.1f} seconds")
    seen.outcomes[outcome] += 1
    seen.memory = _memory(worker)
    seen.wrong = [f"{name}: {fault}" for fault in wrong]
    if wrong or seen.unforeseen or outcome not in ("read", "refused"):
        seen.notable.append((name, data))
    return seen


def _memory(worker: Worker) -> int:
    """The most memory, in megabytes, that the worker's process had so far."""
    process = worker._process
    if process is None:
        return 0
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process._process.pid}/status").read_text())
    return int(found[1]) // 1000 if found else 0


def _outcome(error: DocumentError) -> str:
    if not isinstance(error, BrokenError):
        return "refused"
    return "stopped" if error.hung else "out of memory" if "MB of memory" in str(error) else "crashed"


def _faults_of_sentence(sentence: str) -> list[str]:
    found = []
    if not sentence.isprintable():
        found.append(f"a sentence that can't be printed: {sentence!r}")
    if "Traceback" in sentence or len(sentence) > 600 or " is no document (" in sentence or not sentence.strip():
        found.append(f"no sentence: {sentence[:700]}")
    return found


def fuzz(numbers: Sequence[int], seed: int) -> dict[str, Seen]:
    """What becomes of these files of a seed, by format."""
    whole = samples()
    found = {name.rpartition(".")[2]: Seen() for name in whole}
    with Worker(READING) as worker:
        for number in numbers:
            name = list(whole)[number % len(whole)]
            data = mutated(whole[name], random.Random(f"{seed} {number}"))
            found[name.rpartition(".")[2]].take_in(look_at(worker, f"{seed}-{number}-{name}", data))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    numbers = range(given.first, given.first + given.count)
    parts = [numbers[start : start + 500] for start in range(0, len(numbers), 500)]
    total: dict[str, Seen] = {}
    with ProcessPoolExecutor(given.processes, initializer=logging.disable, initargs=(logging.WARNING,)) as pool:
        for found in pool.map(fuzz, parts, [given.seed] * len(parts)):
            for form, seen in found.items():
                total.setdefault(form, Seen()).take_in(seen)
    for form, seen in total.items():
        counts = ", ".join(f"{seen.outcomes[outcome]} {outcome}" for outcome in OUTCOMES)
        print(f"{form}: {counts}; at most {seen.seconds:.1f} s and {seen.memory} MB")  # noqa: T201 - what the command says
        for kind, times in seen.unforeseen.most_common():
            print(f"  {kind} in {times} sentences")  # noqa: T201 - what the command says
        for fault in seen.wrong[:10]:
            print(f"  WRONG {fault}")  # noqa: T201 - what the command says
        if given.save:
            given.save.mkdir(parents=True, exist_ok=True)
            for name, data in seen.notable:
                (given.save / f"{crc32(data):08x}-{name}").write_bytes(data)
    return int(any(seen.wrong for seen in total.values()))


if __name__ == "__main__":
    sys.exit(main())
