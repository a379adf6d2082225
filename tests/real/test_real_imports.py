"""Wheels that everybody installs, before and after ``musl-audit repair``, imported under a real musl CPython."""

from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.installed_wheels import ask_wheel
from tests.support.installed_wheels import installed as installed_wheel
from tests.support.loaders import Loader, all_loaders, what_is_missing
from tests.support.musl_python import RELEASES, musl_python
from tools.evidence.real_wheels import (
    INITIAL_EXEC,
    MISSING,
    PACKED,
    RealWheel,
    install,
    needed,
    read_list,
    repaired,
    run,
)

pytestmark = pytest.mark.real
LIST = read_list()
WORKING = [row for row in LIST.values() if row.work]
CRASHING = ("1.2.2", "1.2.3")  # the releases of musl 1.2 that a tag promises and that know no packed relocations
SEGFAULT = -11


def fetched(project: str, miss: Miss) -> Path:
    """Return the wheel of *project*."""
    path = LIST[project].path
    if not path.exists():
        miss("real")
    return path


def installed(row: RealWheel, wheel: Path, release: str, prefix: Path, miss: Miss) -> tuple[Path, Path]:
    """Install *wheel* and what it needs; return the interpreter that runs on musl *release*, and site-packages."""
    python = musl_python(release, miss)
    for project in row.needs:
        fetched(project, miss)
    return python, install([wheel, *needed(row, LIST, prefix)], python, prefix)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("row", [row for row in WORKING if row.fault == PACKED], ids=lambda row: row.project)
def test_as_it_is_published_it_crashes_before_1_2_4(row: RealWheel, release: str, tmp_path: Path, miss: Miss) -> None:
    """musl applies packed relocations from 1.2.4 on; without them the first pointer of a library leads nowhere."""
    python, site = installed(row, fetched(row.project, miss), release, tmp_path, miss)

    done = run(python, f"import {row.module}", site)

    assert done.returncode == (SEGFAULT if release in CRASHING else 0), done.stderr


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("row", [row for row in WORKING if row.fault == INITIAL_EXEC], ids=lambda row: row.project)
def test_as_it_is_published_no_musl_loads_initial_exec_tls(
    row: RealWheel, release: str, tmp_path: Path, miss: Miss
) -> None:
    """An ImportError with the loader's words on some releases, SIGSEGV on others."""
    python, site = installed(row, fetched(row.project, miss), release, tmp_path, miss)

    done = run(python, f"import {row.module}", site)

    assert done.returncode == SEGFAULT or "initial-exec TLS" in done.stderr, (done.returncode, done.stderr)


@pytest.mark.parametrize("row", [row for row in WORKING if row.fault == MISSING], ids=lambda row: row.project)
def test_as_it_is_published_it_lacks_a_function_on_1_2_2(row: RealWheel, tmp_path: Path, miss: Miss) -> None:
    """What the loader says is the fault that the list names."""
    python, site = installed(row, fetched(row.project, miss), "1.2.2", tmp_path, miss)

    done = run(python, f"import {row.module}", site)

    assert done.returncode == 1
    assert ": symbol not found" in done.stderr


@pytest.mark.parametrize("loader", [one for one in all_loaders() if one.arch == "aarch64"], ids=str)
@pytest.mark.parametrize(
    "row", [row for row in LIST.values() if row.wheel.file.endswith("aarch64.whl")], ids=lambda row: row.project
)
def test_once_repaired_a_wheel_of_another_architecture_is_loaded(
    row: RealWheel, loader: Loader, tmp_path: Path, miss: Miss
) -> None:
    """By musl's loader under emulation, constructors running; it refuses the wheel as it is published."""
    if need := what_is_missing(loader):
        miss(need)
    wheel = fetched(row.project, miss)
    repaired(wheel, tmp_path / "out").check_returncode()
    prefixes = {tmp_path / "before": wheel, tmp_path / "after": tmp_path / "out" / row.wheel.file}

    answers = [
        ask_wheel(loader, prefix, installed_wheel(wheel, loader.arch, prefix)).loads
        for prefix, wheel in prefixes.items()
    ]

    assert answers == [False, True]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("row", WORKING, ids=lambda row: row.project)
def test_once_repaired_it_works_everywhere(row: RealWheel, release: str, tmp_path: Path, miss: Miss) -> None:
    """Not only the import: it does what it is for."""
    answer = repaired(fetched(row.project, miss), tmp_path / "out")
    assert answer.returncode == 0, answer.stderr
    result = tmp_path / "out" / row.wheel.file
    python, site = installed(row, result, release, tmp_path / "prefix", miss)

    done = run(python, row.work, site)

    assert done.returncode == 0, done.stderr
    assert done.stdout
