"""The plug-ins are distributions of their own: they see what the tool offers to all, and agree with it."""

import ast
import tomllib
from pathlib import Path

import pytest
from tools.release.building import PROJECTS, ROOT

import musl_audit

PLUGINS = [place for project, place in PROJECTS.items() if project != "musl-audit"]
SOURCES = [path for place in PLUGINS for path in (ROOT / place / "src").rglob("*.py")]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_a_plugin_imports_only_what_is_public(path: Path) -> None:
    """`from musl_audit import …`, names of `__all__`, and no module of ours."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    taken = {alias.name for node in nodes if node.module == "musl_audit" for alias in node.names}
    modules = {node.module for node in nodes if node.module and node.module.startswith("musl_audit.")}

    assert taken <= {*musl_audit.__all__, "__version__"}
    assert modules == set()


@pytest.mark.parametrize("place", PLUGINS)
def test_a_plugin_has_the_version_and_the_licence_of_the_tool(place: str) -> None:
    """They are released together."""
    project = tomllib.loads((ROOT / place / "pyproject.toml").read_text())["project"]

    assert project["version"] == musl_audit.__version__
    assert (ROOT / place / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert any(need.startswith("musl-audit") for need in project["dependencies"])


def test_every_plugin_is_released() -> None:
    """`make release` builds what lies in `plugins/`."""
    assert sorted(path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("plugins/*/pyproject.toml")) == sorted(
        PLUGINS
    )
