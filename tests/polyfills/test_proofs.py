"""
Every polyfill held against libc's own, by a C program under musl's own loaders, on every architecture.

``prove`` is compiled here: by musl-gcc for this machine, by ziglang for the others, which run under qemu. Where the
oldest release that a floor allows has no such function, it is held against what the function is specified to do.
"""

import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.cli import ROOT
from tests.support.loaders import Loader, all_loaders, what_is_missing
from tests.support.values import catalog

from musl_audit.adapters.polyfills import ShippedPolyfills

HERE = Path(__file__).parent
SOURCES = sorted(HERE.glob("*.c"))
SYMBOLS = tuple(sorted(catalog().polyfills.by_symbol))
# The system calls that sandboxes and old kernels do not know, as a filter of system calls has them answer.
FILTERED = [
    *(("statx", mode) for mode in ("ENOSYS", "EPERM")),
    *((symbol, "ENOSYS") for symbol in ("preadv2", "pwritev2", "renameat2")),
]
CASES = [*((symbol, "") for symbol in SYMBOLS), *FILTERED]
TRIPLES = {
    "i686": "x86-linux-musl",
    "aarch64": "aarch64-linux-musl",
    "armv7l": "arm-linux-musleabihf",
    "ppc64le": "powerpc64le-linux-musl",
    "s390x": "s390x-linux-musl",
    "riscv64": "riscv64-linux-musl",
}
NEWEST = Loader("x86_64", "1.2.6", HERE / "ld-musl-1.2.6-x86_64.so")  # the first with renameat2 and posix_getdents
FILTERS_NOTHING = 77  # the exit code where the kernel lets nobody filter system calls
OPTIONS = ("-O1", "-w", "-D_GNU_SOURCE")


def oldest(arch: str) -> Loader:
    """Return the loader of the oldest release that a floor allows, of those that there are."""
    return next(loader for loader in all_loaders() if loader.arch == arch)


def library(symbol: str, arch: str) -> Path:
    """Return where the polyfill lies that is shipped."""
    row = catalog().polyfills.by_symbol[symbol]
    return ROOT / "polyfills" / "built" / arch / ShippedPolyfills(catalog().arches[arch]).find(row.library).name


@cache
def program(arch: str, directory: Path) -> Path:
    """Return ``prove`` for *arch*, compiled into *directory*."""
    target = directory / f"prove-{arch}"
    if arch == "x86_64":
        headers = ("-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu")
        command: list[str | Path] = ["musl-gcc", *OPTIONS, *headers, "-o", target, *SOURCES]
    else:
        zig = [sys.executable, "-m", "ziglang", "cc", "-target", TRIPLES[arch], "-dynamic"]
        command = [*zig, "-fno-sanitize=all", *OPTIONS, "-o", target, *SOURCES]
    subprocess.run(command, check=True, timeout=600)
    return target


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where programs of this session are compiled to."""
    return tmp_path_factory.mktemp("prove")


def prove(loader: Loader, compiled: Path, scratch: Path, symbol: str, mode: str = "") -> None:
    """Run the proof of *symbol* under *loader*."""
    ldso = Path(shutil.copyfile(loader.path, scratch / loader.name))
    ldso.chmod(0o755)
    emulated = ("emulated",) if loader.runner else ()
    proof = (program(loader.arch, compiled), symbol, library(symbol, loader.arch), mode, *emulated)
    command: list[str | Path] = [*loader.runner, ldso, *proof]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode == FILTERS_NOTHING:
        pytest.skip("this kernel lets nobody filter system calls")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("loader", [oldest("x86_64"), NEWEST], ids=str)
@pytest.mark.parametrize(("symbol", "mode"), CASES)
def test_a_polyfill_does_what_libc_does(
    symbol: str, mode: str, loader: Loader, compiled: Path, tmp_path: Path, miss: Miss
) -> None:
    """Results, errno, and what is left alone, over inputs of chance and at the edges; threads by the ten thousand."""
    if shutil.which("musl-gcc") is None:
        miss("musl-gcc")
    if what_is_missing(oldest("x86_64")) or oldest("x86_64").runner:
        miss("loaders")

    prove(loader, compiled, tmp_path, symbol, mode)


@pytest.mark.parametrize("arch", TRIPLES)
def test_each_architecture_loads_and_runs_them(arch: str, compiled: Path, tmp_path: Path, miss: Miss) -> None:
    """Under the loader of the oldest release that the floor allows; emulated, but for i686, which filters, too."""
    loader = oldest(arch)
    if need := what_is_missing(loader):
        miss(need)
    if find_spec("ziglang") is None:
        miss("ziglang")

    for symbol, mode in [(symbol, "") for symbol in SYMBOLS] if loader.runner else CASES:
        prove(loader, compiled, tmp_path, symbol, mode)


def test_loongarch64_runs_them(compiled: Path, miss: Miss) -> None:
    """Linked statically out of the same sources: no loader for it runs under qemu 7.2, whose processor has no LSX."""
    if shutil.which("qemu-loongarch64-static") is None:
        miss("qemu")
    if find_spec("ziglang") is None:
        miss("ziglang")
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", "loongarch64-linux-musl", "-mcpu=baseline-lsx"]
    objects = [compiled / f"{symbol}.o" for symbol in SYMBOLS]
    for symbol, target in zip(SYMBOLS, objects, strict=True):
        source = ROOT / "polyfills" / f"{symbol}.c"
        subprocess.run([*zig, "-Os", "-w", f"-D{symbol}=proved_{symbol}", "-c", source, "-o", target], check=True)
    linked = compiled / "prove-loongarch64"
    command: list[str | Path] = [
        *zig,
        "-static",
        "-fno-sanitize=all",
        "-DIS_STATIC",
        *OPTIONS,
        "-o",
        linked,
        *SOURCES,
        *objects,
    ]
    subprocess.run(command, check=True, timeout=900)

    for symbol in SYMBOLS:
        command = ["qemu-loongarch64-static", linked, symbol, "-", "", "emulated"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert (symbol, done.returncode, done.stdout, done.stderr) == (symbol, 0, "", "")


def test_the_same_sources_give_the_same_bytes(tmp_path: Path, miss: Miss) -> None:
    """What is reviewed in ``polyfills/`` is what ships: every library and every digest, built anew."""
    if find_spec("ziglang") is None:
        miss("ziglang")
    subprocess.run([sys.executable, ROOT / "polyfills" / "build.py", tmp_path], check=True, timeout=600)

    built, shipped = tmp_path / "built", ROOT / "polyfills" / "built"
    assert {path.relative_to(built): path.read_bytes() for path in built.rglob("*") if path.is_file()} == {
        path.relative_to(shipped): path.read_bytes() for path in shipped.rglob("*") if path.is_file()
    }
