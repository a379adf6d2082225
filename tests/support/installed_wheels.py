"""Wheels installed as pip would, and musl's own loaders asked about everything in them."""

import json
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from tests.support.elfwriter import Definition, Library, write_library
from tests.support.loaders import Answer, Bench, Loader, Outcome
from tests.support.machines import MACHINES

from musl_audit.model import MuslVersion, Report

SITE_PACKAGES = PurePosixPath("lib/python3.12/site-packages")
SCHEMES = {
    "platlib": SITE_PACKAGES,
    "purelib": SITE_PACKAGES,
    "scripts": PurePosixPath("bin"),
    "data": PurePosixPath(),
    "headers": PurePosixPath("include"),
}
ROOT = Path(__file__).resolve().parents[2]
# Always there: pyelftools takes the hash words of s390x for 32 bits wide and may see no symbols at all.
PYTHON_SYMBOLS = {"PyLong_FromLong", "_Py_Dealloc", "Py_None"}


@dataclass(frozen=True, slots=True)
class Binary:
    """One ELF file of an installed wheel, as the questions need it; read by pyelftools."""

    path: Path
    machine: int
    bits: int
    interpreter: str | None
    needed: tuple[str, ...]
    undefined: tuple[str, ...]
    is_extension: bool
    is_static: bool  # a static program: nothing to ask


@dataclass(frozen=True, slots=True)
class WheelAnswer:
    """What one loader made of one wheel: the answer for each file that it was asked about, by path in the tree."""

    loader: Loader
    answers: dict[str, Answer]

    @property
    def loads(self) -> bool:
        """Whether everything loads."""
        return all(answer.is_ok for answer in self.answers.values())

    @property
    def refusals(self) -> list[str]:
        """A line for each file that does not load."""
        return [f"{name}: {a.outcome} {a.text}" for name, a in self.answers.items() if not a.is_ok]


# What these releases load all the same, and what does not work then: thread-local variables in the memory of others; a
# module in which nobody finds PyInit. Who opens a file and asks it for nothing sees neither.
LOADED_UNTIL = {"MUSL402": MuslVersion(1, 1, 19), "MUSL901": MuslVersion(1, 1, 16)}


def agrees(report: Report, answer: WheelAnswer) -> bool:
    """Whether we say that a wheel loads on a release exactly if that release's loader loads everything in it."""
    release = MuslVersion.parse(answer.loader.release)
    if answer.loads == (release in report.verdict.loads_on):
        return True
    codes = {finding.code for finding in report.findings}
    return answer.loads and any(code in codes and release <= last for code, last in LOADED_UNTIL.items())


def install(wheel: Path, prefix: Path) -> None:
    """Lay out the files of *wheel* below *prefix*."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            target = prefix / destination(member.filename)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(member))
            target.chmod(0o755)


def destination(member: str) -> PurePosixPath:
    """
    Return where a member goes below the prefix.

    >>> str(destination("foo-1.data/scripts/foo"))
    'bin/foo'
    """
    first, *rest = PurePosixPath(member).parts
    if first.endswith(".data") and len(rest) > 1:
        return SCHEMES[rest[0]].joinpath(*rest[1:])
    return SITE_PACKAGES / member


def binaries(prefix: Path, arch: str) -> list[Binary]:
    """
    Return the files below *prefix* that a loader of *arch* would be given, sorted by path.

    Extension modules of every machine are among them, since Python opens them whatever they are made for.
    """
    machine = MACHINES[arch]
    found = (_binary(path) for path in sorted(prefix.rglob("*")) if path.is_file())
    ours = (machine.number, machine.bits)
    return [b for b in found if b is not None and (b.is_extension or (b.machine, b.bits) == ours)]


def _binary(path: Path) -> Binary | None:
    with path.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            return None
        try:
            return _read(path, ELFFile(file))
        except (ELFError, OSError, OverflowError):
            # What pyelftools cannot read, a loader is given all the same if its name says that Python would open it.
            return Binary(path, 0, 0, None, (), (), is_extension=".cpython-" in path.name, is_static=False)


def _read(path: Path, elf: ELFFile) -> Binary | None:
    if elf["e_type"] not in ("ET_DYN", "ET_EXEC"):
        return None
    segments = list(elf.iter_segments())
    interpreter = next((s.get_interp_name() for s in segments if s["p_type"] == "PT_INTERP"), None)
    dynamic = next((s for s in segments if isinstance(s, DynamicSegment)), None)
    needed: tuple[str, ...] = ()
    names: list[tuple[str, bool]] = []
    is_program = elf["e_type"] == "ET_EXEC"
    if dynamic is not None:
        tags = list(dynamic.iter_tags())
        needed = tuple(tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED")
        names = [(symbol.name, symbol["st_shndx"] == "SHN_UNDEF") for symbol in dynamic.iter_symbols()]
        flags = next((tag.entry.d_val for tag in tags if tag.entry.d_tag == "DT_FLAGS_1"), 0)
        is_program = is_program or bool(flags & 0x08000000)  # DF_1_PIE
    return Binary(
        path,
        machine=_machine_number(elf),
        bits=elf.elfclass,
        interpreter=interpreter,
        needed=needed,
        undefined=tuple(name for name, is_undefined in names if is_undefined and name),
        # One that lost its dynamic section is opened all the same, by its name.
        is_extension=any(name.startswith("PyInit_") for name, is_undefined in names if not is_undefined)
        or (dynamic is None and ".cpython-" in path.name),
        is_static=interpreter is None and (dynamic is None or is_program),
    )


def _machine_number(elf: ELFFile) -> int:
    elf.stream.seek(18)  # e_machine; pyelftools gives the name where it knows one
    return int.from_bytes(elf.stream.read(2), "little" if elf.little_endian else "big")


# --- what the system has


def startup_library(arch: str, found: list[Binary]) -> bytes:
    """Return a library that defines Python's symbols that *found* refer to: variables, and code that returns 0."""
    names = {name for binary in found for name in binary.undefined if name.startswith(("Py", "_Py"))}
    names |= PYTHON_SYMBOLS
    definitions = (Definition(name, "object" if _is_variable(name) else "func") for name in sorted(names))
    return write_library(Library(arch, "startup.so", definitions=tuple(definitions)))


