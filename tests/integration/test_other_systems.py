"""What needs no Linux: the same answers where Windows' Python would run, and one line where it cannot."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.support.cli import ROOT, wheel
from tests.support.indexes import served, site_of

BROKEN, GOOD = "packed_relocations_x86_64", "clean_x86_64"
COMMANDS = [
    ("show", BROKEN),
    ("show", "--json", BROKEN),
    ("show", "--facts", BROKEN),
    ("check", "--jobs", "1", BROKEN, GOOD),
    ("check", "--format", "sarif", GOOD),
    ("tree", BROKEN),
    ("rule", "MUSL401"),
    ("policy", "list"),
    ("policy", "diff", "1.2.2", "1.2.3"),
    ("policy", "export", "--for", "auditwheel"),
]


def ran(module: str, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run *module* with test wheels in the place of their names."""
    named: Mapping[str, str] = {name: str(wheel(name)) for name in (BROKEN, GOOD)}
    words = [named.get(word, word) for word in arguments]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", **variables}
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_windows_would_get_the_same_answer(arguments: tuple[str, ...]) -> None:
    """No module and no call that it has not."""
    here, there = ran("musl_audit", *arguments), ran("tests.support.windows", *arguments)

    assert there.stderr == here.stderr
    assert (there.returncode, there.stdout) == (here.returncode, here.stdout)


def test_windows_would_choose_the_same_version(tmp_path: Path) -> None:
    """`which` asks an index, keeps what it learns, and starts nothing."""
    pytest.importorskip("httpx")
    with served(site_of([wheel(GOOD)])) as site:
        where = ("--index", site.index, "--on", "1.2.2", "--python", "3.12", "--arch", "x86_64", "--quiet")
        cache = {"MUSL_AUDIT_CACHE_DIR": str(tmp_path), "NETRC": os.devnull}
        there = ran("tests.support.windows", "which", "clean-x86-64", *where, **cache)

    assert there.returncode == 0, there.stderr
    assert "clean-x86-64" in there.stdout
    assert "1.0" in there.stdout


def test_repair_says_what_it_needs(tmp_path: Path) -> None:
    """Before it looks at anything."""
    there = ran("tests.support.windows", "repair", "-w", str(tmp_path / "out"), BROKEN)

    assert there.returncode == 2
    assert "repair needs patchelf and a POSIX system: Linux, macOS, or Linux on Windows (WSL)" in there.stderr
    assert not (tmp_path / "out").exists()
