"""The documentation says what is so."""

import re
import tomllib
from pathlib import Path

import pytest

from assistant import Settings
from ui.cli.commands import app

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(example, {})  # noqa: S102 - our own README
    assert capsys.readouterr().out.startswith("The VRAEM area is controlled by the Shining Path guerrilla group")


def test_every_command_and_setting_is_in_the_readme() -> None:
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    groups = {group.name for group in app.registered_groups}
    assert commands == {"serve", "ask", "add", "remove", "rebuild", "documents", "verify", "limit", "backup", "restore"}
    assert groups == {"bench", "eval", "user"}
    for command in commands | groups:
        assert f"quipu {command}" in README
    for setting in Settings.model_fields:
        assert f"`QUIPU_{setting.upper()}`" in README


def test_every_target_of_the_makefile_is_helped() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (targets,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)) == set(targets.split())
    assert "TORCH_INDEX ?=\n" in makefile


def test_every_file_is_in_the_walk() -> None:
    walk = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    left_out = {
        "__init__",
        "__main__",
        "errors",
        "hit",
        "language",
        "settings",
        "progress",
        "terminal",
        "verification",
    }
    for room in ("corpus", "index", "assistant", "eval", "ui"):
        for path in (PROJECT / room).glob("*.py"):
            assert path.stem in left_out or f"{path.stem}.py" in walk, path


def test_what_is_needed_is_pinned_without_a_local_suffix() -> None:
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", (PROJECT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE))
    names = {name.lower().replace("_", "-") for name in pinned}
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
        assert re.split(r"[>=\[]", requirement)[0].lower() in names, requirement
    assert pinned["torch"] == "2.13.0"
    assert not [version for version in pinned.values() if "+" in version]
