"""The tutorial, run as a reader would: real commands, a real wheel, a real CPython on an old musl."""

import os
import sys
from pathlib import Path

import pip
import pytest
from tests.conftest import Miss
from tests.support.cli import ROOT
from tests.support.console import replayed, to_the_newest
from tests.support.musl_python import musl_python

PAGE = ROOT / "docs" / "tutorial" / "from-a-crash-to-a-repaired-wheel.md"
WHEEL = "greenlet-3.5.6-cp311-cp311-musllinux_1_2_x86_64.whl"
RELEASE = "1.2.3"


def program(path: Path, text: str) -> None:
    """Write a shell script."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, miss: Miss) -> tuple[Path, dict[str, str]]:
    """A directory with the wheel, and an environment whose ``python`` and ``pip`` are on musl 1.2.3."""
    python = musl_python(RELEASE, miss)
    if not (ROOT / ".cache" / "real" / WHEEL).exists():
        miss("real")
    work, programs, tools, prefix = (tmp_path / name for name in ("work", "bin", "tools", "prefix"))
    for directory in (work, programs, tools):
        directory.mkdir()
    (work / WHEEL).symlink_to(ROOT / ".cache" / "real" / WHEEL)
    (tools / "pip").symlink_to(Path(pip.__file__).parent)
    site = prefix / "lib" / "python3.11" / "site-packages"
    options = f"--prefix {prefix} --no-index --no-deps --root-user-action=ignore --disable-pip-version-check"
    program(programs / "python", f'PYTHONPATH={site} exec {python} "$@"')
    program(programs / "pip", f'PYTHONPATH={tools}:{site} exec {python} -m pip "$@" {options} 2>/dev/null')
    program(programs / "musl-audit", f'exec {sys.executable} -m musl_audit "$@"')
    inherited = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
    env = {"PATH": f"{programs}:/usr/bin:/bin", "COLUMNS": "80", "NO_COLOR": "1", "LANG": "C.UTF-8", **inherited}
    return work, {**env, "PYTHONDONTWRITEBYTECODE": "1"}


def test_the_tutorial_shows_what_is_printed(machine: tuple[Path, dict[str, str]]) -> None:
    """From the crash to the repaired wheel that imports; MUSL_AUDIT_TUTORIAL=rewrite writes the output anew."""
    text = PAGE.read_text(encoding="utf-8")

    again = replayed(text, *machine)

    if os.environ.get("MUSL_AUDIT_TUTORIAL") == "rewrite":
        PAGE.write_text(again, encoding="utf-8")
    assert "Segmentation fault" in again
    assert to_the_newest(again) == to_the_newest(PAGE.read_text(encoding="utf-8"))
