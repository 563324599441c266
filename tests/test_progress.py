"""What a terminal and a log are told of an `add` that takes a night: by a clock that the tests turn."""

import io

import pytest
from rich.console import Console

from ui.cli.progress import Bar


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def console(*, is_terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=is_terminal, width=120, color_system=None, soft_wrap=True, highlight=False)


def lines(shown: Console) -> list[str]:
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue().splitlines()


def test_a_log_gets_a_line_a_minute(clock: Clock) -> None:
    log = console(is_terminal=False)
    with Bar(log, clock=clock) as bar:
        for number in range(4):
            bar.reading(f"{number}.pdf", number + 1, 4, number / 4, 1 / 4)
            bar.encoding(1000)
            for _ in range(10):
                clock.now += 6
                bar.encoded(100)
    assert lines(log) == [
        "file 1 of 4, 25%, 1,000 passages, 16.7 a second, 3 min left",
        "file 2 of 4, 50%, 2,000 passages, 16.7 a second, 2 min left",
        "file 3 of 4, 75%, 3,000 passages, 16.7 a second, 1 min left",
        "file 4 of 4, 100%, 4,000 passages, 16.7 a second, 0 s left",
    ]


def test_what_is_over_soon_says_nothing_in_a_log(clock: Clock) -> None:
    log = console(is_terminal=False)
    with Bar(log, clock=clock) as bar:
        bar.reading("a.pdf", 1, 1, 0.0, 1.0)
        bar.encoding(10)
        clock.now += 59
        bar.encoded(10)
    assert lines(log) == []


def test_the_speed_is_that_of_the_last_minutes(clock: Clock) -> None:
    log = console(is_terminal=False)
    with Bar(log, clock=clock) as bar:
        bar.reading("new.pdf", 500, 1000, 0.5, 0.5)  # all before it was known, and took a moment
        bar.encoding(100_000)
        for _ in range(20):
            clock.now += 60
            bar.encoded(600)
    assert lines(log)[-1] == "file 500 of 1,000, 56%, 12,000 passages, 10.0 a second, 2 h 27 min left"


def test_what_is_known_already_has_a_share_and_no_passages(clock: Clock) -> None:
    log = console(is_terminal=False)
    with Bar(log, clock=clock) as bar:
        bar.reading("known.pdf", 1, 2, 0.0, 0.5)
        clock.now += 61
        bar.reading("other.pdf", 2, 2, 0.5, 0.5)
    assert lines(log) == ["file 2 of 2, 50%, 0 passages, 0.0 a second, 1 min left"]


def test_a_terminal_gets_a_bar(clock: Clock) -> None:
    terminal = console(is_terminal=True)
    with Bar(terminal, clock=clock) as bar:
        bar.reading("a [draft].pdf", 3, 300, 0.01, 0.02)
        bar.encoding(100)
        clock.now += 10
        bar.encoded(50)
    shown = "\n".join(lines(terminal))
    assert "3/300 a [draft].pdf" in shown
    assert "2%, 50 passages, 5.0 a second, 8 min left" in shown


def test_questions_are_counted_without_files(clock: Clock) -> None:
    terminal = console(is_terminal=True)
    with Bar(terminal, "questions", clock) as bar:
        bar.encoding(4)
        clock.now += 6
        bar.encoded(1)
    assert "25%, 1 questions, 0.2 a second, 18 s left" in "\n".join(lines(terminal))
