"""
Build the libraries that ``repair`` adds, for every architecture that their rows in ``policies/polyfills.json`` name.

``python polyfills/build.py [DIRECTORY]`` writes ``built/ARCH/libmusl-polyfill-SYMBOL-DIGEST.so``, and their digests to
``built/SHA256SUMS``, below DIRECTORY, by default this one. It needs the group ``polyfills`` of pyproject.toml, whose
``ziglang`` brings the compiler, the linker and the kernel's headers. The same sources give the same bytes everywhere.

DIGEST is the beginning of the SHA-256 of the library with zeros in its place: a library tells which one it is, and
two wheels never mean different ones by the same name.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
POLICIES = HERE.parent / "policies"
ZEROS = "00000000"
COMPILE = (
    *("-std=c11", "-Wall", "-Wextra", "-Werror", "-Os", "-fPIC", "-fvisibility=hidden", "-ffunction-sections"),
    # Nothing that asks for more than libc's oldest functions: no canaries, no sanitizer. No unwind tables: musl's own
    # functions have none, and on ARM they refer to symbols of the compiler's run-time library.
    *("-fno-stack-protector", "-fno-sanitize=all", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables"),
    *("-fno-ident", "-g0"),
)
# Both hash tables and no packed relocations, so that every musl since 1.1.0 can load it; pages of 64 KiB, as some
# kernels for aarch64 and ppc64le have.
LINK = (
    *("-shared", "--no-as-needed", "--gc-sections", "--strip-all", "--build-id=none", "--hash-style=both"),
    *("-z", "now", "-z", "noexecstack", "-z", "max-page-size=65536", "-z", "relro"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """What the compiler and the linker call an architecture, and what its processors have at least."""

    triple: str
    emulation: str
    options: tuple[str, ...] = ()


TARGETS = {
    "x86_64": Target("x86_64-linux-musl", "elf_x86_64"),
    "i686": Target("x86-linux-musl", "elf_i386", ("-mcpu=i686",)),
    "aarch64": Target("aarch64-linux-musl", "aarch64linux"),
    "armv7l": Target("arm-linux-musleabihf", "armelf_linux_eabi"),
    "ppc64le": Target("powerpc64le-linux-musl", "elf64lppc"),
    "s390x": Target("s390x-linux-musl", "elf64_s390"),
    "riscv64": Target("riscv64-linux-musl", "elf64lriscv"),
    "loongarch64": Target("loongarch64-linux-musl", "elf64loongarch", ("-mcpu=baseline-lsx",)),  # not all have vectors
}


def main(destination: Path) -> None:
    """Build them all into ``built`` below *destination*."""
    rows = json.loads((POLICIES / "polyfills.json").read_text(encoding="utf-8"))["polyfills"]
    built = destination / "built"
    shutil.rmtree(built, ignore_errors=True)
    sums = []
    for arch in sorted(TARGETS):
        (built / arch).mkdir(parents=True)
        with tempfile.TemporaryDirectory() as scratch:
            libc = _libc(arch, Path(scratch))
            for symbol in sorted(row["symbol"] for row in rows if arch in row["architectures"]):
                name, data = _library(symbol, arch, libc, Path(scratch))
                (built / arch / name).write_bytes(data)
                sums.append(f"{hashlib.sha256(data).hexdigest()}  {arch}/{name}\n")
    (built / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def _libc(arch: str, scratch: Path) -> Path:
    """Return an empty library with the name of Alpine's libc, which musl's loader takes for libc wherever it runs."""
    sonames = json.loads((POLICIES / "arch" / f"{arch}.json").read_text(encoding="utf-8"))["libc_sonames"]
    source, stub = scratch / "empty.c", scratch / "libc.so"
    source.write_text("", encoding="utf-8")
    _link(arch, _compiled(arch, source), stub, sonames[-1])
    return stub


def _library(symbol: str, arch: str, libc: Path, scratch: Path) -> tuple[str, bytes]:
    """Return the name of the library that defines *symbol*, and its bytes."""
    soname = f"libmusl-polyfill-{symbol}-{ZEROS}.so"
    linked = scratch / soname
    _link(arch, _compiled(arch, HERE / f"{symbol}.c", scratch), linked, soname, libc)
    data = linked.read_bytes()
    if data.count(soname.encode()) != 1:
        raise SystemExit(f"{arch}: {soname} stands in the library more often than once")
    digest = hashlib.sha256(data).hexdigest()[: len(ZEROS)]
    name = soname.replace(ZEROS, digest)
    return name, data.replace(soname.encode(), name.encode())


def _compiled(arch: str, source: Path, scratch: Path | None = None) -> Path:
    target = TARGETS[arch]
    compiled = (scratch or source.parent) / f"{source.stem}.o"
    # A relative name in a directory of ours: no path of this machine gets into the object.
    command = ("cc", "-target", target.triple, *target.options, *COMPILE, "-c", source.name, "-o", str(compiled))
    _zig(*command, directory=source.parent)
    return compiled


def _link(arch: str, compiled: Path, output: Path, soname: str, *libraries: Path) -> None:
    options = ("-m", TARGETS[arch].emulation, *LINK, "-soname", soname)
    _zig("ld.lld", *options, "-o", str(output), str(compiled), *map(str, libraries), directory=HERE)


def _zig(*arguments: str, directory: Path) -> None:
    subprocess.run([sys.executable, "-m", "ziglang", *arguments], cwd=directory, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
