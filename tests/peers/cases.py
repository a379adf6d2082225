"""What auditwheel's integration tests try, in our words: a wheel, a call, and what a user wants to come of it."""

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.peers.run import Case, Result, Setting
from tests.support.cli import musl_audit, wheel
from tests.support.repairs import graftee, patchelf, sysroot, with_extension

ALL = {"libouter", "libmiddle", "libside", "libinner"}
ARCHES = ("x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64", "loongarch64")


def _tagged(directory: Path, arch: str = "x86_64") -> Path:
    """Return the wheel under a name that says musllinux: auditwheel goes by it on a machine that is glibc's."""
    directory.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(graftee(arch), directory / graftee(arch).name.replace("-linux_", "-musllinux_1_2_")))


def _libraries(directory: Path, arch: str = "x86_64") -> str:
    root = sysroot(directory / "root", arch)
    return f"{root}/usr/lib:{root}/usr/lib/inside"


def _plain(directory: Path, *options: str, arch: str = "x86_64", **environment: str) -> Setting:
    paths = ("--ldpaths", _libraries(directory, arch))
    return Setting(_tagged(directory / "in", arch), (*paths, *options), environment=environment)


def _by_rpath(directory: Path) -> Setting:
    """Return a wheel whose libraries lie where its RPATH, and theirs, say."""
    root = sysroot(directory / "root", folder="opt/foo/lib") / "opt/foo/lib"
    patchelf("--set-rpath", "$ORIGIN", root / "libouter.so.1.2")
    patchelf("--set-rpath", "$ORIGIN/inside", root / "libmiddle.so.2.1")
    patchelf("--set-rpath", "$ORIGIN/inside", root / "libside.so")
    source = with_extension(_tagged(directory / "tagged"), directory / "in", "--set-rpath", str(root))
    return Setting(source)


def _by_rpath_of_libraries(directory: Path) -> Setting:
    setting = _by_rpath(directory)
    return Setting(setting.wheel, environment={"LD_LIBRARY_PATH": str(directory / "root/opt/foo/lib")})


def _of_kind(name: str) -> Setting:
    return Setting(wheel(name))


def _keeps_promise(result: Result) -> bool:
    return result.code == 0 and len(result.wheels) == 1 and musl_audit("check", result.wheels[0]).code == 0


def _has_all(result: Result) -> bool:
    return result.code == 0 and result.grafted == ALL


def _lacks_middle(result: Result) -> bool:
    return result.code == 0 and "libouter" in result.grafted and "libmiddle" not in result.grafted


def _left_nothing(result: Result) -> bool:
    return result.code != 0 and not result.wheels


def _in(directory: str) -> Callable[[Result], bool]:
    return lambda result: result.code == 0 and any(name.startswith(f"{directory}/libouter-") for name in result.names)


def _has_script(result: Result) -> bool:
    if not _has_all(result):
        return False
    archive = zipfile.ZipFile(result.wheels[0])
    return archive.read("graftee-1.0.data/scripts/graftee").startswith(b"#!python")


def _has_sbom(result: Result) -> bool:
    return any("/sboms/" in name for name in result.names)


def _is_reproducible(result: Result) -> bool:
    return _has_all(result) and result.again == tuple(path.read_bytes() for path in result.wheels)


def _twice(directory: Path) -> Setting:
    setting = _plain(directory, SOURCE_DATE_EPOCH="1700000000")
    return replace(setting, is_twice=True)


def _grafts_nothing(result: Result) -> bool:
    return result.code == 0 and len(result.wheels) == 1 and not result.grafted


def _keeps_libraries(result: Result) -> bool:
    """Whether the library that the wheel brings is where it was, under its name, and found there."""
    return _keeps_promise(result) and not any(name.startswith("rpath_inside.libs/") for name in result.names)