def _is_variable(name: str) -> bool:
    return name.startswith("PyExc_") or name.endswith(("_Type", "Struct", "Flag", "_Version"))


def system_libraries(arch: str, found: list[Binary]) -> dict[str, bytes]:
    """Return what any system with Python has beside libc: zlib's names, and an empty libpython where one is needed."""
    allowed = json.loads((ROOT / "policies" / "libraries.json").read_text(encoding="utf-8"))["allowed"]
    libraries = {
        row["soname"]: write_library(Library(arch, row["soname"], definitions=tuple(map(Definition, row["exports"]))))
        for row in allowed
    }
    pythons = {name for binary in found for name in binary.needed if name.startswith("libpython")}
    return libraries | {name: write_library(Library(arch, name)) for name in pythons}


# --- the questions


def ask_wheel(
    loader: Loader,
    prefix: Path,
    found: list[Binary],
    *,
    libraries: dict[str, bytes] | None = None,
    is_ours: bool = True,
) -> WheelAnswer:
    """
    Ask *loader* about *found*, the files installed below *prefix*, each the way it is loaded in real life.

    Extension modules are opened. Programs are started if the wheel *is_ours*, else only mapped and linked. What
    none of them maps is opened by itself. *libraries* are those of the system beyond what every system has.
    """
    with tempfile.TemporaryDirectory() as scratch:
        system = system_libraries(loader.arch, found) | (libraries or {})
        bench = Bench(loader, Path(scratch, "bench"), system, startup_library(loader.arch, found))
        answers = {b.path: _ask_program(bench, loader, b, is_ours=is_ours) for b in found if b.interpreter}
        answers |= {b.path: bench.open(b.path) for b in found if b.is_extension and not b.interpreter}
        answers |= _ask_the_rest(bench, found, answers)
    return WheelAnswer(loader, {str(path.relative_to(prefix)): answer for path, answer in answers.items()})


def _ask_program(bench: Bench, loader: Loader, program: Binary, *, is_ours: bool) -> Answer:
    # The kernel, not the loader, goes by PT_INTERP: a name that musl does not have cannot be started.
    if Path(program.interpreter or "").name != loader.name:
        return Answer(Outcome.REFUSED, f"no {program.interpreter} on a system with musl")
    return bench.start(program.path) if is_ours else _link_program(bench, program)


def _link_program(bench: Bench, program: Binary) -> Answer:
    """Return what comes of *program* without running it: of its linking, then of the constructors of its libraries."""
    listed = bench.list(program.path)
    if not listed.is_ok:
        return listed
    libraries = sorted(path for path in listed.mapped if path != program.path.resolve() and not bench.owns(path))
    # By itself a library may miss what the program has; a crash is none of that.
    crashes = (answer for answer in map(bench.open, libraries) if answer.outcome is Outcome.CRASHED)
    return next(crashes, listed)


def _ask_the_rest(bench: Bench, found: list[Binary], answers: dict[Path, Answer]) -> dict[Path, Answer]:
    reached = frozenset[Path]().union(*(answer.mapped for answer in answers.values()))
    libraries = [b.path for b in found if not (b.interpreter or b.is_extension or b.is_static)]
    rest = {path: bench.open(path) for path in libraries if path.resolve() not in reached}
    # A library that another one pulls in is judged in that one's company only.
    below = {path for path in rest for other, a in rest.items() if other != path and path.resolve() in a.mapped}
    return {path: answer for path, answer in rest.items() if path not in below}


def installed(wheel: Path, arch: str, prefix: Path) -> list[Binary]:
    """Install *wheel* below *prefix* and return its files for *arch*."""
    install(wheel, prefix)
    return binaries(prefix, arch)
