"""``which --on PYTHON``: what the system of a real Python has, and what it lacks, counts."""

import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support import musl_python
from tests.support.cli import Answer, wheel
from tests.support.indexes import Site, in_process, offered, served, site_of
from tools.evidence.index_wheels import read_list
from tools.evidence.which_truth import system_libraries

pytest.importorskip("httpx")

RELEASE = "1.2.5"


@pytest.fixture
def system(miss: Miss) -> Iterator[Path]:
    """Return the root of a system of its own: a real CPython, its loader, and where that looks for libraries."""
    python = musl_python.musl_python(RELEASE, miss)
    if shutil.which("musl-gcc") is None:
        miss("musl-gcc")
    real = musl_python.directory().resolve()
    with tempfile.TemporaryDirectory(prefix="w", dir="/tmp") as folder:  # its path must fit where the old one stood
        root = Path(folder)
        for name in ("bin", "lib", "etc"):
            (root / name).mkdir()
        loader = real / f"musl-{RELEASE}" / "ld-musl-x86_64.so.1"
        old, new = (os.fsencode(path) + b"\0" for path in (loader, root / "lib" / loader.name))
        shutil.copy(loader, root / "lib")
        (root / "etc" / "ld-musl-x86_64.path").write_text(f"{root}/lib\n")
        data = python.read_bytes()
        assert old in data
        (root / "bin" / "python3.11").write_bytes(data.replace(old, new.ljust(len(old), b"\0")))
        (root / "bin" / "python3.11").chmod(0o755)
        (root / "lib" / "python3.11").symlink_to(real / "py" / "lib" / "python3.11")
        yield root


@pytest.fixture
def pillow(miss: Miss) -> Path:
    """Return a wheel that needs the libz of the system."""
    path = read_list()["pillow"].paths[0]
    if not path.exists():
        miss("index")
    return path


def which(site: Site, system: Path, project: str, *arguments: str) -> Answer:
    """Return the answer about the Python of *system*."""
    where = ("--index", site.index, "--on", str(system / "bin" / "python3.11"))
    variables = {"MUSL_AUDIT_CACHE_DIR": str(system / "cache"), "PIP_CONFIG_FILE": "/dev/null", "NETRC": "/dev/null"}
    return in_process("which", project, *where, "--json", *arguments, **variables)


def told(answer: Answer) -> tuple[int, object, object]:
    """Return the exit code, and what is said of the first file."""
    file = answer.json["choices"][0]["versions"][0]["files"][0]  # type: ignore[index]
    return answer.code, file["loads"], file["code"]


def is_imported(system: Path, path: Path, site: Path) -> bool:
    """Return whether the Python of *system* imports what needs libz."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(site)
    command = [str(system / "bin" / "python3.11"), "-c", "from PIL import _imaging"]
    return subprocess.run(command, env={"PYTHONPATH": str(site)}, capture_output=True, check=False).returncode == 0


def test_a_library_of_the_system_decides(system: Path, pillow: Path, tmp_path: Path) -> None:
    """As for the real Python: without libz it does not load, with it it does; verdicts that are kept know both."""
    with served(site_of([pillow])) as site:
        assert told(which(site, system, "pillow")) == (1, False, "MUSL202")
        assert not is_imported(system, pillow, tmp_path)

        shutil.copy(system_libraries() / "libz.so.1", system / "lib")
        assert told(which(site, system, "pillow")) == (0, True, None)
        assert is_imported(system, pillow, tmp_path)

        site.asked.clear()
        assert told(which(site, system, "pillow")) == (0, True, None)
        (system / "lib" / "libz.so.1").unlink()
        assert told(which(site, system, "pillow")) == (1, False, "MUSL202")
        assert site.paths() == ["/simple/pillow/"] * 2


def test_a_library_that_no_policy_allows_may_be_there(system: Path) -> None:
    """A wheel that fails on systems in general may load on this one, which has the library."""
    path = wheel("external_library")
    with served(site_of([path])) as site:
        before = which(site, system, "external-library", "--python", "3.12")
        shutil.copy(system_libraries() / "libz.so.1", system / "lib" / "libodbc.so.2")
        after = which(site, system, "external-library", "--python", "3.12")
        elsewhere = which(site, system, "external-library", "--python", "3.12", "--on", RELEASE)

    assert told(before) == (1, False, "MUSL202")
    assert told(after) == (0, True, None)
    assert told(elsewhere) == (1, False, "MUSL202")


def test_what_else_is_in_the_way_still_counts(system: Path, tmp_path: Path) -> None:
    """The library is there, and the module is called as another Python looks for it."""
    path = offered(wheel("external_library"), "demo-1.0-cp311-cp311-musllinux_1_2_x86_64.whl", tmp_path)
    shutil.copy(system_libraries() / "libz.so.1", system / "lib" / "libodbc.so.2")
    with served(site_of([path])) as site:
        assert told(which(site, system, "demo")) == (1, False, "MUSL304")
