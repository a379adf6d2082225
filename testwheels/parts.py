"""Members that many cases share, ready to be varied by keyword."""

from dataclasses import replace
from typing import NamedTuple, TypedDict, Unpack

from testwheels.case import Edit, Elf, File, Form, Maker, Stub


class Target(NamedTuple):
    """What an architecture is called: by zig, by the linker, by Alpine's libc, by Python's suffixes, by the kernel."""

    triple: str
    emulation: str
    libc: str
    multiarch: str
    loader: str


TARGETS = {
    "x86_64": Target("x86_64-linux-musl", "elf_x86_64", "libc.musl-x86_64.so.1", "x86_64-linux-musl", "x86_64"),
    "i686": Target("x86-linux-musl", "elf_i386", "libc.musl-x86.so.1", "i386-linux-musl", "i386"),
    "aarch64": Target("aarch64-linux-musl", "aarch64linux", "libc.musl-aarch64.so.1", "aarch64-linux-musl", "aarch64"),
    "armv7l": Target(
        "arm-linux-musleabihf", "armelf_linux_eabi", "libc.musl-armv7.so.1", "arm-linux-musleabihf", "armhf"
    ),
    "ppc64le": Target(
        "powerpc64le-linux-musl", "elf64lppc", "libc.musl-ppc64le.so.1", "powerpc64le-linux-musl", "powerpc64le"
    ),
    "s390x": Target("s390x-linux-musl", "elf64_s390", "libc.musl-s390x.so.1", "s390x-linux-musl", "s390x"),
    "riscv64": Target("riscv64-linux-musl", "elf64lriscv", "libc.musl-riscv64.so.1", "riscv64-linux-musl", "riscv64"),
    "loongarch64": Target(
        "loongarch64-linux-musl",
        "elf64loongarch",
        "libc.musl-loongarch64.so.1",
        "loongarch64-linux-musl",
        "loongarch64",
    ),
    # Not architectures of a wheel that Python knows: for what must be told apart from them.
    "armv7l-soft": Target("arm-linux-musleabi", "armelf_linux_eabi", "libc.so", "arm-linux-musleabi", "arm"),
    "mips64": Target("mips64-linux-muslabi64", "elf64btsmip", "libc.so", "mips64-linux-musl", "mips64"),
}
ARCHES = tuple(name for name in TARGETS if name not in ("armv7l-soft", "mips64"))


class Variation(TypedDict, total=False):
    """The fields of `Elf` that a case may set."""

    arch: str
    maker: Maker
    form: Form
    needed: tuple[str | Stub, ...] | None
    soname: str | None
    rpath: str | None
    is_runpath: bool
    compile_flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    is_stripped: bool
    edits: tuple[Edit, ...]


def suffix(arch: str = "x86_64", python: str = "312", *, libc: str = "musl") -> str:
    """
    Return the suffix of an extension module for one version of CPython.

    >>> suffix("i686", "313t")
    '.cpython-313t-i386-linux-musl.so'
    """
    return f".cpython-{python}-{TARGETS[arch].multiarch.replace('musl', libc)}.so"


def extension(*sources: str, name: str = "_probe", end: str | None = None, **fields: Unpack[Variation]) -> Elf:
    """Return an extension module that the package of the case imports; *sources* define ``probe()``."""
    ending = suffix(fields.get("arch", "x86_64")) if end is None else end
    elf = Elf(f"{{case}}/{name}{ending}", ("module.c", *(sources or ("clean.c",))), **fields)
    module = name.rpartition("/")[2]
    return replace(elf, compile_flags=(f"-DMODULE={module}", *elf.compile_flags))


def library(name: str, *sources: str, **fields: Unpack[Variation]) -> Elf:
    """Return a library in the directory where a repaired wheel keeps its own."""
    elf = Elf(f"{{case}}.libs/{name}", sources or ("answer.c",), **fields)
    return elf if elf.soname else replace(elf, soname=name)


def program(*sources: str, path: str = "{case}-1.0.data/scripts/greet", **fields: Unpack[Variation]) -> Elf:
    """Return a program that is installed into ``bin``."""
    fields.setdefault("form", "executable")
    fields.setdefault("maker", "gnu")
    return Elf(path, sources or ("greet.c",), **fields)


def refers(*strong: str, weak: tuple[str, ...] = ()) -> tuple[str, ...]:
    """
    Return the flags with which ``refers.c`` refers to symbols.

    >>> refers("qsort_r", weak=("gettid",))
    ('-DSTRONG=X(qsort_r)', '-DWEAK=X(gettid)')
    """
    return tuple(
        f"-D{macro}={''.join(f'X({name})' for name in names)}"
        for macro, names in (("STRONG", strong), ("WEAK", weak))
        if names
    )


def libc(arch: str = "x86_64") -> str:
    """Return the name by which Alpine's libraries need libc."""
    return TARGETS[arch].libc


def text(path: str, content: str = "") -> File:
    """Return a text file."""
    return File(path, content.encode())


BUNDLED = "$ORIGIN/../{case}.libs"  # from a package to the wheel's own libraries, as auditwheel writes it
