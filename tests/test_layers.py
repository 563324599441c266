"""The rooms and the way their imports point, and what a room may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOMS = ["corpus", "index", "assistant", "eval", "ui"]
PROJECT = Path(__file__).parent.parent


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_below_it(room: str) -> None:
    files = list((PROJECT / room).rglob("*.py"))
    assert files
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    for path in files:
        assert imported(path) & set(ROOMS) <= allowed, path


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_are_entered_by_the_front_door(room: str) -> None:
    """From outside, only what a room's `__init__` names is used; but for `corpus.pdf_pages`, since not all want PDFium loaded."""
    for path in PROJECT.glob("*/**/*.py"):
        if path.parts[len(PROJECT.parts)] in {*ROOMS} - {room}:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom):
                    is_inside = (node.module or "").startswith(f"{room}.") and node.module != "corpus.pdf_pages"
                    assert not is_inside, f"{path} imports from {node.module}"


FOUNDATIONS = {"errors", "problems", "addresses", "visitor", "pages", "telemetry", "document_blocks", "settings"}
UI_LAYERS = [{"wording"}, FOUNDATIONS, {"access"}, {"api"}, {"web"}, {"server"}]
"""The layers within `ui`, lowest first: a module or a folder, by its name in `ui`. A layer may import itself and those below it."""


def ui_layer(module: str) -> int:
    """The number of the layer of a module of `ui`."""
    room = module.split(".")[1]
    return next(number for number, layer in enumerate(UI_LAYERS) if room in layer)


def ui_imports(path: Path) -> set[str]:
    """The modules of `ui` that a file imports, inside its functions, too."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            are_modules = {name for name in inner if (PROJECT / f"{name.replace('.', '/')}.py").exists()}
            modules |= are_modules or {node.module or ""}
    return {module for module in modules if module.startswith("ui.")}


def test_within_ui_imports_point_one_way() -> None:
    """From wording by way of access, the API and the pages to the server; the command line stands beside them."""
    imports = {
        ".".join(path.relative_to(PROJECT).with_suffix("").parts): ui_imports(path)
        for path in (PROJECT / "ui").rglob("*.py")
        if path.name != "__init__.py"
    }
    assert "ui.api.passage_json" in imports["ui.api.routes"]
    assert "ui.cli.commands" in imports["ui.__main__"]
    for module, imported_modules in imports.items():
        is_cli = module.startswith("ui.cli.")
        for other in imported_modules:
            if other.startswith("ui.cli"):
                assert is_cli or module == "ui.__main__", f"{module} imports {other}"
            elif is_cli:
                assert not other.startswith("ui.web"), f"{module} imports {other}"
            elif module != "ui.__main__":
                assert ui_layer(other) <= ui_layer(module), f"{module} imports {other}, which is above it"


MOST_FILES = 16
"""Of a folder: about a dozen, with room for one more subject."""


@pytest.mark.parametrize("room", ROOMS)
def test_a_folder_holds_few_enough_files_to_be_read_at_a_glance(room: str) -> None:
    for folder in {path.parent for path in (PROJECT / room).rglob("*.py")}:
        assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= MOST_FILES, folder


def test_nothing_imports_the_tools() -> None:
    for room in ROOMS:
        for path in (PROJECT / room).rglob("*.py"):
            assert "tools" not in imported(path), path


HEAVY = ("torch", "transformers", "sentence_transformers", "gradio", "uvicorn")


@pytest.mark.parametrize(
    ("module", "light"),
    [
        ("corpus", (*HEAVY, "faiss", "bm25s", "docx", "lxml", "pypdfium2", "markdown_it", "py3langid.langid")),
        ("index", (*HEAVY, "faiss", "bm25s")),
        ("assistant", HEAVY),
        ("eval", HEAVY),
        ("ui.cli.commands", HEAVY),
    ],
)
def test_importing_a_room_loads_nothing_heavy(module: str, light: tuple[str, ...]) -> None:
    program = f"import {module}, sys; print([name for name in {light!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_importing_has_no_effects(tmp_path: Path) -> None:
    program = (
        "import os; before = dict(os.environ); import corpus, index, assistant, eval, ui.cli; print(dict(os.environ) == before)"
    )
    environment = {"PYTHONPATH": str(PROJECT), "HOME": str(tmp_path), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("room", ["corpus", "index", "assistant", "eval"])
def test_what_a_room_names_is_there_and_sorted(room: str) -> None:
    module = __import__(room)
    assert all(hasattr(module, name) for name in module.__all__)
    constants = [name for name in module.__all__ if name.isupper()]
    classes = [name for name in module.__all__ if name[0].isupper() and not name.isupper()]
    functions = [name for name in module.__all__ if name[0].islower()]
    assert module.__all__ == sorted(constants) + sorted(classes) + sorted(functions)
