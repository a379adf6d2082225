"""Repaired wheels are installed by pip, imported and called under a real musl CPython of three releases."""

import subprocess
import zipfile
from pathlib import Path

import pip
import pytest
from tests.conftest import Miss
from tests.support.cli import ROOT
from tests.support.installed_wheels import ask_wheel, installed
from tests.support.loaders import Loader, all_loaders, what_is_missing
from tests.support.musl_python import RELEASES, musl_python, run
from tests.support.repairs import INPUTS, graftee, patchelf, repaired, sysroot, thrower

from musl_audit.elf import read_elf

FOREIGN = ("i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64")
FETCHED = [ROOT / ".cache" / name for name in ("corpus", "real")]


def install(wheel: Path, python: Path, prefix: Path) -> Path:
    """Let pip under the musl Python install *wheel*, and return its site-packages."""
    tools = prefix / "tools"
    tools.mkdir(parents=True)
    (tools / "pip").symlink_to(Path(pip.__file__).parent)
    options = ("--no-index", "--no-deps", "--quiet", "--root-user-action=ignore", "--prefix", prefix)
    done = run(python, "-m", "pip", "install", *options, wheel, path=tools)
    assert done.returncode == 0, done.stderr
    return prefix / "lib" / "python3.11" / "site-packages"


@pytest.mark.parametrize("release", RELEASES)
def test_a_repaired_extension_is_imported_and_answers(release: str, tmp_path: Path, miss: Miss) -> None:
    """Libraries three deep, one with packed relocations, which 1.2.2 and 1.2.3 do not apply."""
    python = musl_python(release, miss)
    result = repaired(graftee(), tmp_path / "out", "--sysroot", sysroot(tmp_path / "root"))

    site = install(result, python, tmp_path / "prefix")
    done = run(python, "-c", "import graftee; print(graftee.probe())", path=site)

    assert (done.returncode, done.stdout) == (0, "78\n"), done.stderr


@pytest.mark.parametrize("release", RELEASES)
def test_an_unrepaired_extension_is_not_imported(release: str, tmp_path: Path, miss: Miss) -> None:
    """Nobody has the library: this is what the repair is for."""
    python = musl_python(release, miss)
    with zipfile.ZipFile(graftee()) as archive:
        archive.extractall(tmp_path)

    done = run(python, "-c", "import graftee", path=tmp_path)

    assert done.returncode == 1
    assert "Error loading shared library libouter.so.1: No such file or directory" in done.stderr


def test_without_mending_the_extension_crashes_on_an_old_release(tmp_path: Path, miss: Miss) -> None:
    """The graft alone does not do: the packed relocations of the grafted library are ignored before 1.2.4."""
    python = musl_python("1.2.2", miss)
    options = ("--sysroot", sysroot(tmp_path / "root"), "--no-fix", "--floor", "1.2.4")
    result = repaired(graftee(), tmp_path / "out", *options)

    site = install(result, python, tmp_path / "prefix")
    done = run(python, "-c", "import graftee; print(graftee.probe())", path=site)

    assert done.returncode == -11, done.stdout + done.stderr


def test_a_program_runs_from_behind_its_shim(tmp_path: Path, miss: Miss) -> None:
    """No path leads from ``bin`` to the wheel's libraries, so a script starts the program where one does."""
    python = musl_python("1.2.2", miss)
    result = repaired(graftee(), tmp_path / "out", "--sysroot", sysroot(tmp_path / "root"))
    site = install(result, python, tmp_path / "prefix")
    # This machine need not have musl's loader where the program wants it.
    loader = patchelf("--print-interpreter", python)
    patchelf("--set-interpreter", loader, site / "graftee.scripts" / "graftee")

    done = run(tmp_path / "prefix" / "bin" / "graftee", "hello", path=site)

    assert (done.returncode, done.stdout) == (0, "78 hello\n"), done.stderr


@pytest.mark.parametrize("release", RELEASES)
def test_an_exception_is_caught_through_a_grafted_runtime(release: str, tmp_path: Path, miss: Miss) -> None:
    """libstdc++ and libgcc_s as Alpine has them, with packed relocations, taken from a real wheel."""
    python = musl_python(release, miss)
    root = runtime(tmp_path / "root", miss)
    result = repaired(thrower(), tmp_path / "out", "--sysroot", root)

    site = install(result, python, tmp_path / "prefix")
    done = run(python, "-c", "import thrower; print(thrower.probe())", path=site)

    unpacked = [
        path.name for path in site.glob("thrower.libs/*") if not read_elf(path.read_bytes(), "").packed_relocations
    ]
    assert {name.partition("-")[0] for name in unpacked} == {"libgcc_s", "libstdc++"}
    assert (done.returncode, done.stdout) == (0, "78\n"), done.stderr


