"""What a file is for: told from real files of every kind."""

import pytest
from tests.support.elfwriter import Definition, Library, write_library
from tests.support.elves import elf_of
from tests.support.patches import segment_index, with_entries, with_header, with_segment

from musl_audit.elf import read_elf
from musl_audit.elf.kinds import DF_1_PIE
from musl_audit.elf.view import (
    DT_DEBUG,
    DT_FLAGS_1,
    DT_NEEDED,
    DT_SONAME,
    DT_STRSZ,
    PT_DYNAMIC,
    PT_INTERP,
    PT_LOAD,
    ElfView,
)
from musl_audit.errors import ElfError
from musl_audit.model import ElfKind


def kind_of(data: bytes) -> ElfKind:
    """Return the kind of *data*."""
    return read_elf(data, "x").kind


@pytest.mark.parametrize(
    ("case", "ending", "kind"),
    [
        ("clean_x86_64", "", ElfKind.EXTENSION),
        ("suffix_abi3", "", ElfKind.EXTENSION),
        ("library_alone", "", ElfKind.LIBRARY),
        ("arch_mismatch_data", "aarch64.so", ElfKind.LIBRARY),
        ("dynamic_program", "", ElfKind.EXECUTABLE),
        ("glibc_program", "", ElfKind.EXECUTABLE),
        ("static_program", "", ElfKind.STATIC_EXECUTABLE),
        ("static_pie_program", "", ElfKind.STATIC_EXECUTABLE),
        ("object_file_data", "answer.o", ElfKind.RELOCATABLE),
        ("core_file_data", "core.1234", ElfKind.CORE),
    ],
)
def test_each_kind_is_told_from_the_file(case: str, ending: str, kind: ElfKind) -> None:
    """Not from its name."""
    assert kind_of(elf_of(case, ending)) == kind


@pytest.mark.parametrize("name", ["PyInit_demo", "PyInitU_x", "PyModExport_demo", "PyModExportU_x"])
def test_an_extension_exports_what_python_looks_up(name: str) -> None:
    """Also names outside ASCII, and the modules of PEP 793."""
    assert kind_of(write_library(Library("x86_64", definitions=(Definition(name),)))) == ElfKind.EXTENSION


@pytest.mark.parametrize("name", ["initdemo", "PyInit", "my_PyInit_demo"])
def test_other_names_make_no_extension(name: str) -> None:
    """Python 2's init functions among them."""
    assert kind_of(write_library(Library("x86_64", definitions=(Definition(name),)))) == ElfKind.LIBRARY


def test_python_itself_is_no_extension() -> None:
    """libpython exports the init functions of its built-in modules."""
    definitions = (Definition("PyInit__imp"), Definition("Py_Initialize"))

    assert kind_of(write_library(Library("x86_64", definitions=definitions))) == ElfKind.LIBRARY


def test_a_program_that_exports_init_functions_is_a_program() -> None:
    """As python3 does, where libpython is part of it."""
    library = Library("x86_64", soname="x", rpath="y", definitions=(Definition("PyInit_posix"),))
    marked = with_entries(write_library(library), [(DT_SONAME, DT_DEBUG, 0)])
    dynamic = segment_index(marked, PT_DYNAMIC)

    interpreted = with_segment(marked, dynamic + 1, type=PT_INTERP, offset=0, file_size=4)

    assert kind_of(interpreted) == ElfKind.EXECUTABLE


def test_a_library_with_an_interpreter_is_a_library() -> None:
    """glibc's libc.so.6 can be run, and pam_cap.so has not even a soname."""
    data = write_library(Library("x86_64", definitions=(Definition("answer"),)))
    runnable = with_segment(data, segment_index(data, PT_DYNAMIC) + 1, type=PT_INTERP, offset=0, file_size=4)

    assert kind_of(runnable) == ElfKind.LIBRARY


def test_a_static_pie_that_needs_a_library_is_none() -> None:
    """Nothing would load the library for it, so the file must be meant to be loaded itself."""
    data = elf_of("static_pie_program")
    tag = next(tag for tag, _ in ElfView(data).dynamic_entries() if tag not in (DT_FLAGS_1, DT_DEBUG, DT_STRSZ, 5, 6))

    assert kind_of(with_entries(data, [(tag, DT_NEEDED, 0)])) == ElfKind.LIBRARY


@pytest.mark.parametrize("tag", [DT_FLAGS_1, DT_DEBUG])
def test_either_mark_makes_an_executable(tag: int) -> None:
    """DF_1_PIE is younger than DT_DEBUG, and some linkers write only one of them."""
    value = DF_1_PIE if tag == DT_FLAGS_1 else 0
    data = write_library(Library("x86_64", soname="x"))

    assert kind_of(with_entries(data, [(DT_SONAME, tag, value)])) == ElfKind.STATIC_EXECUTABLE


def test_split_debug_information_is_an_object_file() -> None:
    """Its dynamic section and its hash tables have no bytes; nothing can load it."""
    data = elf_of("clean_x86_64")
    for index, segment in enumerate(ElfView(data).segments):
        if segment.type in (PT_LOAD, PT_DYNAMIC):
            data = with_segment(data, index, file_size=0)

    assert kind_of(data) == ElfKind.RELOCATABLE


def test_the_size_of_the_dynamic_segment_says_nothing() -> None:
    """The loader reads from its address to DT_NULL."""
    data = elf_of("clean_x86_64")
    changed = with_segment(data, segment_index(data, PT_DYNAMIC), file_size=0, offset=0)

    assert read_elf(changed, "x") == read_elf(data, "x")


@pytest.mark.parametrize("number", [0, 5, 0xFE00, 0xFFFF])
def test_an_unknown_type_is_refused(number: int) -> None:
    """Nothing that musl-audit could say about it would be true."""
    with pytest.raises(ElfError, match="unknown type"):
        read_elf(with_header(elf_of("clean_x86_64"), type=number), "x")


def test_object_and_core_files_have_no_more_facts() -> None:
    """Whatever their headers say."""
    data = elf_of("clean_x86_64")

    assert read_elf(with_header(data, type=1, phnum=0xFFFF), "x").kind == ElfKind.RELOCATABLE
    assert read_elf(with_header(data, type=4, phoff=2**64 - 1), "x").defined == frozenset()
