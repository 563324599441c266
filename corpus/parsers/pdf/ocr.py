"""Optical character recognition by the program `tesseract`, if it is installed. A picture enters, the lines of text on it leave."""

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
_ORIENTATION = "osd"  # tesseract's data for detecting which way up a page is
_SECONDS = 90.0  # per picture: a page of text takes 3, and a worker is presumed hung after 120 without a sign of life
_SECONDS_TO_LIST = 20.0  # to list the languages
_SURE = 60.0  # of 100: a paragraph with a lower confidence is probably a pattern, or too blurred to quote
_PASSED_ON = ("PATH", "HOME", "SYSTEMROOT", "TESSDATA_PREFIX")  # environment variables that tesseract gets
_ROTATIONS = (None, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90)  # Pillow's are anticlockwise
_ROTATE = re.compile(rb"^Rotate: (\d+)$", re.MULTILINE)
_PROPERTY = re.compile(r"(\w+)((?: -?\d+(?:\.\d+)?)+)")


class OcrError(Exception):
    """A failure of tesseract, or of drawing a page for it. The message is the reason, as a clause."""


class SeenWord(NamedTuple):
    """A word on a picture: its text, its box in pixels from the upper left corner, and tesseract's confidence, from 0 to 100."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float


class SeenLine(NamedTuple):
    """A line on a picture: its words, in order; the distance from the picture's top to the start of its baseline, and its height
    from descenders to ascenders, both in pixels; and whether something illegible stands before it.
    """

    words: tuple[SeenWord, ...]
    baseline: float
    height: float
    apart: bool = False

    @property
    def length(self) -> int:
        """The number of characters in its words."""
        return sum(len(word.text) for word in self.words)


class Seen(NamedTuple):
    """The lines read on a picture after it was rotated clockwise by `turns` right angles, and its size then, in pixels."""

    lines: tuple[SeenLine, ...]
    turns: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Tesseract:
    """An installed tesseract: its path, which of English and Spanish it has, and whether it can detect which way up a page is."""

    program: str
    languages: tuple[str, ...]
    detects_orientation: bool

    @classmethod
    def installed(cls) -> Self | None:
        """Return this machine's tesseract; None if there is none or it has neither English nor Spanish. Raises OcrError if it can't
        list its languages.
        """
        program = shutil.which("tesseract")
        if program is None:
            return None
        known = _run([program, "--list-langs"], b"", _SECONDS_TO_LIST).decode("utf-8", "replace").split()
        languages = tuple(language for language in _LANGUAGES if language in known)
        return cls(program, languages, _ORIENTATION in known) if languages else None

    def read(self, picture: Image.Image, resolution: int) -> Seen:
        """Return the lines on a grey picture of `resolution` pixels an inch.

        If most of its characters are unsure, the picture is read again, rotated as tesseract suggests, and the result with more
        text is returned. Raises OcrError if tesseract fails or takes more than 90 seconds in all.
        """
        end = time.monotonic() + _SECONDS
        upright, unsure = self._seen(picture, resolution, 0, end)
        if unsure <= _length(upright.lines) or not self.detects_orientation:
            return upright
        turns = self._turns(picture, resolution, end)
        if turns == 0:
            return upright
        return max(upright, self._seen(picture, resolution, turns, end)[0], key=lambda seen: _length(seen.lines))

    def _seen(self, picture: Image.Image, resolution: int, turns: int, end: float) -> tuple[Seen, int]:
        """Return the lines on the picture, rotated clockwise by `turns` right angles, and how many characters are unsure."""
        rotation = _ROTATIONS[turns]
        turned = picture if rotation is None else picture.transpose(rotation)
        sure: list[SeenLine] = []
        unsure = 0
        apart = False
        options = ["-l", "+".join(self.languages), "-c", "tessedit_create_hocr=1"]
        for lines in _paragraphs(self._output(turned, resolution, options, end)):
            if _is_sure(lines):
                sure.extend([lines[0]._replace(apart=apart), *lines[1:]])
            else:
                unsure += _length(lines)
            apart = not _is_sure(lines)
        return Seen(tuple(sure), turns, turned.width, turned.height), unsure

    def _turns(self, picture: Image.Image, resolution: int, end: float) -> int:
        """Return by how many right angles clockwise the picture should be rotated; 0 if tesseract can't tell."""
        try:
            degrees = _ROTATE.search(self._output(picture, resolution, ["--psm", "0", "-l", _ORIENTATION], end))
        except OcrError:  # it fails on a picture with too little text
            return 0
        return int(degrees[1]) // 90 % 4 if degrees else 0

    def _output(self, picture: Image.Image, resolution: int, options: Sequence[str], end: float) -> bytes:
        """Return tesseract's output for a picture. Raises OcrError if it fails or isn't done by `end`, in monotonic seconds."""
        data = io.BytesIO()
        picture.save(data, "PPM")
        return _run([self.program, "stdin", "stdout", "--dpi", str(resolution), *options], data.getvalue(), end - time.monotonic())


