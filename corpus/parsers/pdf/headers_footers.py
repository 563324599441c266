"""Running headers and footers: lines at the edge of a page that neighbouring pages repeat, except for the page number."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from corpus.parsers.pdf.lines import Line

_EDGE = 3  # lines from the top, and from the bottom, that may be running lines
_WINDOW = 4  # pages before and after that count as neighbours
_NEXT = 2  # pages: how far away a page may be whose number confirms this page's
_SHARE = 0.5  # of the neighbours must repeat the line
_SHARE_OF_PARITY = 0.75  # or this share of the neighbours on the same side of a double page
_SAME_PLACE = 4.0  # points
_MARGIN = 0.12  # of the page's height: a line further in is body text, unless it is a page number
_OUTER_MARGIN = 0.08  # of the page's height: if all lines of a page look running, those further in are body text
_GAP = 1.35  # times the page's leading: a wider gap separates running lines from the body
_LONGEST_NUMBER = 15  # characters: the length of 3888 in Roman numerals
_LARGER = 1.15  # times the page's usual size: a line this large is more likely a heading
_TOKEN = re.compile(r"\w+|[^\w\s]")
_PAGE_WORDS = frozenset("page pages p pp pag pagina página of de".split())
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})$", re.IGNORECASE)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}


def running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return, for each page, its running headers and footers, outermost first. `pages` are in physical order.

    A running line is in the page's margin or is a page number; has only running lines between it and the page's edge; is separated
    from the body by a gap, unless it is a page number; and recurs on enough neighbouring pages: the same words in the same place,
    where numbers may differ by as much as the physical page numbers do.
    """
    edges = [(_edge(lines, top=True), _edge(lines, top=False)) for lines in pages]
    running: list[list[Line]] = []
    for index, lines in enumerate(pages):
        on_page = [line for side in (0, 1) for line in _running_at(index, side, edges, lines)]
        if len(set(on_page)) == len(lines):
            on_page = [line for line in on_page if line.margin < _OUTER_MARGIN or _is_page_number(line)]
        running.append(list(dict.fromkeys(on_page)))
    if all(len(on_page) == len(lines) for on_page, lines in zip(running, pages, strict=True)):
        return [[] for _ in pages]  # nothing but repeated lines in the whole file: they are its text
    return running


def usual_leading(lines: Sequence[Line]) -> float:
    """Return a page's most frequent distance between consecutive baselines, in points rounded to halves; 0 if none occurs twice."""
    distances = Counter(round(2 * (before.y - line.y)) / 2 for before, line in pairwise(lines) if before.y > line.y)
    usual = max(distances, key=lambda distance: (distances[distance], -distance), default=0.0)
    return usual if distances[usual] > 1 else 0.0


def usual_size(lines: Sequence[Line]) -> float:
    """Return the size of most characters on a page, in points; 0 for a page without lines."""
    weight: Counter[float] = Counter()
    for line in lines:
        weight[line.size] += len(line.text)
    return max(weight, key=lambda size: weight[size], default=0.0)


def printed_labels(running: Sequence[Sequence[Line]]) -> list[str | None]:
    """Return, for each page, the page number in its running lines, as printed, or None. A number counts as the page number if it
    differs from one on a nearby page by as much as the physical page numbers do.
    """
    numbers = [
        {(number - index, is_roman): token for line in lines for token, number, is_roman in _numbers(line.text)}
        for index, lines in enumerate(running)
    ]
    labels: list[str | None] = []
    for index, candidates in enumerate(numbers):
        nearby = numbers[max(0, index - _NEXT) : index] + numbers[index + 1 : index + 1 + _NEXT]
        labels.append(next((token for key, token in candidates.items() if any(key in others for others in nearby)), None))
    return labels


def _edge(lines: Sequence[Line], *, top: bool) -> list[Line]:
    """Return the outermost lines at one edge of a page, from the edge inwards: those that may be running lines, and one more."""
    return sorted(lines, key=lambda line: line.y, reverse=top)[: _EDGE + 1]


