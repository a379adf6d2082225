"""What auditwheel's integration tests try, in our words: a wheel, a call, and what a user wants to come of it."""

import shutil
import zipfile
from collections.abc import Callable
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
    Case("a symbol newer than the promise", lambda _: _of_kind("missing_qsort_r"), _left_nothing),
)