def _run(command: Sequence[str], data: bytes, seconds: float) -> bytes:
    """Run a program on `data`, with one thread and a minimal environment, and return its standard output. Raises OcrError if it
    can't be started, fails, or takes longer than `seconds`.
    """
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        completed = subprocess.run(  # noqa: S603 - a list of arguments, none of which comes from a document
            command, input=data, capture_output=True, timeout=seconds, check=True, env={**environment, "OMP_THREAD_LIMIT": "1"}
        )
    except subprocess.TimeoutExpired:
        raise OcrError(f"it took longer than {round(seconds, 1):g} seconds") from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "replace").split("\n")
        raise OcrError(next((line.strip() for line in reversed(lines) if line.strip()), f"status {error.returncode}")) from None
    except OSError as error:
        raise OcrError(str(error.strerror)) from None
    return completed.stdout


def _length(lines: Sequence[SeenLine]) -> int:
    return sum(line.length for line in lines)


def _is_sure(paragraph: Sequence[SeenLine]) -> bool:
    """Return whether tesseract's mean confidence per character of a paragraph is high enough.

    A paragraph is used whole or not at all, since leaving out one unsure word could reverse its meaning.
    """
    confidence = sum(word.confidence * len(word.text) for line in paragraph for word in line.words)
    return confidence >= _SURE * _length(paragraph)


def _paragraphs(hocr: bytes) -> Iterator[list[SeenLine]]:
    """Yield the paragraphs in tesseract's hOCR, in its order, which follows the page's columns. Raises OcrError otherwise."""
    try:
        root = etree.fromstring(hocr, etree.HTMLParser(encoding="utf-8"))
        for element in root.iter("p") if root is not None else ():
            if lines := list(_lines(element)):
                yield lines
    except (etree.XMLSyntaxError, LookupError, ValueError):
        raise OcrError("its output can't be read") from None


def _lines(paragraph: etree._Element) -> Iterator[SeenLine]:
    """Yield the lines of an hOCR paragraph that have a letter or a digit."""
    for element in paragraph:
        words = tuple(word for child in element if child.get("class") == "ocrx_word" and _is_word(word := _word(child)))
        if any(character.isalnum() for word in words for character in word.text):
            properties = _properties(element)
            top, bottom = properties["bbox"][1], properties["bbox"][3]
            baseline = bottom + properties.get("baseline", [0.0])[-1]
            yield SeenLine(words, baseline, properties.get("x_size", [bottom - top])[0])


def _word(element: etree._Element) -> SeenWord:
    """Return the word of an hOCR element."""
    properties = _properties(element)
    left, top, right, bottom = properties["bbox"]
    return SeenWord("".join("".join(element.itertext()).split()), left, top, right, bottom, properties["x_wconf"][0])


def _is_word(word: SeenWord) -> bool:
    """Return whether it is a real word: punctuation of low confidence is usually a speck, or a piece of a table's rule."""
    return any(map(str.isalnum, word.text)) or (word.text != "" and word.confidence >= _SURE)


def _properties(element: etree._Element) -> dict[str, list[float]]:
    """Return the numbers that hOCR keeps in an element's title, by property name."""
    return {name: [float(number) for number in numbers.split()] for name, numbers in _PROPERTY.findall(element.get("title", ""))}
