"""Running headers and footers: lines at the edge of a page that its neighbours repeat, but for the page's number."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from corpus.parsers.pdf.lines import Line

_EDGE = 3  # lines: how many from the top and from the bottom may be running ones
_WINDOW = 4  # pages before and after that count as neighbours
_NEXT = 2  # pages: how near another page is whose number counts on
_SHARE = 0.5  # of the neighbours have to repeat the line
_SHARE_OF_PARITY = 0.75  # or of the neighbours on the same side of a double page
_SAME_PLACE = 4.0  # points
_MARGIN = 0.12  # of the page's height: a line further in is text, unless it is a page number
_OUTER_MARGIN = 0.08  # of the page's height: a page's only lines are text if they stand further in
_GAP = 1.35  # times the distance between the lines of the page: what keeps running lines apart from the text
_LONGEST_NUMBER = 15  # characters: as many as 3888 has in Roman numerals
_LARGER = 1.15  # times the page's usual size: rather a heading than a running line
_TOKEN = re.compile(r"\w+|[^\w\s]")
_PAGE_WORDS = frozenset("page pages p pp pag pagina página of de".split())
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})$", re.IGNORECASE)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}


def running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Per page, the lines that are running headers and footers, outermost first. `pages` are in physical order.

    A line counts if it stands in the page's margin, or is a page number; if only such lines stand further out, and a gap
    follows inwards; and if enough neighbouring pages have at their edge the same words in the same place, where a number may
    differ as the pages' own numbers do.
    """
    edges = [(_edge(lines, top=True), _edge(lines, top=False)) for lines in pages]
    running: list[list[Line]] = []
    for place, lines in enumerate(pages):
        found = [line for side in (0, 1) for line in _running_at(place, side, edges, lines)]
        if len(set(found)) == len(lines):
            found = [line for line in found if line.margin < _OUTER_MARGIN or _is_page_number(line)]
        running.append(list(dict.fromkeys(found)))
    if all(len(found) == len(lines) for found, lines in zip(running, pages, strict=True)):
        return [[] for _ in pages]  # the same text on every page is the text
    return running


def usual_leading(lines: Sequence[Line]) -> float:
    """A page's most frequent distance between the baselines of two lines, in points; 0 if none occurs twice."""
    distances = Counter(round(2 * (before.y - line.y)) / 2 for before, line in pairwise(lines) if before.y > line.y)
    usual = max(distances, key=lambda distance: (distances[distance], -distance), default=0.0)
    return usual if distances[usual] > 1 else 0.0


def usual_size(lines: Sequence[Line]) -> float:
    """The size that most of a page's characters have, in points; 0 for a page without a line."""
    weight: Counter[float] = Counter()
    for line in lines:
        weight[line.size] += len(line.text)
    return max(weight, key=lambda size: weight[size], default=0.0)


def printed_labels(running: Sequence[Sequence[Line]]) -> list[str | None]:
    """Per page, the page number printed in its running lines, as printed: one that counts on with a neighbouring page's."""
    numbers = [
        {(number - place, roman): token for line in lines for token, number, roman in _numbers(line.text)}
        for place, lines in enumerate(running)
    ]
    labels: list[str | None] = []
    for place, candidates in enumerate(numbers):
        near = numbers[max(0, place - _NEXT) : place] + numbers[place + 1 : place + 1 + _NEXT]
        labels.append(next((token for key, token in candidates.items() if any(key in others for others in near)), None))
    return labels


def _edge(lines: Sequence[Line], *, top: bool) -> list[Line]:
    """The lines from one edge of the page inwards: those that may be running ones, and the next."""
    return sorted(lines, key=lambda line: line.y, reverse=top)[: _EDGE + 1]


def _running_at(place: int, side: int, edges: Sequence[tuple[list[Line], list[Line]]], lines: Sequence[Line]) -> list[Line]:
    """The running lines at one edge of a page, which has these `lines`, outermost first."""
    edge = edges[place][side]
    leading, large = usual_leading(lines), _LARGER * usual_size(lines)
    found: list[Line] = []
    for line in edge[:_EDGE]:
        if not (line.margin < _MARGIN or _is_page_number(line)) or not _repeated(line, place, side, edges, large):
            break
        found.append(line)
    while found and not _is_page_number(found[-1]) and len(edge) > len(found):
        if abs(edge[len(found)].y - found[-1].y) > _GAP * max(leading, found[-1].size):
            break
        found.pop()
    return found


def _is_page_number(line: Line) -> bool:
    tokens = _TOKEN.findall(line.text.casefold())
    return any(map(_value, tokens)) and all(_value(token) or token in _PAGE_WORDS or not token.isalnum() for token in tokens)


def _repeated(line: Line, place: int, side: int, edges: Sequence[tuple[list[Line], list[Line]]], large: float) -> bool:
    """Whether enough neighbours have the line at this edge. One of size `large` or more has to be the very same: "Article 1" to
    "Article 4" on top of four pages are headings.
    """
    exactly = line.size >= large and not _is_page_number(line)
    near = [other for other in range(max(0, place - _WINDOW), min(len(edges), place + _WINDOW + 1)) if other != place]
    near = [other for other in near if edges[other][side]]
    same = {other for other in near if any(_same(line, candidate, exactly=exactly) for candidate in edges[other][side][:_EDGE])}
    if _is_page_number(line) and any(abs(other - place) <= _NEXT for other in same):
        return True  # numbers begin anew with a part, so that few pages may share their count
    parity = [other for other in near if (other - place) % 2 == 0]
    return bool(same) and (
        len(same) >= _SHARE * len(near) or (len(parity) >= 2 and len(same.intersection(parity)) >= _SHARE_OF_PARITY * len(parity))
    )


def _same(line: Line, other: Line, *, exactly: bool) -> bool:
    """Whether two lines of different pages stand in the same place and differ by no more than the pages' numbers do, or not at
    all if `exactly`.
    """
    placed = (line.y - other.y, line.left - other.left, line.right - other.right, _middle(line) - _middle(other))
    tokens, others = _TOKEN.findall(line.text.casefold()), _TOKEN.findall(other.text.casefold())
    return (
        any(abs(distance) <= _SAME_PLACE for distance in placed)
        and len(tokens) == len(others)
        and all(map(lambda a, b: a == b or (not exactly and _counts_on(a, b, other.page - line.page)), tokens, others))
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
    if len(token) > _LONGEST_NUMBER:
        return None
    if token.isdecimal():
        return int(token), False
    if not _ROMAN.match(token):
        return None
    values = [_ROMAN_VALUES[letter] for letter in token.lower()]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values)), True
