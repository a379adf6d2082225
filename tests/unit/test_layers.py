"""Core below, world above: what is below ``adapters`` touches nothing but values."""

import ast
from pathlib import Path

import pytest

import musl_audit

PACKAGE = Path(musl_audit.__file__).parent
CORE = ("elf", "wheel", "policy", "loader", "judging", "environment", "repair")
NOUNS = ("errors.py", "model.py", "frozen.py")
WORLD = {"os", "subprocess", "logging", "time", "socket", "pathlib", "tempfile", "shutil", "multiprocessing"}
LISTS_ITSELF = "from os import listdir"
FILES = sorted(
    [*(PACKAGE / name for name in NOUNS), *(path for room in CORE for path in (PACKAGE / room).rglob("*.py"))]
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_core_knows_no_world(path: Path) -> None:
    """No environment, no processes, no clock, no log; no file is opened and nothing is printed.

    Rules are found by file name: the one place that lists a folder, that of the package itself.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))

    nodes = [node for node in ast.walk(tree) if not (path.name == "base.py" and ast.unparse(node) == LISTS_ITSELF)]
    imported = {name.partition(".")[0] for node in nodes for name in names_of(node)}
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}

    assert (imported & WORLD, called & {"open", "print", "input"}) == (set(), set())


def names_of(node: ast.AST) -> list[str]:
    """Return the modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_the_house_has_the_rooms_of_the_design() -> None:
    """And nothing else: a new thing is a new file in its room."""
    found = {path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}

    assert found == {
        *("__init__.py", "__main__.py", *NOUNS, *CORE),
        *("adapters", "reporters", "workflows", "cli"),
    }


@pytest.mark.parametrize("room", [*CORE, "adapters", "reporters", "workflows", "cli"])
def test_a_room_says_what_it_is(room: str) -> None:
    """In three lines: what lives there, what it may import, what to read first."""
    page = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))) or ""

    assert "May import" in page
    assert "Read ``" in page


def test_a_name_means_one_thing() -> None:
    """No two classes share one, in whatever room."""
    found: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(path.relative_to(PACKAGE).as_posix())

    assert {name: places for name, places in found.items() if len(places) > 1} == {}
