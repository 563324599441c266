"""Runs `quipu` as it is typed, in the process of the tests."""

import io
import sys

import pytest

from ui.__main__ import main


class Result:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


class Given(io.BytesIO):
    """Standard input that a test gives."""

    name = "<stdin>"


class Quipu:
    """Runs `quipu` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *words: str, given: str = "") -> Result:
        self._monkeypatch.setattr(sys, "argv", ["quipu", *words])
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Given(given.encode(errors="surrogateescape"))))
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = self._capsys.readouterr()
        return Result(int(ended.value.code or 0), captured.out, captured.err)
