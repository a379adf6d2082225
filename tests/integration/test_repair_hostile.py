"""Wheels and sysroots that would have a repair take something of this machine, or write where it must not."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from tests.support.cli import musl_audit, wheel
from tests.support.repairs import LINKS, graftee, library, patchelf, repair, repaired, sysroot

OUTER = "usr/lib/libouter.so.1"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return sysroot(tmp_path / "root")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory beside the sysroot, which has a library that would do."""
    directory = tmp_path / "outside"
    directory.mkdir()
    (directory / "libouter.so.1").write_bytes(library("libouter.so.1.2"))
    return directory


def replaced(root: Path, target: str | Path) -> Path:
    """Return *root* with ``libouter.so.1`` a link to *target*."""
    (root / OUTER).unlink()
    (root / OUTER).symlink_to(target)
    return root


def changed(directory: Path, *arguments: str | Path) -> Path:
    """Return a copy of the wheel whose extension module patchelf changed."""
    source, target = graftee(), directory / graftee().name
    directory.mkdir(exist_ok=True)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename.startswith("graftee/_graftee"):
                scratch = directory / "extension.so"
                scratch.write_bytes(data)
                patchelf(*arguments, scratch)
                data = scratch.read_bytes()
                scratch.unlink()
            new.writestr(info, data)
    return target


# --- links and path files of the sysroot


def test_an_absolute_link_begins_at_the_sysroot(root: Path, outside: Path, tmp_path: Path) -> None:
    """As Alpine's /bin/sh: what it names on this machine does not count."""
    (root / "outside").mkdir()
    (root / "outside" / "libouter.so.1").write_bytes(library("libouter.so.1.2"))

    answer = repair(graftee(), tmp_path / "out", "--sysroot", replaced(root, "/outside/libouter.so.1"))

    assert answer.code == 0
    assert "  - copy /outside/libouter.so.1 to " in answer.stdout


@pytest.mark.parametrize(
    "target", ["{outside}/libouter.so.1", "../../../outside/libouter.so.1", "/../../outside/libouter.so.1"]
)
def test_no_link_leads_out_of_the_sysroot(target: str, root: Path, outside: Path, tmp_path: Path) -> None:
    """Neither an absolute one nor any number of ``..``: the library beside the sysroot is not found."""
    answer = repair(graftee(), tmp_path / "out", "--sysroot", replaced(root, target.format(outside=outside)))

    assert (answer.code, [*(tmp_path / "out").iterdir()]) == (1, [])
    assert "libouter.so.1, needed by" in answer.stderr


def test_no_chain_of_links_leads_out_of_the_sysroot(root: Path, outside: Path, tmp_path: Path) -> None:
    """A directory that is a link, which a path then climbs out of."""
    (root / "opt").symlink_to("/")
    (root / "usr" / "far").symlink_to("../opt/../../../..")

    answer = repair(graftee(), tmp_path / "out", "--sysroot", replaced(root, f"../far{outside}/libouter.so.1"))

    assert answer.code == 1


def test_a_circle_of_links_ends(root: Path, tmp_path: Path) -> None:
    """As not found."""
    (root / "usr/lib/libround.so").symlink_to("libouter.so.1")

    answer = repair(graftee(), tmp_path / "out", "--sysroot", replaced(root, "libround.so"))

    assert (answer.code, "libouter.so.1, needed by" in answer.stderr) == (1, True)


def test_the_path_file_is_the_sysroots_and_means_the_sysroot(tmp_path: Path, outside: Path) -> None:
    """``/etc/ld-musl-ARCH.path``: split at colons and line ends; what it names on this machine does not count."""
    root = sysroot(tmp_path / "root", folder="lib/one")
    (root / "etc").mkdir()
    path = root / "etc" / "ld-musl-x86_64.path"

    path.write_text(f"{outside}\n")
    refused = repair(graftee(), tmp_path / "no", "--sysroot", root)
    path.write_text("/none:/lib/one\n/lib/one/inside\nrelative")
    taken = repair(graftee(), tmp_path / "yes", "--sysroot", root)

    assert (refused.code, taken.code) == (1, 0)


def test_an_empty_path_file_means_nowhere(root: Path, tmp_path: Path) -> None:
    """As for the loader."""
    (root / "etc").mkdir()
    (root / "etc" / "ld-musl-x86_64.path").write_text("")

    answer = repair(graftee(), tmp_path / "out", "--sysroot", root)

    assert (answer.code, "libouter.so.1, needed by" in answer.stderr) == (1, True)


def test_a_path_file_that_is_a_link_to_this_machine_is_not_followed(root: Path, tmp_path: Path) -> None:
    """Its target is looked for in the sysroot, where it is not: the default counts."""
    (tmp_path / "mine").write_text("/none")
    (root / "etc").mkdir()
    (root / "etc" / "ld-musl-x86_64.path").symlink_to(tmp_path / "mine")

    assert repair(graftee(), tmp_path / "out", "--sysroot", root).code == 0


