"""auditwheel on what we unpacked: it shows it, and grafts and patches again without harm."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.installed_wheels import ask_wheel, installed
from tests.support.loaders import all_loaders, what_is_missing
from tests.support.repairs import patchelf, read_elves, repaired
from tests.support.testwheels import manifest

from musl_audit.elf import read_elf

CASE = "packed_relocations_x86_64"
LIBRARY = f"{CASE}.libs/libpointers.so"
OUTSIDE = "libanswer.so"


def auditwheel(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Return the answer of auditwheel."""
    path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
    command = [sys.executable, "-m", "auditwheel", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path})


def needing_more(wheel: Path, directory: Path) -> Path:
    """Return *wheel* in *directory* after patchelf let its library need one from outside."""
    directory.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    scratch = directory / "library.so"
    scratch.write_bytes(members[LIBRARY])
    patchelf("--add-needed", OUTSIDE, scratch)
    members[LIBRARY] = data = scratch.read_bytes()
    scratch.unlink()
    record = next(name for name in members if name.endswith("/RECORD"))
    row = f"{LIBRARY},sha256={urlsafe_b64encode(sha256(data).digest()).decode().rstrip('=')},{len(data)}"
    lines = members[record].decode().splitlines()
    members[record] = "".join(f"{row if line.startswith(LIBRARY) else line}\n" for line in lines).encode()
    with zipfile.ZipFile(directory / wheel.name, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return directory / wheel.name


def touched_before(tmp_path: Path) -> Path:
    """patchelf, then we: the table is in patchelf's segment."""
    wheel = needing_more(manifest()[CASE].path, tmp_path / "touched")
    return repaired(wheel, tmp_path / "ours", "--exclude", OUTSIDE)


def touched_after(tmp_path: Path) -> Path:
    """We, then patchelf: the table is in a segment of its own."""
    return needing_more(repaired(manifest()[CASE].path, tmp_path / "ours"), tmp_path / "touched")


@pytest.mark.parametrize("prepared", [touched_before, touched_after])
def test_its_repair_of_what_we_unpacked_is_sound(prepared: object, tmp_path: Path, miss: Miss) -> None:
    """It grafts a library and patches the unpacked one; the constructor in it still finds everything relocated."""
    loaders = [loader for loader in all_loaders() if loader.arch == "x86_64"]
    for loader in loaders:
        if need := what_is_missing(loader):
            miss(need)
    assert callable(prepared)
    wheel = prepared(tmp_path)
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    with zipfile.ZipFile(manifest()["unreachable_library"].path) as archive:
        libraries.joinpath(OUTSIDE).write_bytes(archive.read(f"unreachable_library.libs/{OUTSIDE}"))

    done = auditwheel("repair", "--ldpaths", libraries, "-w", tmp_path / "theirs", wheel)

    assert done.returncode == 0, done.stderr
    (result,) = (tmp_path / "theirs").iterdir()
    elves = read_elves(result, tmp_path / "members")
    assert any(name.rpartition("/")[2].startswith("libanswer-") for name in elves)
    assert not any(read_elf(path.read_bytes(), name).packed_relocations for name, path in elves.items())
    found = installed(result, "x86_64", tmp_path / "prefix")
    answers = {str(loader): ask_wheel(loader, tmp_path / "prefix", found) for loader in loaders}
    assert {name: answer.refusals for name, answer in answers.items() if not answer.loads} == {}


def test_it_shows_the_tag_that_we_kept(tmp_path: Path) -> None:
    """auditwheel knows no patch release of musl, and has nothing against the result."""
    done = auditwheel("show", repaired(manifest()[CASE].path, tmp_path))

    assert done.returncode == 0, done.stderr
    assert "musllinux_1_2_x86_64" in done.stdout
