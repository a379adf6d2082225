"""Where ``repair`` finds libraries, and which it leaves to the user."""

import json
import zipfile
from pathlib import Path

import jsonschema
import pytest
from tests.support.cli import SCHEMAS, musl_audit
from tests.support.repairs import (
    graftee,
    library,
    patchelf,
    read_elves,
    repair,
    repaired,
    sysroot,
    with_extension,
)


def elsewhere(directory: Path, folder: str = "opt/foo/lib") -> Path:
    """Return a system that has the libraries in *folder* alone, found by the RPATHs of those who need them."""
    root = sysroot(directory, folder=folder)
    patchelf("--set-rpath", "$ORIGIN", root / folder / "libouter.so.1.2")
    patchelf("--set-rpath", "$ORIGIN/inside", root / folder / "libmiddle.so.2.1")
    return root


def looking(tmp_path: Path, *paths: str, kind: str = "--force-rpath") -> Path:
    """Return the wheel whose extension module, its only binary, searches *paths*."""
    arguments = ([kind] if kind == "--force-rpath" else []) + ["--set-rpath", ":".join(paths)]
    return with_extension(graftee(), tmp_path / "in", *arguments)


def grafted(wheel: Path) -> set[str]:
    """Return the libraries in *wheel*, without digests."""
    names = (name for name in zipfile.ZipFile(wheel).namelist() if ".libs/" in name)
    return {name.rpartition("/")[2].partition("-")[0] for name in names}


def rpath(wheel: Path, directory: Path) -> str:
    elves = read_elves(wheel, directory)
    return patchelf("--print-rpath", next(path for name, path in elves.items() if "/_graftee" in name))


ALL = {"libouter", "libmiddle", "libside", "libinner"}


@pytest.mark.parametrize("kind", ["--force-rpath", "runpath"])
def test_libraries_are_found_where_the_linker_found_them(kind: str, tmp_path: Path) -> None:
    """By RPATH or RUNPATH of the wheel's own files, then by those of what was found, with ``$ORIGIN`` where it lies."""
    root = elsewhere(tmp_path / "root")

    result = repaired(looking(tmp_path, "/opt/foo/lib", kind=kind), tmp_path / "out", "--sysroot", root)

    assert grafted(result) == ALL
    assert rpath(result, tmp_path / "unpacked") == "$ORIGIN/../graftee.libs"


def test_elsewhere_the_path_that_was_not_searched_is_told(tmp_path: Path) -> None:
    """And the way to add it; a wheel chooses no files of a machine that it was not built on."""
    root = elsewhere(tmp_path / "root")
    directory = str(root / "opt/foo/lib")
    source = looking(tmp_path, directory)

    refused = repair(source, tmp_path / "out", LD_LIBRARY_PATH="/none")
    added = repair(source, tmp_path / "out", LD_LIBRARY_PATH=directory)

    assert refused.code == 1
    assert f"RPATH {directory} was not searched: add it with LD_LIBRARY_PATH" in refused.stderr
    assert added.code == 0


def test_what_was_passed_over_is_told_when_asked(tmp_path: Path) -> None:
    """Each candidate, and why, with ``-v``."""
    root = elsewhere(tmp_path / "root")
    (root / "usr/wrong").mkdir(parents=True)
    (root / "usr/wrong/libouter.so.1").write_bytes(library("libouter.so.1.2", "aarch64"))
    source = looking(tmp_path, "/none", "/usr/wrong", "/opt/foo/lib")

    quiet = repair(source, tmp_path / "one", "--sysroot", root)
    verbose = repair(source, tmp_path / "two", "--sysroot", root, "-v")

    assert "passed over" not in quiet.stdout
    assert "passed over /none/libouter.so.1: /none does not exist" in verbose.stdout
    assert "passed over /usr/wrong/libouter.so.1 is for another architecture than x86_64" in verbose.stdout


@pytest.mark.parametrize(
    ("glob", "left"),
    [
        ("libmiddle.so.[1,2]", ALL - {"libmiddle"}),
        ("/opt/foo*", set()),
        ("/opt/foo/lib/libmiddle*", ALL - {"libmiddle"}),
        ("libside.so,libmiddle.so.2", {"libouter"}),
    ],
)
def test_an_exclusion_means_a_soname_or_the_path_where_it_is_found(glob: str, left: set[str], tmp_path: Path) -> None:
    """What is left outside is listed, and is no finding."""
    root = elsewhere(tmp_path / "root")
    patchelf("--set-rpath", "$ORIGIN/inside", root / "opt/foo/lib/libside.so")

    answer = repair(looking(tmp_path, "/opt/foo/lib"), tmp_path / "out", "--sysroot", root, "--exclude", glob)

    assert answer.code == 0, answer.stderr
    (result,) = (tmp_path / "out").iterdir()
    assert grafted(result) == left
    assert "left outside: lib" in answer.stdout
    assert "matched no library" not in answer.stderr


