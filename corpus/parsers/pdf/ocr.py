"""Optical character recognition, by the program `tesseract` where it is installed. A picture enters, the lines on it leave."""

import io
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from lxml import etree
from PIL import Image

_LANGUAGES = ("eng", "spa")
_ORIENTATION = "osd"  # the data by which tesseract tells which way a page is up
_SECONDS = 90.0  # for a picture: a page of text takes 3, and a reader is taken to hang after 120 without a sign of life
_SECONDS_TO_LIST = 20.0  # for its languages
_SURE = 60.0  # of 100: a paragraph of which tesseract is less sure is rather a pattern, or too blurred to be quoted
_PASSED_ON = ("PATH", "HOME", "SYSTEMROOT", "TESSDATA_PREFIX")
_TURNED = (None, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90)  # Pillow turns anticlockwise
_ROTATE = re.compile(rb"^Rotate: (\d+)$", re.MULTILINE)
_PROPERTY = re.compile(r"(\w+)((?: -?\d+(?:\.\d+)?)+)")


class OcrError(Exception):
    """Tesseract failed; the message is its reason."""


class SeenWord(NamedTuple):
    """A word, its sides in pixels from the picture's upper left corner, and how sure tesseract is of it, from 0 to 100."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float


class SeenLine(NamedTuple):
    """A line: its words in order; in pixels, how far its baseline begins below the picture's top, and its height from descenders to
    ascenders; and whether something that couldn't be read stands before it.
    """

    words: tuple[SeenWord, ...]
    baseline: float
    height: float
    apart: bool = False

    @property
    def length(self) -> int:
        """How many characters its words have."""
        return sum(len(word.text) for word in self.words)


class Seen(NamedTuple):
    """The lines that were read on a picture, which was turned clockwise by so many right angles first, and its size then."""

    lines: tuple[SeenLine, ...]
    turns: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Tesseract:
    """The program, those of English and Spanish that it has, and whether it can tell which way a page is up."""

    program: str
    languages: tuple[str, ...]
    tells_orientation: bool

    @classmethod
    def installed(cls) -> Self | None:
        """What is installed on this machine; None if that can read neither English nor Spanish. Raises OcrError if it fails."""
        program = shutil.which("tesseract")
        if program is None:
            return None
        known = _run([program, "--list-langs"], b"", _SECONDS_TO_LIST).decode("utf-8", "replace").split()
        languages = tuple(language for language in _LANGUAGES if language in known)
        return cls(program, languages, _ORIENTATION in known) if languages else None

    def read(self, picture: Image.Image, resolution: int) -> Seen:
        """The lines on a grey picture of so many pixels an inch. If most of what is there isn't text as it stands, it is read as
        tesseract thinks it is to be turned, and the better is taken. Raises OcrError if tesseract fails or takes too long.
        """
        end = time.monotonic() + _SECONDS
        upright, junk = self._seen(picture, resolution, 0, end)
        if junk <= _length(upright.lines) or not self.tells_orientation:
            return upright
        turns = self._turns(picture, resolution, end)
        if turns == 0:
            return upright
        return max(upright, self._seen(picture, resolution, turns, end)[0], key=lambda seen: _length(seen.lines))

    def _seen(self, picture: Image.Image, resolution: int, turns: int, end: float) -> tuple[Seen, int]:
        """The lines on the turned picture, and how many characters were left out since they aren't text."""
        way = _TURNED[turns]
        turned = picture if way is None else picture.transpose(way)
        sure: list[SeenLine] = []
        junk = 0
        apart = False
        options = ["-l", "+".join(self.languages), "-c", "tessedit_create_hocr=1"]
        for lines in _paragraphs(self._told(turned, resolution, options, end)):
            if _is_sure(lines):
                sure.extend([lines[0]._replace(apart=apart), *lines[1:]])
            else:
                junk += _length(lines)
            apart = not _is_sure(lines)
        return Seen(tuple(sure), turns, turned.width, turned.height), junk

    def _turns(self, picture: Image.Image, resolution: int, end: float) -> int:
        """By how many right angles the picture is to be turned clockwise; 0 if that can't be told."""
        try:
            found = _ROTATE.search(self._told(picture, resolution, ["--psm", "0", "-l", _ORIENTATION], end))
        except OcrError:  # there is too little on it to tell
            return 0
        return int(found[1]) // 90 % 4 if found else 0

    def _told(self, picture: Image.Image, resolution: int, options: Sequence[str], end: float) -> bytes:
        """What tesseract says of a picture. Raises OcrError if it fails, or isn't done by the time `end`."""
        data = io.BytesIO()
        picture.save(data, "PPM")
        return _run([self.program, "stdin", "stdout", "--dpi", str(resolution), *options], data.getvalue(), end - time.monotonic())