def _running_at(index: int, side: int, edges: Sequence[tuple[list[Line], list[Line]]], lines: Sequence[Line]) -> list[Line]:
    """Return the running lines at one edge of the page at `index`, outermost first.

    `side` is 0 for the top and 1 for the bottom; `edges` has the outermost lines of every page by side; `lines` is the page.
    """
    edge = edges[index][side]
    leading, large = usual_leading(lines), _LARGER * usual_size(lines)
    running: list[Line] = []
    for line in edge[:_EDGE]:
        if not (line.margin < _MARGIN or _is_page_number(line)) or not _is_repeated(line, index, side, edges, large):
            break
        running.append(line)
    while running and not _is_page_number(running[-1]) and len(edge) > len(running):
        if abs(edge[len(running)].y - running[-1].y) > _GAP * max(leading, running[-1].size):
            break
        running.pop()
    return running


def _is_page_number(line: Line) -> bool:
    """Return whether a line has only numbers, punctuation and words like "page" and "of", and at least one number."""
    tokens = _TOKEN.findall(line.text.casefold())
    return any(map(_value, tokens)) and all(_value(token) or token in _PAGE_WORDS or not token.isalnum() for token in tokens)


def _is_repeated(line: Line, index: int, side: int, edges: Sequence[tuple[list[Line], list[Line]]], large: float) -> bool:
    """Return whether enough pages near the one at `index` have the same line at this edge.

    For a line of size `large` or more, numbers must not differ: "Article 1" to "Article 4" at the top of four pages are headings.
    """
    exactly = line.size >= large and not _is_page_number(line)
    nearby = [other for other in range(max(0, index - _WINDOW), min(len(edges), index + _WINDOW + 1)) if other != index]
    nearby = [other for other in nearby if edges[other][side]]
    same = {
        other for other in nearby if any(_is_same(line, candidate, exactly=exactly) for candidate in edges[other][side][:_EDGE])
    }
    if _is_page_number(line) and any(abs(other - index) <= _NEXT for other in same):
        return True  # two pages are enough: numbering may restart in each part of a document
    parity = [other for other in nearby if (other - index) % 2 == 0]
    return bool(same) and (
        len(same) >= _SHARE * len(nearby) or (len(parity) >= 2 and len(same.intersection(parity)) >= _SHARE_OF_PARITY * len(parity))
    )


def _is_same(line: Line, other: Line, *, exactly: bool) -> bool:
    """Return whether two lines of different pages are in the same place with the same words, where numbers may differ by as much as
    the physical page numbers do, unless `exactly`.
    """
    offsets = (line.y - other.y, line.left - other.left, line.right - other.right, _middle(line) - _middle(other))
    tokens, others = _TOKEN.findall(line.text.casefold()), _TOKEN.findall(other.text.casefold())
    return (
        any(abs(offset) <= _SAME_PLACE for offset in offsets)
        and len(tokens) == len(others)
        and all(map(lambda a, b: a == b or (not exactly and _counts_on(a, b, other.page - line.page)), tokens, others))
    )


def _middle(line: Line) -> float:
    return (line.left + line.right) / 2


def _counts_on(token: str, other: str, pages: int) -> bool:
    """Return whether both tokens are numbers of one kind and the second is greater by `pages`."""
    first, second = _value(token), _value(other)
    return first is not None and second is not None and first[1] == second[1] and second[0] - first[0] == pages


def _numbers(text: str) -> list[tuple[str, int, bool]]:
    """Return the numbers in a running line, as (printed form, value, whether it is Roman)."""
    tokens = [(token, _value(token)) for token in _TOKEN.findall(text)]
    return [(token, *value) for token, value in tokens if value is not None]


def _value(token: str) -> tuple[int, bool] | None:
    """Return the value of an Arabic or Roman number and whether it is Roman, or None for a word."""
    if len(token) > _LONGEST_NUMBER:
        return None
    if token.isdecimal():
        return int(token), False
    if not _ROMAN.match(token):
        return None
    values = [_ROMAN_VALUES[letter] for letter in token.lower()]
    return sum(-value if value < max(values[index:]) else value for index, value in enumerate(values)), True
