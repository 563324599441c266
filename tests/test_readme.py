"""The documentation says what is so."""

import re
import tomllib
from pathlib import Path

import pytest

from ui.cli.commands import app
from ui.settings import ServerSettings

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
    assert groups == {"eval", "user"}
    for command in commands | groups:
        assert f"quipu {command}" in README
    for setting in ServerSettings.model_fields:
        assert f"`QUIPU_{setting.upper()}`" in README


def test_every_target_of_the_makefile_is_helped() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (targets,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)) == set(targets.split())
    assert "TORCH_INDEX ?=\n" in makefile


def test_the_walk_is_short_and_names_files_that_are_there() -> None:
    walk = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert len(walk.splitlines()) <= 120
    named = re.findall(r"`((?:corpus|index|assistant|eval|ui|tests|tools)/[\w/]+(?:\.\w+)?/?)`", walk)
    assert len(named) > 30
    for path in named:
        assert (PROJECT / path).exists(), path


def test_what_is_needed_is_pinned_without_a_local_suffix() -> None:
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", (PROJECT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE))
    names = {name.lower().replace("_", "-") for name in pinned}
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
        assert re.split(r"[>=\[]", requirement)[0].lower() in names, requirement
    assert pinned["torch"] == "2.13.0"
    assert not [version for version in pinned.values() if "+" in version]
