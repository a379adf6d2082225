"""
The same wheels through auditwheel and through us: the grafted sets, what is needed, and the search paths are the same.

auditwheel runs here, on whatever libc, because a file name that says musllinux tells it whose wheel it is, and
``--ldpaths`` where the libraries are. Where the two differ on purpose, a test here says how; so does the table in
docs/explanation/repair.md.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.support.repairs import graftee, library, patchelf, read_elves, repaired, sysroot

TAGGED = "graftee-1.0-cp311-cp311-musllinux_1_2_x86_64.whl"


class Dynamic(NamedTuple):
    """What the loader goes by."""

    soname: str
    needed: tuple[str, ...]
    rpath: str


def dynamics(wheel: Path, directory: Path) -> dict[str, Dynamic]:
    """Return the dynamic sections of the ELF files of *wheel*, by member; patchelf reads them."""
    elves = read_elves(wheel, directory)
    return {
        name: Dynamic(
            patchelf("--print-soname", path) if ".libs/" in name else "",
            tuple(patchelf("--print-needed", path).split()),
            patchelf("--print-rpath", path),
        )
        for name, path in elves.items()
    }


def tagged(directory: Path) -> Path:
    """Return a copy of the wheel under a name that says musllinux."""
    directory.mkdir(exist_ok=True)
    return Path(shutil.copyfile(graftee(), directory / TAGGED))


def by_both(wheel: Path, root: Path, directory: Path) -> tuple[dict[str, Dynamic], dict[str, Dynamic]]:
    """Return what auditwheel and what we make of *wheel* with the libraries of *root*."""
    ldpaths = f"{root / 'usr/lib'}:{root / 'usr/lib/inside'}"
    path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
    options: list[str | Path] = ["--ldpaths", ldpaths, "-w", directory / "theirs", wheel]
    command = [sys.executable, "-m", "auditwheel", "repair", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path})
    assert done.returncode == 0, done.stderr
    (theirs,) = (directory / "theirs").iterdir()
    ours = repaired(wheel, directory / "ours", "--ldpaths", ldpaths)
    return dynamics(theirs, directory / "a"), dynamics(ours, directory / "b")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return sysroot(tmp_path / "root")


def test_everything_agrees(root: Path, tmp_path: Path) -> None:
    """Names, needs and search paths of every file: an extension module, a program, four libraries."""
    theirs, ours = by_both(tagged(tmp_path / "in"), root, tmp_path)

    assert ours == theirs
    assert len(ours) == 6


def test_existing_search_paths_agree(root: Path, tmp_path: Path) -> None:
    """What leads into the wheel is kept, in its order; what leads out of it is dropped."""
    wheel = with_extension(tagged(tmp_path / "in"), "--force-rpath", "--set-rpath", "/opt:$ORIGIN/lib:$ORIGIN/..:rel")

    theirs, ours = by_both(wheel, root, tmp_path)

    assert ours == theirs
    assert "$ORIGIN/lib:$ORIGIN/..:$ORIGIN/../graftee.libs" in {file.rpath for file in ours.values()}


def test_libpython_is_dropped_by_both(root: Path, tmp_path: Path) -> None:
    """With a warning."""
    wheel = with_extension(tagged(tmp_path / "in"), "--add-needed", "libpython3.11.so.1.0")

    theirs, ours = by_both(wheel, root, tmp_path)

    assert ours == theirs


def test_a_library_with_a_search_path_of_its_own_agrees(root: Path, tmp_path: Path) -> None:
    """A grafted library searches beside itself if it needs another, and nowhere if not."""
    patchelf("--set-rpath", "/usr/lib:/opt", root / "usr/lib/inside/libinner.so.3")

    theirs, ours = by_both(tagged(tmp_path / "in"), root, tmp_path)

    assert ours == theirs


def test_a_library_of_the_wheel_that_needs_others_differs_as_explained(root: Path, tmp_path: Path) -> None:
    """
    auditwheel gives a path to the grafts to whoever reaches one, we to whoever needs one.

    The loader asks the file that needs the library first: the path of the extension module would never be tried.
    """
    wheel = with_extension(tagged(tmp_path / "in"), "--force-rpath", "--set-rpath", "$ORIGIN")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("graftee/libouter.so.1", library("libouter.so.1.2"))
        record = "graftee-1.0.dist-info/RECORD"
        rows = archive.read(record) + b"graftee/libouter.so.1,,\n"
    rewritten(wheel, {record: rows})

    theirs, ours = by_both(wheel, root, tmp_path)

    extension = next(name for name in ours if name.startswith("graftee/_graftee"))
    assert (theirs[extension].rpath, ours[extension].rpath) == ("$ORIGIN:$ORIGIN/../graftee.libs", "$ORIGIN")
    assert {k: v for k, v in theirs.items() if k != extension} == {k: v for k, v in ours.items() if k != extension}


def with_extension(wheel: Path, *arguments: str) -> Path:
    """Return *wheel* after patchelf changed its extension module, and without its program, whose load it may break."""
    with zipfile.ZipFile(wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if ".data/" not in name}
    name = next(name for name in members if name.endswith(".so"))
    scratch = wheel.with_name("extension.so")
    scratch.write_bytes(members[name])
    patchelf(*arguments, scratch)
    members[name] = scratch.read_bytes()
    scratch.unlink()
    record = next(name for name in members if name.endswith("/RECORD"))
    rows = members[record].splitlines(keepends=True)
    members[record] = b"".join(row for row in rows if b".data/" not in row)
    wheel.unlink()
    return rewritten(wheel, members)


def rewritten(wheel: Path, members: dict[str, bytes]) -> Path:
    """Return *wheel* with *members* in the place of its own, which stay otherwise."""
    if wheel.exists():
        with zipfile.ZipFile(wheel) as archive:
            members = {name: archive.read(name) for name in archive.namelist()} | members
    with zipfile.ZipFile(wheel, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    return wheel
