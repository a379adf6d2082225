"""Packages installed for another processor, and musl's own loader for it, under qemu, asked about every module."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support.cli import musl_audit
from tests.support.installed_wheels import binaries, startup_library, system_libraries
from tests.support.loaders import Bench, Loader, Outcome
from tests.support.roots import Root, loader_path, musl_program

WORDS = {Outcome.OK: "loads", Outcome.REFUSED: "refused", Outcome.CRASHED: "crashes", Outcome.TIMEOUT: "no answer"}


@dataclass(frozen=True, slots=True)
class Compared:
    """What is said about one extension module of an installed package, and what the loader made of it."""

    package: str
    path: str  # below the root
    ours: str
    theirs: str

    @property
    def agrees(self) -> bool:
        """Whether both say that it loads, or both that it does not."""
        return (self.ours == "loads") == (self.theirs == "loads")


def system(folder: Path, loader: Loader, wheels: Iterable[Path], python: str) -> Path:
    """Return a root of musl's *loader* in *folder*, with *wheels* installed by pip for its Python, "3.12" say."""
    root = Root(folder / "root")
    program = musl_program(loader.arch)
    root.file("/bin/sh", program).file(loader_path(loader.arch), loader.path.read_bytes())
    root.file(f"/usr/bin/python{python}", program).link("/usr/bin/python3", f"python{python}")
    root.library(f"/usr/lib/python{python}", soabi=f"cpython-{python.replace('.', '')}-{loader.arch}-linux-musl")
    site = root.path / f"usr/lib/python{python}/site-packages"
    options = [
        "--no-index",
        "--no-deps",
        "--no-compile",
        "--quiet",
        "--root-user-action=ignore",
        "--python-version",
        python,
    ]
    platforms = [word for series in ("1_1", "1_2") for word in ("--platform", f"musllinux_{series}_{loader.arch}")]
    install: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "install",
        *options,
        *platforms,
        "--only-binary",
        ":all:",
        "--target",
        site,
    ]
    subprocess.run([*install, *wheels], check=True, capture_output=True)
    found = binaries(site, loader.arch)
    for name, data in system_libraries(loader.arch, found).items():
        root.file(f"/usr/lib/{name}", data)
    return root.path


def compared(root: Path, loader: Loader, scratch: Path) -> list[Compared]:
    """Ask ``env --root`` about *root*, and *loader* about each module that ``env`` speaks of; both answers, by path."""
    answer = musl_audit("env", "--isolated", "--root", root, "--json")
    installed = json.loads(answer.stdout)["installed"]["environments"]
    found = binaries(root / "usr/lib", loader.arch)
    modules = {binary.path for binary in found if binary.is_extension}
    bench = Bench(loader, scratch, system_libraries(loader.arch, found), startup_library(loader.arch, found))
    return [
        Compared(
            f"{package['name']} {package['version']}",
            file["path"],
            file["outcome"],
            WORDS[bench.open(root / file["path"].lstrip("/")).outcome],
        )
        for environment in installed
        for package in environment["packages"]
        for file in package["files"]
        if root / file["path"].lstrip("/") in modules
    ]


def python_of(wheel: Path) -> str:
    """
    Return the Python that *wheel* is for.

    >>> python_of(Path("cffi-2.1.1-cp312-cp312-musllinux_1_2_aarch64.whl"))
    '3.12'
    """
    digits = wheel.name.split("-")[-3].removeprefix("cp")
    return f"3.{digits[1:]}" if digits[1:] in ("11", "12") else "3.12"


def has_modules(wheel: Path) -> bool:
    """Whether *wheel* has files that Python imports, and not just programs."""
    with zipfile.ZipFile(wheel) as archive:
        return any(name.endswith(".so") for name in archive.namelist())
