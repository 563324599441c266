"""Running headers and footers: lines at the edge of a page that its neighbours repeat, but for the page's number."""

import re
from collections.abc import Sequence

from corpus.readers.pdf_lines import Line

_EDGE = 3  # lines: how many from the top and from the bottom may be running ones
_WINDOW = 4  # pages before and after that count as neighbours
_SHARE = 0.5  # of the neighbours have to repeat the line
_SHARE_OF_PARITY = 0.75  # or of the neighbours on the same side of a double page
_SAME_PLACE = 4.0  # points
_TOKEN = re.compile(r"\w+|[^\w\s]")
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})$", re.IGNORECASE)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}


def running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Per page, the lines that are running headers and footers, outermost first. `pages` are in physical order.

    A line counts if it stands at the page's edge, or only running lines stand further out, and enough neighbouring pages have
    at their edge the same words in the same place, where a number may differ as the pages' own numbers do.
    """
    edges = [(_edge(lines, top=True), _edge(lines, top=False)) for lines in pages]
    running: list[list[Line]] = []
    for place in range(len(pages)):
        found: list[Line] = []
        for side in (0, 1):
            for line in edges[place][side]:
                if line in found or not _repeated(line, place, side, edges):
                    break
                found.append(line)
        running.append(found)
    if all(len(found) == len(lines) for found, lines in zip(running, pages, strict=True)):
        return [[] for _ in pages]  # the same text on every page is the text
    return running


def printed_labels(running: Sequence[Sequence[Line]]) -> list[str | None]:
    """Per page, the page number printed in its running lines, as printed: one that counts on with a neighbouring page's."""
    numbers = [
        {(number - place, roman): token for line in lines for token, number, roman in _numbers(line.text)}
        for place, lines in enumerate(running)
    ]
    labels: list[str | None] = []
    for place, candidates in enumerate(numbers):
        near = numbers[max(0, place - 2) : place] + numbers[place + 1 : place + 3]
        labels.append(next((token for key, token in candidates.items() if any(key in others for others in near)), None))
    return labels


def _edge(lines: Sequence[Line], *, top: bool) -> list[Line]:
    ordered = sorted(lines, key=lambda line: line.y, reverse=top)
    return ordered[:_EDGE]


def _repeated(line: Line, place: int, side: int, edges: Sequence[tuple[list[Line], list[Line]]]) -> bool:
    near = [other for other in range(max(0, place - _WINDOW), min(len(edges), place + _WINDOW + 1)) if other != place]
    near = [other for other in near if edges[other][side]]
    same = {other for other in near if any(_same(line, candidate) for candidate in edges[other][side])}
    parity = [other for other in near if (other - place) % 2 == 0]
    return bool(same) and (
        len(same) >= _SHARE * len(near) or (len(parity) >= 2 and len(same.intersection(parity)) >= _SHARE_OF_PARITY * len(parity))
    )


def _same(line: Line, other: Line) -> bool:
    """Whether two lines of different pages stand in the same place and differ by no more than the pages' numbers do."""
    placed = (line.y - other.y, line.left - other.left, line.right - other.right, _middle(line) - _middle(other))
    tokens, others = _TOKEN.findall(line.text.casefold()), _TOKEN.findall(other.text.casefold())
    return (
        any(abs(distance) <= _SAME_PLACE for distance in placed)
        and len(tokens) == len(others)
        and all(map(lambda a, b: a == b or _counts_on(a, b, other.page - line.page), tokens, others))
    )


def _middle(line: Line) -> float:
    return (line.left + line.right) / 2


def _counts_on(token: str, other: str, pages: int) -> bool:
    first, second = _value(token), _value(other)
    return first is not None and second is not None and first[1] == second[1] and second[0] - first[0] == pages


def _numbers(text: str) -> list[tuple[str, int, bool]]:
    """The page numbers that a running line may hold: (as printed, value, whether it is Roman)."""
    found = [(token, _value(token)) for token in _TOKEN.findall(text)]
    return [(token, *value) for token, value in found if value is not None]


def _value(token: str) -> tuple[int, bool] | None:
    """The value of an Arabic or Roman number and whether it is Roman; None for a word."""
    if token.isdecimal():
        return int(token), False
    if not _ROMAN.match(token):
        return None
    values = [_ROMAN_VALUES[letter] for letter in token.lower()]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values)), True
