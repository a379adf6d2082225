"""
What an ELF file is for.

``ET_DYN`` says little: libraries, extensions, position-independent and static-PIE executables share it. What tells
them apart, in this order:

1. An executable has ``DF_1_PIE`` or ``DT_DEBUG`` (linkers give the latter to executables only; the former is younger).
2. So is a file with an interpreter, an entry point and no soname: an executable of an older linker. Libraries that can
   be run (glibc's libc.so.6) have an interpreter too, but a soname.
3. Without an interpreter, an executable that needs no library is static-PIE. So is a file without any of these marks
   that has an entry point, but no soname, no exports and nothing that it needs: nobody could use it as a library.
4. An extension exports what Python looks up: ``PyInit_*`` or ``PyModExport_*`` (PEP 793), also for names outside
   ASCII. A file that exports ``Py_Initialize`` too is Python itself.
5. All else is a library; but without a dynamic segment, nothing can load the file: the debug information of a library,
   split from it, is an object file to us.
"""

from itertools import repeat

from musl_audit.elf.layout import (
    DT_DEBUG,
    DT_FLAGS_1,
    DT_NEEDED,
    DT_SONAME,
    ET_CORE,
    ET_DYN,
    ET_EXEC,
    ET_REL,
    PT_INTERP,
    Image,
)
from musl_audit.errors import ElfError
from musl_audit.model import ElfKind

DF_1_PIE = 0x08000000
EXTENSION_PREFIXES = ("PyInit_", "PyInitU_", "PyModExport_", "PyModExportU_")
INTERPRETER_SYMBOL = "Py_Initialize"


def kind_of_type(image: Image) -> ElfKind | None:
    """Return the kind of a file that nothing loads, ``None`` for others; raise ``ElfError`` for an unknown type."""
    if image.type in (ET_EXEC, ET_DYN):
        return None
    kind = {ET_REL: ElfKind.RELOCATABLE, ET_CORE: ElfKind.CORE}.get(image.type)
    if kind is None:
        raise ElfError(f"unknown type of file: {image.type:#x}", offset=16)
    return kind


def kind_of(image: Image, dynamic: dict[int, int], defined: frozenset[str]) -> ElfKind:
    """Return what a file of type ``ET_EXEC`` or ``ET_DYN`` is for, from its dynamic entries and exports."""
    has_interpreter = bool(image.segments_of_type(PT_INTERP))
    if image.type == ET_EXEC:
        return ElfKind.EXECUTABLE if has_interpreter else ElfKind.STATIC_EXECUTABLE
    if has_interpreter and _is_executable(image, dynamic):
        return ElfKind.EXECUTABLE
    if not has_interpreter and _is_static_executable(image, dynamic, defined):
        return ElfKind.STATIC_EXECUTABLE
    if not dynamic:
        return ElfKind.RELOCATABLE
    if INTERPRETER_SYMBOL not in defined and any(map(str.startswith, defined, repeat(EXTENSION_PREFIXES))):
        return ElfKind.EXTENSION
    return ElfKind.LIBRARY


def _is_marked_executable(dynamic: dict[int, int]) -> bool:
    return bool(dynamic.get(DT_FLAGS_1, 0) & DF_1_PIE) or DT_DEBUG in dynamic


def _is_executable(image: Image, dynamic: dict[int, int]) -> bool:
    return _is_marked_executable(dynamic) or (bool(image.entry) and DT_SONAME not in dynamic)


def _is_static_executable(image: Image, dynamic: dict[int, int], defined: frozenset[str]) -> bool:
    if not dynamic or DT_NEEDED in dynamic:
        return False
    return _is_marked_executable(dynamic) or (bool(image.entry) and DT_SONAME not in dynamic and not defined)