def test_an_excluded_library_keeps_its_way(tmp_path: Path) -> None:
    """The path that leads there stays, in the wheel's file and in the grafted one that needs it."""
    root = elsewhere(tmp_path / "root")
    source = looking(tmp_path, "/opt/foo/lib")

    all_out = repaired(source, tmp_path / "one", "--sysroot", root, "--exclude", "libouter.so.1")
    some_out = repaired(source, tmp_path / "two", "--sysroot", root, "--exclude", "libmiddle.so.2")

    assert rpath(all_out, tmp_path / "a") == "/opt/foo/lib"
    assert rpath(some_out, tmp_path / "b") == "/opt/foo/lib:$ORIGIN/../graftee.libs"
    outer = next(path for name, path in read_elves(some_out, tmp_path / "c").items() if "libouter" in name)
    assert patchelf("--print-rpath", outer) == "$ORIGIN:/opt/foo/lib"


def test_a_glob_that_means_nothing_is_warned_about(tmp_path: Path) -> None:
    """By each command that has it."""
    root = elsewhere(tmp_path / "root")
    source = looking(tmp_path, "/opt/foo/lib")

    answers = [
        repair(source, tmp_path / "out", "--sysroot", root, "--exclude", "libnone.so*"),
        musl_audit("show", "--exclude", "libnone.so*", source),
        musl_audit("check", "--exclude", "libnone.so*", source),
    ]

    assert all("warning: --exclude 'libnone.so*' matched no library" in answer.stderr for answer in answers)


def test_a_path_that_the_wheel_searches_is_excluded_by_show_and_check(tmp_path: Path) -> None:
    """Neither looks at a machine: what the file says about its search counts."""
    source = looking(tmp_path, "/opt/foo/lib")

    answer = musl_audit("check", "--exclude", "/opt/foo*", "--select", "MUSL202", source)

    assert answer.code == 0
    assert "matched no library" not in answer.stderr


def test_what_is_missing_may_be_left_to_the_user(tmp_path: Path) -> None:
    """``--ignore-missing-dependencies``: a warning each, and the rest is done."""
    root = elsewhere(tmp_path / "root")
    (root / "opt/foo/lib/libside.so").unlink()

    answer = repair(
        looking(tmp_path, "/opt/foo/lib"),
        tmp_path / "out",
        "--sysroot",
        root,
        "--ignore-missing-dependencies",
        "--json",
    )

    assert answer.code == 0, answer.stderr
    jsonschema.validate(answer.json, json.loads((SCHEMAS / "repair.schema.json").read_text()))
    (row,) = answer.json["wheels"]  # type: ignore[misc]
    assert [library["soname"] for library in row["left_out"]] == ["libside.so"]  # type: ignore[has-type]
    assert row["notes"][0].startswith("left outside: libside.so, needed by /opt/foo/lib/libouter.so.1.2: not found")  # type: ignore[has-type]


@pytest.mark.parametrize("name", ["libside.so", "/usr/lib/libside.so"])
def test_a_library_that_is_opened_by_path_is_included(name: str, tmp_path: Path) -> None:
    """With all that it needs, under its own name, and the place is told."""
    root = sysroot(tmp_path / "root")
    source = looking(tmp_path, "$ORIGIN")

    answer = repair(source, tmp_path / "out", "--sysroot", root, "--exclude", "libouter.so.1", "--include", name)

    assert answer.code == 0, answer.stderr
    (result,) = (tmp_path / "out").iterdir()
    assert "graftee.libs/libside.so" in zipfile.ZipFile(result).namelist()
    assert grafted(result) == {"libside.so", "libinner"}
    assert "libside.so is opened from graftee.libs/libside.so" in answer.stdout


def test_what_is_to_be_included_must_be_there(tmp_path: Path) -> None:
    """One line, and nothing is written."""
    answer = repair(graftee(), tmp_path / "out", "--sysroot", sysroot(tmp_path / "root"), "--include", "libnone.so")

    assert (answer.code, list((tmp_path / "out").iterdir())) == (1, [])
    assert "libnone.so, asked for by --include: not found in" in answer.stderr


def test_a_search_path_of_20_000_entries_and_one_that_loops(tmp_path: Path) -> None:
    """Are searched to the end; what is told of them is one line."""
    root = elsewhere(tmp_path / "root")
    (root / "loop").symlink_to("loop")
    entries = ":".join(f"/{number}" for number in range(20_000))  # more do not fit into an argument
    patchelf("--set-rpath", f"/loop:$ORIGIN/inside:{entries}", root / "opt/foo/lib/libside.so")

    answer = repair(looking(tmp_path, "/opt/foo/lib"), tmp_path / "out", "--sysroot", root)

    assert answer.code == 0, answer.stderr
    (root / "opt/foo/lib/inside/libinner.so.3").unlink()
    failed = repair(looking(tmp_path, "/opt/foo/lib"), tmp_path / "none", "--sysroot", root)
    assert failed.code == 1
    assert max(map(len, failed.stderr.splitlines())) < 500
