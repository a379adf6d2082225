"""
musl's own dynamic loaders, and how to ask one of them about the files of an installed wheel.

A file is opened as Python opens an extension module: by a small program that runs under the loader in question
(``tests/loader/asker``), after a startup library has defined the interpreter's symbols. Each question is a process of
its own, with a time limit, and a crash is an answer. The loader stands in a directory of ours, whose path file names
one directory of ours: nothing of the host is found.
"""

import os
import platform
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "loader" / "fixtures"
CACHE = ROOT / ".cache" / "loaders"
ASKERS = ROOT / "tests" / "loader" / "asker"
SECONDS = 60  # no question takes a tenth of it, even emulated
LOADER_NAMES = {"i686": "i386", "armv7l": "armhf", "ppc64le": "powerpc64le"}
QEMU_NAMES = {"armv7l": "arm", "i686": "i386"}
NATIVE = {"x86_64": ("x86_64", "i686"), "amd64": ("x86_64", "i686"), "arm64": ("aarch64",)}


@dataclass(frozen=True, slots=True)
class Loader:
    """One loader that can run here; ``runner`` is the emulator in front of it, if one is needed."""

    arch: str
    release: str
    path: Path
    runner: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file name that wheels and programs know it by."""
        return f"ld-musl-{LOADER_NAMES.get(self.arch, self.arch)}.so.1"

    def __str__(self) -> str:
        return f"{self.arch}-{self.release}"


class Outcome(StrEnum):
    """What a loader made of a file."""

    OK = "ok"
    REFUSED = "refused"
    CRASHED = "crashed"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one file; ``text`` is the refusal, or the name of the signal; ``mapped`` holds real paths."""

    outcome: Outcome
    text: str = ""
    mapped: frozenset[Path] = frozenset()

    @property
    def is_ok(self) -> bool:
        """Whether the file was loaded and its constructors ran."""
        return self.outcome is Outcome.OK


@cache
def every_loader() -> tuple[Loader, ...]:
    """Return every loader that the manifest names, whether it can run here or not."""
    rows = tomllib.loads((FIXTURES / "MANIFEST.toml").read_text(encoding="utf-8"))["loader"]
    return tuple(_loader(row["arch"], row["release"]) for row in rows)


def all_loaders() -> tuple[Loader, ...]:
    """Return the loaders of musl 1.2, which ``musllinux_1_2`` promises, whether they can run here or not."""
    return tuple(loader for loader in every_loader() if loader.release.startswith("1.2."))


def _loader(arch: str, release: str) -> Loader:
    name = f"{arch}/ld-musl-{release}.so"
    path = FIXTURES / name if (FIXTURES / name).exists() else CACHE / name
    machine = platform.machine().lower()
    if platform.system() == "Linux" and arch in NATIVE.get(machine, (machine,)):
        return Loader(arch, release, path)
    return Loader(arch, release, path, (f"qemu-{QEMU_NAMES.get(arch, arch)}-static",))


def available_loaders() -> tuple[Loader, ...]:
    """Return the loaders that can run here."""
    return tuple(loader for loader in all_loaders() if what_is_missing(loader) is None)


def what_is_missing(loader: Loader) -> str | None:
    """Return the need that keeps *loader* from running, ``loaders`` or ``qemu``, None if nothing does."""
    if not loader.path.exists() or not (ASKERS / f"ask-{loader.arch}").exists():
        return "loaders"
    if loader.runner and shutil.which(loader.runner[0]) is None:
        return "qemu"
    return None


class Bench:
    """
    One loader in a directory of its own, with what a wheel may expect of the system beside it.

    *libraries* are those of the system, by name; *startup* the path of the one that every process loads first.
    """

    def __init__(self, loader: Loader, directory: Path, libraries: dict[str, bytes], startup: bytes | None) -> None:
        self._loader, self._directory = loader, directory
        for folder in ("lib", "etc"):
            (directory / folder).mkdir(parents=True)
        for name, data in libraries.items():
            (directory / "lib" / name).write_bytes(data)
        self._ldso = directory / "lib" / loader.name
        shutil.copyfile(loader.path, self._ldso)
        self._ldso.chmod(0o755)
        # The loader looks for it beside the directory it was started from.
        (directory / "etc" / f"{loader.name.removesuffix('.so.1')}.path").write_text(f"{directory}/lib\n")
        self.startup = directory / "startup.so"
        if startup is not None:
            self.startup.write_bytes(startup)

    def open(self, path: Path) -> Answer:
        """Open *path* as Python would, and return what came of it."""
        preload = ("--preload", str(self.startup)) if self.startup.exists() else ()
        answer = self._run(*preload, str(ASKERS / f"ask-{self._loader.arch}"), str(path))
        if answer.is_ok and not answer.mapped:
            return Answer(Outcome.REFUSED, "a constructor ended the process")
        return answer

    def start(self, program: Path) -> Answer:
        """Start *program*: a test wheel's own only, since it does whatever it does."""
        listed = self.list(program)
        return replace(self._run(*self._search_here(), str(program)), mapped=listed.mapped) if listed.is_ok else listed

    def list(self, program: Path) -> Answer:
        """Map and link *program* without running anything of it; sees neither packed relocations nor crashes."""
        return self._run("--list", *self._search_here(), str(program))

    def owns(self, path: Path) -> bool:
        """Whether *path* is a library of the system that the bench stands for."""
        return path.is_relative_to(self._directory.resolve())

    def _search_here(self) -> tuple[str, str]:
        # For a program the path file is the one beside the loader that PT_INTERP names, the host's if it has one.
        return "--library-path", str(self._directory / "lib")

    def _run(self, *arguments: str) -> Answer:
        command = [*self._loader.runner, str(self._ldso), *arguments]
        environment = {"PATH": os.environ["PATH"]}
        try:
            done = subprocess.run(command, capture_output=True, env=environment, timeout=SECONDS, check=False, cwd="/")
        except subprocess.TimeoutExpired:
            return Answer(Outcome.TIMEOUT)
        return _answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def _answer(status: int, output: str, errors: str) -> Answer:
    if status < 0:
        return Answer(Outcome.CRASHED, signal.Signals(-status).name)
    lines = output.splitlines()
    refusals = [line.removeprefix("refused ") for line in lines if line.startswith("refused ")]
    # 127 is the loader's own word for a program that it could not load, 3 the asker's for a refused file.
    if refusals or status == 127:
        return Answer(Outcome.REFUSED, " ".join(refusals or errors.splitlines()))
    return Answer(Outcome.OK, mapped=frozenset(_mapped(lines)))


def _mapped(lines: Iterable[str]) -> Iterator[Path]:
    """Yield the paths in the asker's lines, ``mapped PATH``, or in those of ``--list``, ``NAME => PATH (ADDRESS)``."""
    for line in lines:
        name = (
            line.removeprefix("mapped ")
            if line.startswith("mapped ")
            else line.partition(" => ")[2].rpartition(" (")[0]
        )
        if name.startswith("/"):
            yield Path(os.path.realpath(name))