# --- what the wheel asks for


@pytest.mark.parametrize("soname", ["/etc/passwd", "../libouter.so.1", "lib\nouter.so", "lib\x1b[2Jouter.so", ".."])
def test_a_need_that_is_no_plain_name_chooses_no_file(soname: str, root: Path, outside: Path, tmp_path: Path) -> None:
    """The loader would open a path as it is; a repair copies nothing by it."""
    source = changed(tmp_path / "in", "--replace-needed", "libouter.so.1", soname)

    answer = repair(source, tmp_path / "out", "--sysroot", root, "--ldpaths", "/usr/lib")

    assert (answer.code, [*(tmp_path / "out").iterdir()]) == (1, [])
    assert "not a plain file name" in answer.stderr
    assert "\x1b" not in answer.stderr


@pytest.mark.parametrize("rpath", ["{outside}", "/", "/usr/lib/../../outside", "$ORIGIN/../../../../../../{outside}"])
def test_a_search_path_of_the_wheel_chooses_no_file_elsewhere(
    rpath: str, root: Path, outside: Path, tmp_path: Path
) -> None:
    """A wheel is believed about the sysroot, and nothing leads out of that; about this machine it is not."""
    (root / OUTER).unlink()
    source = changed(tmp_path / "in", "--force-rpath", "--set-rpath", rpath.format(outside=outside))

    inside = repair(source, tmp_path / "out", "--sysroot", root)
    here = repair(source, tmp_path / "out", "--ldpaths", root / "usr/lib")

    assert (inside.code, here.code) == (1, 1)
    assert "was not searched: add it with --ldpaths" in here.stderr or rpath.startswith("$ORIGIN")


def test_a_search_path_of_the_wheel_counts_below_what_is_searched(tmp_path: Path) -> None:
    """``/usr/lib/deep`` is below ``/usr/lib``; the program, whose own path does not lead there, has a share in it."""
    root = sysroot(tmp_path / "root", folder="usr/lib/deep")
    source = changed(tmp_path / "in", "--force-rpath", "--set-rpath", "/usr/lib/deep")

    for name in ("libmiddle.so.2", "libside.so", "inside"):
        (root / "usr/lib" / name).symlink_to(f"deep/{name}")
    answer = repair(source, tmp_path / "out", "--sysroot", root)

    assert answer.code == 0
    assert "copy /usr/lib/deep/libouter.so.1.2 to" in answer.stdout


def test_glibcs_libraries_are_never_taken(root: Path, tmp_path: Path) -> None:
    """The error names the file and the reason; on Debian this is what stands in ``/usr/lib``."""
    patchelf("--add-needed", "libc.so.6", root / "usr/lib/libouter.so.1.2")

    answer = repair(graftee(), tmp_path / "out", "--sysroot", root)

    assert answer.code == 1
    assert "/usr/lib/libouter.so.1.2 is built for glibc (it needs libc.so.6), so it is not taken" in answer.stderr


def test_a_library_for_another_architecture_is_not_taken(root: Path, tmp_path: Path) -> None:
    """musl's loader would map it and crash; the search ends there, as the loader's does."""
    (root / "usr/lib/libouter.so.1.2").write_bytes(library("libouter.so.1.2", "aarch64"))

    answer = repair(graftee(), tmp_path / "out", "--sysroot", root)

    assert (answer.code, "/usr/lib/libouter.so.1.2 is for another architecture than x86_64" in answer.stderr) == (
        1,
        True,
    )


@pytest.mark.parametrize("kind", ["fifo", "directory", "text", "device"])
def test_only_a_regular_file_is_taken(kind: str, root: Path, tmp_path: Path) -> None:
    """And one that our reader accepts; a pipe is not waited for."""
    path = root / "usr/lib/libouter.so.1.2"
    path.unlink()
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "directory":
            path.mkdir()
        case "text":
            path.write_text("GROUP ( libouter.so )")
        case _:
            path.symlink_to("/dev/zero")

    answer = repair(graftee(), tmp_path / "out", "--sysroot", root)

    assert (answer.code, "libouter.so.1, needed by" in answer.stderr) == (1, True)


def test_a_file_name_that_cannot_be_told_is_not_copied(root: Path, tmp_path: Path) -> None:
    """What a link of the sysroot leads to becomes a member's name."""
    hostile = root / "usr/lib" / "lib\nouter.so"
    hostile.write_bytes(library("libouter.so.1.2"))

    answer = repair(graftee(), tmp_path / "out", "--sysroot", replaced(root, hostile.name))

    assert (answer.code, "not a plain file name" in answer.stderr) == (1, True)


