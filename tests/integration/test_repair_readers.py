"""The ecosystem's own readers accept what a repair writes."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from tests.support.repairs import graftee, repaired, sysroot

SCRIPTS = Path(sysconfig.get_path("scripts"))


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return repaired(graftee(), tmp_path / "out", "--sysroot", sysroot(tmp_path / "root"))


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command], capture_output=True, text=True, check=False)


def test_wheel_unpacks_it(result: Path, tmp_path: Path) -> None:
    """``wheel unpack`` holds every file against its digest in RECORD."""
    done = run(SCRIPTS / "wheel", "unpack", "--dest", tmp_path / "unpacked", result)

    assert done.returncode == 0, done.stderr
    assert len([*(tmp_path / "unpacked" / "graftee-1.0" / "graftee.libs").iterdir()]) == 4


def test_pip_installs_it(result: Path, tmp_path: Path) -> None:
    """For a musl system, as far as pip on this one lets that be said; under a musl Python, see tests/loader."""
    target = ("--platform", "musllinux_1_2_x86_64", "--python-version", "3.11", "--only-binary", ":all:")

    done = run(
        *(sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", "--root-user-action=ignore"),
        *(*target, "--target", tmp_path / "site", result),
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "graftee.scripts" / "graftee").stat().st_mode & 0o111


def test_check_wheel_contents_finds_nothing(result: Path) -> None:
    """But that directories of libraries and programs have no Python in them, and are beside the package."""
    done = run(SCRIPTS / "check-wheel-contents", "--ignore", "W004,W009,W010", result)

    assert (done.returncode, done.stdout.strip()) == (0, f"{result}: OK")


def test_twine_checks_it(result: Path) -> None:
    """Its metadata is what an index wants."""
    done = run(SCRIPTS / "twine", "check", result)

    assert (done.returncode, "PASSED" in done.stdout) == (0, True), done.stdout + done.stderr


def test_auditwheel_shows_it_as_musllinux(result: Path) -> None:
    """It reads the symbols as it would on musl, whatever the host."""
    done = run(sys.executable, "-m", "auditwheel", "show", result)

    assert (done.returncode, '"musllinux_1_2_x86_64"' in done.stdout) == (0, True), done.stdout + done.stderr