def _run(command: Sequence[str], data: bytes, seconds: float) -> bytes:
    """What the program writes. It gets one thread and only what it needs of the environment. Raises OcrError as `_told` does."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - a list of arguments, of which none comes from a document
            command, input=data, capture_output=True, timeout=seconds, check=True, env={**environment, "OMP_THREAD_LIMIT": "1"}
        )
    except subprocess.TimeoutExpired:
        raise OcrError(f"it took longer than {round(seconds, 1):g} seconds") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").split("\n")
        raise OcrError(next((line.strip() for line in reversed(said) if line.strip()), f"status {error.returncode}")) from None
    except OSError as error:
        raise OcrError(str(error.strerror)) from None
    return done.stdout


def _length(lines: Sequence[SeenLine]) -> int:
    return sum(line.length for line in lines)


def _is_sure(paragraph: Sequence[SeenLine]) -> bool:
    """Whether tesseract takes it for text. It is quoted with each of its words or not at all: to leave out one that is unsure could
    turn what is said into its contrary.
    """
    sure = sum(word.confidence * len(word.text) for line in paragraph for word in line.words)
    return sure >= _SURE * _length(paragraph)


def _paragraphs(hocr: bytes) -> Iterator[list[SeenLine]]:
    """The paragraphs in tesseract's hOCR, in its order, which is that of the page's columns. Raises OcrError for what is none."""
    try:
        root = etree.fromstring(hocr, etree.HTMLParser(encoding="utf-8"))
        for element in root.iter("p") if root is not None else ():
            if lines := list(_lines(element)):
                yield lines
    except (etree.XMLSyntaxError, LookupError, ValueError):
        raise OcrError("what it says can't be read") from None


def _lines(paragraph: etree._Element) -> Iterator[SeenLine]:
    """The lines that hold a letter or a digit."""
    for element in paragraph:
        words = tuple(word for child in element if child.get("class") == "ocrx_word" and _is_word(word := _word(child)))
        if any(character.isalnum() for word in words for character in word.text):
            seen = _properties(element)
            baseline = seen["bbox"][3] + seen.get("baseline", [0.0])[-1]
            yield SeenLine(words, baseline, seen.get("x_size", [seen["bbox"][3] - seen["bbox"][1]])[0])


def _word(element: etree._Element) -> SeenWord:
    seen = _properties(element)
    left, top, right, bottom = seen["bbox"]
    return SeenWord("".join("".join(element.itertext()).split()), left, top, right, bottom, seen["x_wconf"][0])


def _is_word(word: SeenWord) -> bool:
    """Whether it is one: a sign that isn't surely read is rather a speck, or a piece of a table's rule."""
    return any(map(str.isalnum, word.text)) or (word.text != "" and word.confidence >= _SURE)


def _properties(element: etree._Element) -> dict[str, list[float]]:
    """The numbers that hOCR gives in an element's title, by their names."""
    return {name: [float(number) for number in numbers.split()] for name, numbers in _PROPERTY.findall(element.get("title", ""))}
