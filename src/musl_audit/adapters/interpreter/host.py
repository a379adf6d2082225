"""Which libc a system is: what its own programs ask for, never which files happen to be there."""

import os

from musl_audit.adapters.interpreter.loaders import installed_loaders, read_loader
from musl_audit.adapters.os_release import read_os_release
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.elf import is_elf, read_elf
from musl_audit.environment.values import Host
from musl_audit.errors import ElfError
from musl_audit.loader.libc_names import Libc
from musl_audit.model import ElfFacts, ElfKind
from musl_audit.policy import Catalog

PROGRAMS = ("/bin/sh", "/usr/bin/env", "/bin/ls")
LARGEST_PROGRAM = 64 << 20


def read_host(tree: Tree, catalog: Catalog) -> Host:
    """
    Return what the system in *tree* is, told by the first of a few programs that names a dynamic loader.

    Scripts, missing files and broken links are passed by. Static programs tell only where there is no other.
    """
    told_by, elf = _telling_program(tree)
    loader = read_loader(tree, elf.interpreter) if elf is not None and elf.interpreter else None
    libc = loader.libc if loader else Libc.STATIC if elf else Libc.UNKNOWN
    arch = catalog.machine_of(elf.identity) if elf else None
    return Host(
        root="/" if tree.is_host else tree.name,
        libc=libc,
        loader=loader,
        told_by=told_by,
        arch=arch.name if arch else None,
        kernel=kernel_machine() if tree.is_host else None,
        os_release=read_os_release(tree),
        others=installed_loaders(tree, loader.path if loader else None),
    )


def kernel_machine() -> str | None:
    """Return what ``uname -m`` says; None where there is no such thing."""
    return os.uname().machine if hasattr(os, "uname") else None


def _telling_program(tree: Tree) -> tuple[str | None, ElfFacts | None]:
    static: tuple[str | None, ElfFacts | None] = (None, None)
    for path in PROGRAMS:
        elf = _program(tree, path)
        if elf is not None and elf.interpreter:
            return path, elf
        if elf is not None and static[0] is None:
            static = path, elf
    return static


def _program(tree: Tree, path: str) -> ElfFacts | None:
    """Return the facts of the program at *path*; None where it is a script, missing or broken."""
    try:
        data = tree.read(path, most=LARGEST_PROGRAM)
        elf = read_elf(data, path) if is_elf(data[:4]) else None
    except (PathError, ElfError):
        return None
    return elf if elf is not None and elf.kind in (ElfKind.EXECUTABLE, ElfKind.STATIC_EXECUTABLE) else None