def test_nothing_of_this_machine_is_taken_without_being_named(tmp_path: Path) -> None:
    """On a machine that is not musl's there is no search path: ``/usr/lib`` here is glibc's."""
    answer = repair(graftee(), tmp_path / "out")

    assert answer.code == 1
    assert "needed by" in answer.stderr


def test_named_directories_of_this_machine_are_searched(root: Path, tmp_path: Path) -> None:
    """``--ldpaths`` replaces the search path, ``LD_LIBRARY_PATH`` and ``AUDITWHEEL_LD_LIBRARY_PATH`` add to it."""
    paths = f"{root / 'usr/lib'}:{root / 'usr/lib/inside'}"

    by_option = repair(graftee(), tmp_path / "one", "--ldpaths", paths)
    by_variable = repair(graftee(), tmp_path / "two", LD_LIBRARY_PATH=paths)
    by_the_other = repair(graftee(), tmp_path / "three", AUDITWHEEL_LD_LIBRARY_PATH=paths)
    replacing = repair(graftee(), tmp_path / "four", "--ldpaths", "/none", LD_LIBRARY_PATH=paths)

    assert [answer.code for answer in (by_option, by_variable, by_the_other, replacing)] == [0, 0, 0, 1]


def test_relative_ldpaths_mean_the_working_directory(root: Path, tmp_path: Path) -> None:
    """Without a sysroot; with one they are refused, for there they could only mean the sysroot."""
    relative = "root/usr/lib:root/usr/lib/inside"

    here = musl_audit("repair", "--ldpaths", relative, graftee(), cwd=tmp_path)
    inside = musl_audit("repair", "--sysroot", root, "--ldpaths", relative, graftee(), cwd=tmp_path)

    assert (here.code, inside.code) == (0, 2)


# --- where the result goes


@pytest.mark.parametrize("name", ["absolute", "backslash", "device", "symlink", "traversal", "traversal_inside"])
def test_a_hostile_wheel_never_writes_outside(name: str, tmp_path: Path) -> None:
    """Nothing is ever unpacked by the names of its members; such a wheel is refused whatever else is in it."""
    answer = repair(wheel(f"unsafe_{name}"), tmp_path / "sub" / "out")

    assert (answer.code, [path.name for path in tmp_path.iterdir()]) == (1, ["sub"])
    assert not [*(tmp_path / "sub" / "out").iterdir()]


@pytest.mark.parametrize(
    "name", ["..-1.0-cp311-cp311-linux_x86_64.whl", "a b-1.0-cp311-cp311-linux_x86_64.whl", "x.whl"]
)
def test_a_name_that_is_no_wheels_is_refused(name: str, root: Path, tmp_path: Path) -> None:
    """Where the libraries go is made from it."""
    source = tmp_path / name
    shutil.copyfile(graftee(), source)

    answer = repair(source, tmp_path / "out", "--sysroot", root)

    assert (answer.code, [*(tmp_path / "out").iterdir()]) == (1, [])


def test_a_name_of_too_many_tags_is_refused(root: Path, tmp_path: Path) -> None:
    """Each combination would be a line of WHEEL: millions here."""
    many = ".".join("abcdefghijklmnopqrstuvwxyz0123456789")
    source = tmp_path / f"graftee-1.0-{many}-{many}-linux_x86_64.a.b.c.d.whl"
    shutil.copyfile(graftee(), source)

    answer = repair(source, tmp_path / "out", "--sysroot", root)

    assert answer.code == 1


def test_a_member_in_the_way_of_a_graft_is_not_replaced(root: Path, tmp_path: Path) -> None:
    """Whatever put it there."""
    member = next(
        name
        for name in zipfile.ZipFile(repaired(graftee(), tmp_path / "x", "--sysroot", root)).namelist()
        if "libouter" in name
    )
    source = tmp_path / graftee().name
    shutil.copyfile(graftee(), source)
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr(member.upper().replace("GRAFTEE.LIBS", "graftee.libs"), "text")

    answer = repair(source, tmp_path / "out", "--sysroot", root)

    assert (answer.code, "the wheel has another file where it would go" in answer.stderr) == (1, True)


def test_a_hundred_libraries_in_a_row_are_grafted(tmp_path: Path) -> None:
    """Depth is no recursion."""
    root = sysroot(tmp_path / "root")
    libraries = root / "usr/lib"
    chain = [libraries / f"libchain{number}.so" for number in range(100)]
    for path, following in zip(chain, [*chain[1:], libraries / "libside.so"], strict=True):
        path.write_bytes(library("libside.so"))
        patchelf("--replace-needed", "libinner.so.3", following.name, path)
    (libraries / LINKS["libouter.so.1"]).write_bytes(library("libouter.so.1.2"))
    patchelf("--add-needed", chain[0].name, libraries / LINKS["libouter.so.1"])

    result = repaired(graftee(), tmp_path / "out", "--sysroot", root)

    assert sum("libchain" in name for name in zipfile.ZipFile(result).namelist()) == 100