@pytest.mark.parametrize(("release", "becomes"), [("1.2.2", -11), ("1.2.3", -11), ("1.2.5", 0)])
def test_the_same_runtime_crashes_where_it_stays_packed(release: str, becomes: int, tmp_path: Path, miss: Miss) -> None:
    """So it is the unpacking that lets exceptions be caught."""
    python = musl_python(release, miss)
    root = runtime(tmp_path / "root", miss)
    options = ("--sysroot", root, "--no-fix", "--floor", "1.2.4")
    result = repaired(thrower(), tmp_path / "out", *options)

    site = install(result, python, tmp_path / "prefix")
    done = run(python, "-c", "import thrower; print(thrower.probe())", path=site)

    assert done.returncode == becomes, done.stderr


def runtime(root: Path, miss: Miss) -> Path:
    """Make *root* a system with the C++ runtime out of a real wheel, under its names on Alpine."""
    found = (path for folder in FETCHED for path in folder.glob("greenlet-3.5.6-*-musllinux_1_2_x86_64.whl"))
    wheel = next(found, None)
    if wheel is None:
        miss("real")
    assert wheel is not None
    libraries = root / "usr" / "lib"
    libraries.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        members = [name for name in archive.namelist() if ".libs/" in name and not name.endswith("/")]
        for name in members:
            hashed = name.rpartition("/")[2]
            base, _, rest = hashed.partition(".")
            (libraries / f"{base.rpartition('-')[0]}.{rest}").write_bytes(archive.read(name))
    gcc, cxx = libraries / "libgcc_s.so.1", next(libraries.glob("libstdc++.so.6*"))
    patchelf("--set-soname", "libgcc_s.so.1", gcc)
    hashed = next(name.rpartition("/")[2] for name in members if "libgcc_s" in name)
    patchelf("--set-soname", "libstdc++.so.6", "--replace-needed", hashed, "libgcc_s.so.1", "--remove-rpath", cxx)
    if cxx.name != "libstdc++.so.6":
        (libraries / "libstdc++.so.6").symlink_to(cxx.name)
    return root


def loaders() -> list[Loader]:
    return [loader for loader in all_loaders() if loader.arch in FOREIGN]


@pytest.mark.parametrize("loader", loaders(), ids=str)
def test_a_repaired_wheel_of_another_architecture_is_loaded(loader: Loader, tmp_path: Path, miss: Miss) -> None:
    """The same wheel, repaired here, opened by the loader of its own architecture; its constructors run."""
    if need := what_is_missing(loader):
        miss(need)
    root = sysroot(tmp_path / "root", loader.arch)
    result = repaired(graftee(loader.arch), tmp_path / "out", "--sysroot", root)

    answer = ask_wheel(loader, tmp_path / "prefix", installed(result, loader.arch, tmp_path / "prefix"))

    assert answer.loads, answer.refusals


@pytest.mark.parametrize("loader", loaders(), ids=str)
def test_an_unrepaired_wheel_of_another_architecture_is_refused(loader: Loader, tmp_path: Path, miss: Miss) -> None:
    """For want of the library."""
    if need := what_is_missing(loader):
        miss(need)
    wheel = graftee(loader.arch)

    answer = ask_wheel(loader, tmp_path, installed(wheel, loader.arch, tmp_path))

    assert not answer.loads


def test_the_inputs_are_all_there() -> None:
    """One wheel and four libraries for each architecture that a wheel may be for."""
    found = {path.name: len(list(path.glob("lib*"))) for path in INPUTS.iterdir() if path.is_dir()}

    assert {arch: found[arch] for arch in (*FOREIGN, "x86_64", "loongarch64")} == dict.fromkeys(
        (*FOREIGN, "x86_64", "loongarch64"), 4
    )


def test_the_loader_lists_what_the_repaired_wheel_maps(tmp_path: Path, miss: Miss) -> None:
    """``ld-musl --list`` with the interpreter in front finds every library inside the wheel."""
    python = musl_python("1.2.5", miss)
    result = repaired(graftee(), tmp_path / "out", "--sysroot", sysroot(tmp_path / "root"))
    site = install(result, python, tmp_path / "prefix")
    loader = patchelf("--print-interpreter", python)
    extension = next(site.glob("graftee/_graftee*.so"))

    done = subprocess.run(
        [loader, "--preload", python, "--list", extension], capture_output=True, text=True, check=False
    )

    mapped = [
        line.split(" => ")[1].partition(" (")[0] for line in done.stdout.splitlines() if "-" in line and " => " in line
    ]
    ours = {Path(path).resolve().parent.name for path in mapped if "graftee" in path}
    assert (done.returncode, ours) == (0, {"graftee.libs"}), done.stdout + done.stderr
