"""
Libraries with initial-exec TLS, and what their variables do under musl's own loaders.

For x86_64 they are compiled here; those for aarch64 are in ``tests/thread_locals/aarch64.zip``, and run under qemu.
"""

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.loaders import Loader, all_loaders
from tests.thread_locals.assembly import MANY, source

from musl_audit.repair.tls import rewrite_accesses

SOURCES = Path(__file__).parents[1] / "thread_locals"
OWN = frozenset({"first", "small", "aligned", "zero", "far", "narrow", "last"})  # of variables.c
LIBRARY = ("-shared", "-fPIC", "-nostdlib")
HOST, PROBE = "host", "probe"
NEWEST = Loader("x86_64", "1.2.6", Path(__file__).parents[1] / "polyfills" / "ld-musl-1.2.6-x86_64.so")
LOADERS = [*(loader for loader in all_loaders() if loader.arch in ("x86_64", "aarch64")), NEWEST]
Run = Callable[[bytes], str]  # what a program says about a library


def needed_programs() -> bool:
    """Tell whether what compiles for x86_64 is here."""
    return all(map(shutil.which, ("gcc", "musl-gcc", "strip", "objcopy")))


@cache
def variables(*options: str, compiler: str = "gcc") -> bytes:
    """Return the library of ``variables.c`` for x86_64."""
    return _compiled(compiler, *LIBRARY, *options, str(SOURCES / "variables.c"))


@cache
def probes(arch: str) -> bytes:
    """Return the library of accesses written by hand for *arch*."""
    if arch == "aarch64":
        return built("probes.so")
    with TemporaryDirectory() as directory:
        assembly = Path(directory, "probes.s")
        assembly.write_text(source(arch), encoding="utf-8")
        return _compiled("gcc", *LIBRARY, "-O1", str(SOURCES / "probed.c"), str(assembly))


@cache
def program(name: str, arch: str) -> bytes:
    """Return ``host`` or ``probe`` for *arch*."""
    return built(name) if arch == "aarch64" else _compiled("musl-gcc", "-O1", str(SOURCES / f"{name}.c"))


def assembled(text: str, *options: str) -> bytes:
    """Return the library for x86_64 that *text*, an assembly file, makes."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "text.s")
        path.write_text(text + '\n.section .note.GNU-stack,"",%progbits\n', encoding="utf-8")
        return _compiled("gcc", *LIBRARY, *options, str(path))


def _compiled(*command: str) -> bytes:
    with TemporaryDirectory() as directory:
        output = Path(directory, "output")
        subprocess.run([*command, "-o", output], check=True, capture_output=True)
        return output.read_bytes()


@cache
def built(name: str) -> bytes:
    """Return what was built for aarch64 under *name*."""
    with zipfile.ZipFile(SOURCES / "aarch64.zip") as archive:
        return archive.read(name)


def built_libraries() -> list[str]:
    """Return the names of the libraries of ``variables.c`` for aarch64."""
    with zipfile.ZipFile(SOURCES / "aarch64.zip") as archive:
        return sorted(name for name in archive.namelist() if name.endswith(".so") and name != "probes.so")


def rewritten(data: bytes) -> bytes:
    """Return *data* with its accesses rewritten."""
    return rewrite_accesses(data, OWN)


def said(loader: Loader, name: str, library: bytes, directory: Path, *arguments: str) -> str:
    """Return what program *name* says about *library* under *loader*; its signal or exit code if it says nothing."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {"ld.so": loader.path.read_bytes(), name: program(name, loader.arch), "library.so": library}
    for file, data in files.items():
        (directory / file).write_bytes(data)
        (directory / file).chmod(0o755)
    command = [*loader.runner, "./ld.so", f"./{name}", "./library.so", *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=240, check=False)
    return done.stdout.strip() or f"exit {done.returncode} {done.stderr.strip()}"


def hosted(loader: Loader, library: bytes, directory: Path) -> str:
    """Return what threads, signals, children and cancelled threads find in the variables of *library*."""
    size = ("2", "40") if loader.runner else ("4", "200")
    return said(loader, HOST, library, directory, *size)


def probed(loader: Loader, library: bytes, directory: Path) -> str:
    """Return what each access of *library* changed that it should not."""
    return said(loader, PROBE, library, directory, str(MANY))