def _with_two_packages(directory: Path) -> Setting:
    """Return a wheel with two top-level packages, each with an extension that needs the same libraries."""
    setting = _plain(directory)
    with zipfile.ZipFile(setting.wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (extension,) = (name for name in members if name.startswith("graftee/") and name.endswith(".so"))
    (record,) = (name for name in members if name.endswith("/RECORD"))
    second = extension.replace("graftee/", "second/")
    rows = members[record].splitlines(keepends=True)
    rows += [row.replace(b"graftee/", b"second/", 1) for row in rows if row.startswith(extension.encode())]
    target = directory / "two" / setting.wheel.name
    target.parent.mkdir()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in {**members, second: members[extension], record: b"".join(rows)}.items():
            archive.writestr(name, data)
    return replace(setting, wheel=target)


def _serves_both(result: Result) -> bool:
    """Whether one copy of each library serves both packages."""
    libraries = [name for name in result.names if ".libs/" in name]
    return _keeps_promise(result) and result.grafted == ALL and len(libraries) == len(ALL)


def _some_missing(directory: Path) -> Setting:
    """Return a call that finds the first libraries of the chain, and not those that they need."""
    root = sysroot(directory / "root")
    shutil.rmtree(root / "usr/lib/inside")
    return Setting(_tagged(directory / "in"), ("--ldpaths", str(root / "usr/lib")))


def _some_left_out(directory: Path) -> Setting:
    setting = _some_missing(directory)
    for name in ("libouter.so.1.2", "libside.so"):  # else their way to it is kept, and it leads below /tmp here
        patchelf("--remove-rpath", directory / "root/usr/lib" / name)
    left_out = ("--exclude", "libmiddle.so.2", "--exclude", "libinner.so.3")
    return replace(setting, options=(*setting.options, *left_out))


def _has_some(result: Result) -> bool:
    return result.code == 0 and result.grafted == {"libouter", "libside"}


def _is_told(result: Result) -> bool:
    """Whether the user hears of it, and no wheel claims to be plain without that."""
    return "x86-64-v" in result.said or "ISA" in result.said


def _missing(directory: Path) -> Setting:
    (directory / "empty").mkdir()
    return Setting(_tagged(directory / "in"), ("--ldpaths", str(directory / "empty")))


CASES = (
    *(Case(f"libraries three deep, {arch}", partial(_plain, arch=arch), _has_all) for arch in ARCHES),
    Case("the result loads on all that its tag promises", _plain, _keeps_promise),
    Case("libraries found by the RPATH of libraries", _by_rpath_of_libraries, _has_all),
    Case(
        "libraries found by the RPATH of the wheel, on a machine that is not musl's",
        _by_rpath,
        _has_all,
        purpose="a wheel chooses no files of a machine that it was not built on; the refusal says how to add the path",
    ),
    Case("--exclude by soname", lambda path: _plain(path, "--exclude", "libmiddle.so.2"), _lacks_middle),
    Case("--exclude by glob", lambda path: _plain(path, "--exclude", "libmid*.so.[1,2]"), _lacks_middle),
    Case("--exclude by path", lambda path: _plain(path, "--exclude", "*/usr/lib/libmiddle*"), _lacks_middle),
    Case("--lib-sdir .", lambda path: _plain(path, "-L", "."), _in("graftee.")),
    Case("--lib-sdir /lib", lambda path: _plain(path, "-L", "/lib"), _in("graftee/lib")),
    Case("--lib-sdir _libs", lambda path: _plain(path, "-L", "_libs"), _in("graftee_libs")),
    Case("--strip", lambda path: _plain(path, "--strip"), _has_all),
    Case("--no-update-tags", lambda path: _plain(path, "--no-update-tags"), _has_all),
    Case("--plat musllinux_1_2_x86_64", lambda path: _plain(path, "--plat", "musllinux_1_2_x86_64"), _has_all),
    Case("a program behind a script", _plain, _has_script),
    Case("an SBOM without a package database", _plain, _has_sbom),
    Case("a library that is not found leaves nothing", _missing, _left_nothing),
    Case("a wheel that is not there", lambda path: Setting(path / "no-1.0-py3-none-any.whl"), _left_nothing),
    Case("packed relocations", lambda _: _of_kind("packed_relocations_x86_64"), _keeps_promise),
    Case("a wheel that is called pure and is not", lambda _: _of_kind("purelib_with_binaries"), _keeps_promise),
    Case("a wheel that is fine", lambda _: _of_kind("clean_cp311"), _keeps_promise),
    Case("a symbol newer than the promise, which can be added", lambda _: _of_kind("missing_qsort_r"), _keeps_promise),
    Case("a symbol that is in no musl", lambda _: _of_kind("symbol_in_no_musl"), _left_nothing),
    Case("only the first libraries of a chain are found", _some_missing, _left_nothing),
    Case("the rest of a chain is excluded", _some_left_out, _has_some),
    Case("two top-level packages share the libraries", _with_two_packages, _serves_both),
    Case("a library that the wheel has, found by its RPATH", lambda _: _of_kind("rpath_inside"), _keeps_libraries),
    Case("libz of the system", lambda _: _of_kind("libz_allowed"), _grafts_nothing),
    Case(
        "libz of the system, a function newer than its floor",
        lambda _: _of_kind("libz_newer_function"),
        _grafts_nothing,
    ),
    Case("an instruction set above the baseline", lambda _: _of_kind("isa_above_baseline"), _is_told),
    Case(
        "the same with --disable-isa-ext-check",
        lambda _: Setting(wheel("isa_above_baseline"), ("--disable-isa-ext-check",)),
        _grafts_nothing,
    ),
    Case("two runs with SOURCE_DATE_EPOCH", _twice, _is_reproducible),
)
