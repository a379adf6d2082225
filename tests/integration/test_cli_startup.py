"""What is imported: start-up is most of the time that a small wheel takes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import environment, wheel

SLOW = {
    "asyncio",
    "concurrent.futures",
    "dataclasses",
    "difflib",
    "email",
    "http",
    "importlib.metadata",
    "importlib.resources",
    "logging",
    "multiprocessing",
    "packaging",
    "rich",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "tomllib",
    "urllib.request",
}
SCRIPT = """
import json, sys
import os  # which Python has loaded at its start where it is not told to do without site
before = set(sys.modules)
{work}
sys.stderr.write(json.dumps(sorted(set(sys.modules) - before)))
"""


def imported(work: str, cwd: Path) -> set[str]:
    """Return the modules that *work* imports."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", SCRIPT.format(work=work)],
        cwd=cwd,
        env=environment(PYTHONPATH=":".join(sys.path)),
        capture_output=True,
        check=True,
        text=True,
    )
    modules: list[str] = json.loads(done.stderr)
    return set(modules)


def imported_by_argparse(cwd: Path) -> set[str]:
    """Return the modules that a parser with one option imports: dataclasses and inspect since Python 3.14."""
    return imported("import argparse; argparse.ArgumentParser().add_argument('--option')", cwd)


def command(*arguments: str) -> str:
    """Return Python that runs the command."""
    return f"from musl_audit.cli import main; main({list(arguments)!r})"


@pytest.mark.parametrize("name", ["check", "show"])
def test_json_of_one_wheel_imports_nothing_slow(name: str, tmp_path: Path) -> None:
    """Rich, asyncio, importlib.metadata and the like are for those who need them."""
    modules = imported(command(name, "--json", str(wheel("clean_x86_64"))), tmp_path)

    assert not modules & SLOW - imported_by_argparse(tmp_path)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="argparse imports dataclasses and inspect for its colours")
def test_argparse_imports_nothing_slow(tmp_path: Path) -> None:
    """So that what it is forgiven is nothing."""
    assert not imported_by_argparse(tmp_path) & SLOW


def test_text_into_a_pipe_imports_no_rich(tmp_path: Path) -> None:
    """Colours are for terminals."""
    assert "rich" not in imported(command("show", str(wheel("packed_relocations_x86_64"))), tmp_path)


def test_the_version_imports_next_to_nothing(tmp_path: Path) -> None:
    """Three modules of ours, two of which are names of packages, and none that is slow."""
    modules = imported(command("--version"), tmp_path)

    assert modules <= {"musl_audit", "musl_audit.cli", "musl_audit.errors", "collections", "collections.abc"} | {
        "gc",
        "itertools",
        "keyword",
        "operator",
        "_operator",
        "reprlib",
        "_collections",
        "_weakref",
    }


def test_importing_the_package_imports_nothing_else(tmp_path: Path) -> None:
    """The public names come when they are first used."""
    assert imported("import musl_audit", tmp_path) == {"musl_audit"}


def test_one_command_does_not_import_another(tmp_path: Path) -> None:
    """Each is a file of its own."""
    modules = imported(command("check", "--json", str(wheel("clean_x86_64"))), tmp_path)

    assert [name for name in modules if name.startswith("musl_audit.cli.commands.")] == [
        "musl_audit.cli.commands.check"
    ]


def test_a_project_that_does_not_mention_us_needs_no_toml(tmp_path: Path) -> None:
    """The file is read, not parsed."""
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n")

    assert "tomllib" not in imported(command("check", "--json", str(wheel("clean_x86_64"))), tmp_path)


def test_no_source_is_read_again_for_a_docstring(tmp_path: Path) -> None:
    """``help`` reads a value's page out of its source; a decorator that copies docstrings would at every start."""
    work = command("show", str(wheel("clean_x86_64"))) + "; import linecache; sys.modules.update(linecache.cache)"

    assert not [name for name in imported(work, tmp_path) if name.endswith(".py")]
