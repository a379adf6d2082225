"""
What an ELF file is for.

``ET_DYN`` says little: libraries, extensions, position-independent and static-PIE executables share it. What tells
them apart, in this order:

1. Without bytes in its dynamic segment it is the debug information of a file, split from it: an object file to us.
2. An executable has ``DF_1_PIE`` or ``DT_DEBUG``: GNU ld, gold, lld and mold write the latter into every executable and
   no library; the former is younger. Neither an interpreter, an entry point nor a missing soname says as much: glibc's
   libc.so.6, libcap.so.2 and pam_cap.so are libraries that can be run.
3. An executable without an interpreter that needs no library is static-PIE.
4. An extension exports what Python looks up: ``PyInit_*`` or ``PyModExport_*`` (PEP 793), also for names outside
   ASCII. A file that exports ``Py_Initialize`` too is Python itself.
5. All else is a library.
"""

from itertools import repeat

from musl_audit.elf.view import (
    DT_DEBUG,
    DT_FLAGS_1,
    DT_NEEDED,
    ET_CORE,
    ET_DYN,
    ET_EXEC,
    ET_REL,
    PT_DYNAMIC,
    PT_INTERP,
    ElfView,
)
from musl_audit.errors import ElfError
from musl_audit.model import ElfKind

DF_1_PIE = 0x08000000
EXTENSION_MARKS = ("PyInit", "PyModExport")  # that any of the prefixes begins with
EXTENSION_PREFIXES = ("PyInit_", "PyInitU_", "PyModExport_", "PyModExportU_")
INTERPRETER_SYMBOL = "Py_Initialize"


def kind_of_type(image: ElfView) -> ElfKind | None:
    """Return the kind of a file that nothing loads, ``None`` for others; raise ``ElfError`` for an unknown type."""
    if image.type in (ET_EXEC, ET_DYN):
        return None
    kind = {ET_REL: ElfKind.RELOCATABLE, ET_CORE: ElfKind.CORE}.get(image.type)
    if kind is None:
        raise ElfError(f"unknown type of file: {image.type:#x}", offset=16)
    return kind


def kind_of_program(image: ElfView, dynamic: dict[int, int]) -> ElfKind | None:
    """Return what a file of type ``ET_EXEC`` or ``ET_DYN`` is for, from its dynamic entries; None where exports say."""
    has_interpreter = bool(image.segments_of_type(PT_INTERP))
    if not dynamic and (image.type == ET_DYN or image.segments_of_type(PT_DYNAMIC)):
        return ElfKind.RELOCATABLE
    if image.type == ET_EXEC or dynamic.get(DT_FLAGS_1, 0) & DF_1_PIE or DT_DEBUG in dynamic:
        if has_interpreter:
            return ElfKind.EXECUTABLE
        if image.type == ET_EXEC or DT_NEEDED not in dynamic:
            return ElfKind.STATIC_EXECUTABLE
    return None


def kind_of_library(defined: frozenset[str]) -> ElfKind:
    """Return whether a file that exports *defined*, and is no program, is an extension or any other library."""
    if INTERPRETER_SYMBOL not in defined and any(map(str.startswith, defined, repeat(EXTENSION_PREFIXES))):
        return ElfKind.EXTENSION
    return ElfKind.LIBRARY
