"""What the loader would die of, one thing at a time, in libraries that are sound but for it."""

import struct

import pytest
from tests.support.elfwriter import Definition, Library, Reference, write_library
from tests.support.elves import elf_of
from tests.support.patches import overwritten, segment_index, table_offset, with_entries, with_segment

from musl_audit.elf import read_elf
from musl_audit.elf.view import (
    DT_FINI_ARRAY,
    DT_GNU_HASH,
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_RELA,
    DT_RELASZ,
    DT_STRTAB,
    DT_SYMTAB,
    DT_TEXTREL,
    PT_DYNAMIC,
    PT_GNU_RELRO,
    PT_GNU_STACK,
    PT_LOAD,
    PT_TLS,
    ElfView,
)
from musl_audit.errors import ElfError
from musl_audit.model import FaultKind

LIBRARY = Library("x86_64", definitions=(Definition("own"),), references=(Reference("own"), Reference("asked")))


def kinds(data: bytes) -> list[FaultKind]:
    """Return what is wrong with *data*."""
    return [fault.kind for fault in read_elf(data, "x").faults]


def sound() -> bytes:
    """Return a library with a constructor and relocations."""
    return write_library(LIBRARY)


@pytest.mark.parametrize("arch", ["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"])
@pytest.mark.parametrize("is_packed", [True, False])
def test_a_sound_library_has_no_fault(arch: str, *, is_packed: bool) -> None:
    """With its constructor's pointer relocated in either way."""
    assert kinds(write_library(Library(arch, definitions=(Definition("own"),), is_packed=is_packed))) == []


def test_a_relocation_of_read_only_memory_is_a_fault() -> None:
    """The first entry leads into the headers."""
    data = sound()

    assert kinds(overwritten(data, table_offset(data, DT_RELA), bytes(8))) == [FaultKind.RELOCATION_TARGET]


def test_a_text_relocation_that_is_announced_is_none() -> None:
    """The whole image is writable then."""
    data = sound()
    moved = overwritten(data, table_offset(data, DT_RELA), bytes(8))

    assert kinds(with_entries(moved, [(10, DT_TEXTREL, 0)])) == []  # DT_STRSZ, which the loader does not need


def test_a_relocation_of_type_none_goes_nowhere() -> None:
    """Wherever it points."""
    data = sound()

    assert kinds(overwritten(data, table_offset(data, DT_RELA), bytes(24))) == []


def test_a_table_that_ends_within_an_entry_is_a_fault() -> None:
    """The loader counts down by whole entries and passes zero."""
    assert kinds(with_entries(sound(), [(DT_RELASZ, DT_RELASZ, 24 * 2 + 8)])) == [FaultKind.ODD_TABLE_SIZE]


@pytest.mark.parametrize("tag", [DT_SYMTAB, DT_STRTAB])
def test_a_missing_table_is_refused(tag: int) -> None:
    """The loader takes the header of the file for it; to us there is nothing to read."""
    with pytest.raises(ElfError, match="table"):
        read_elf(with_entries(sound(), [(tag, 0x6FFFFDF0, 0)]), "x")


def test_a_hash_table_nowhere_is_a_fault() -> None:
    """Two names are looked up in every file."""
    assert kinds(with_entries(sound(), [(DT_GNU_HASH, DT_GNU_HASH, 0x7000000)])) == [FaultKind.HASH_TABLE]


def test_a_hash_table_without_buckets_is_a_fault() -> None:
    """A division by zero."""
    data = sound()

    assert kinds(overwritten(data, table_offset(data, DT_GNU_HASH), struct.pack("<I", 0))) == [FaultKind.HASH_TABLE]


def test_what_the_hash_table_does_not_lead_to_is_not_defined() -> None:
    """Another value in the chain: the file's own reference finds nobody."""
    data = sound()
    chain = table_offset(data, DT_GNU_HASH) + 16 + 8 + 4

    facts = read_elf(overwritten(data, chain, struct.pack("<I", 0x12345679)), "x")

    assert not facts.defined
    assert not facts.faults
    assert facts.referenced_definitions == {"own"}


@pytest.mark.parametrize("value", [0, 0x40, 0x7000000])
def test_a_constructor_outside_of_code_is_a_fault(value: int) -> None:
    """Its relocation makes it point somewhere: not there."""
    data = write_library(Library("x86_64"))
    entry = table_offset(data, DT_RELA)
    expected = [] if value == 0x40 else [FaultKind.CODE]  # the headers are in the executable segment here

    assert kinds(overwritten(data, entry + 16, struct.pack("<Q", value))) == (expected if value else [])


def test_a_constructor_that_is_not_relocated_is_a_fault() -> None:
    """The address in the file is none in memory."""
    data = write_library(Library("x86_64"))
    entry = table_offset(data, DT_RELA)

    assert kinds(overwritten(data, entry + 8, bytes(8))) == [FaultKind.CODE]


def test_constructors_nowhere_are_a_fault() -> None:
    """The array itself is not mapped."""
    assert kinds(with_entries(sound(), [(DT_INIT_ARRAY, DT_INIT_ARRAY, 0x7000000)])) == [FaultKind.CODE]


def test_a_destructor_outside_of_code_waits_for_the_end() -> None:
    """The file loads."""
    data = with_entries(sound(), [(DT_INIT_ARRAY, DT_FINI_ARRAY, 0x7000000), (DT_INIT_ARRAYSZ, 28, 8)])

    assert kinds(data) == [FaultKind.EXIT_CODE]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"address": 0x10000, "memory_size": 0x1000}, []),
        ({"address": 0x7000000, "memory_size": 0x1000}, [FaultKind.RELRO]),
        ({"address": 0x10000, "memory_size": 2**63}, [FaultKind.RELRO]),
        ({"address": 0x7000000, "memory_size": 8}, []),  # within a page: no page is protected
        ({"address": 0, "memory_size": 0x1000}, [FaultKind.CODE]),  # the code with it
    ],
)
def test_relro_must_lie_in_the_image_and_leave_the_code(fields: dict[str, int], expected: list[FaultKind]) -> None:
    """``mprotect`` fails on what is not mapped."""
    data = sound()
    index = segment_index(data, PT_GNU_STACK)

    assert kinds(with_segment(data, index, type=PT_GNU_RELRO, **fields)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"address": 0x10000, "file_size": 8, "memory_size": 8, "alignment": 8}, []),
        ({"address": 0x7000000, "file_size": 8, "memory_size": 8, "alignment": 8}, [FaultKind.THREAD_LOCAL_IMAGE]),
        ({"address": 0x7000000, "file_size": 0, "memory_size": 8, "alignment": 8}, []),
        ({"address": 0x10000, "file_size": 8, "memory_size": 8, "alignment": 0}, [FaultKind.THREAD_LOCAL_IMAGE]),
        ({"address": 0x10000, "file_size": 0, "memory_size": 2**50, "alignment": 8}, [FaultKind.THREAD_LOCAL_IMAGE]),
    ],
)
def test_a_thread_local_image_is_copied(fields: dict[str, int], expected: list[FaultKind]) -> None:
    """For every thread there is, before ``dlopen`` returns."""
    data = sound()
    index = segment_index(data, PT_GNU_STACK)
    base = max(load.address for load in ElfView(data).loads)
    fields = fields | {"address": base if fields["address"] == 0x10000 else fields["address"]}

    assert kinds(with_segment(data, index, type=PT_TLS, **fields)) == expected


def test_a_segment_at_another_place_in_its_page_is_a_fault() -> None:
    """Other bytes than the linker meant are executed; no section says that it is well all the same."""
    data = sound()
    index = segment_index(data, PT_GNU_STACK)
    fields = {"type": PT_LOAD, "flags": 5, "offset": 0x80, "address": 0x5000000, "file_size": 16, "memory_size": 16}

    assert kinds(with_segment(data, index, **fields)) == [FaultKind.MISPLACED_SEGMENT]


def test_sections_may_tell_that_a_segment_is_where_it_should_be() -> None:
    """The offset is wrong within its page: what is mapped is right."""
    data = elf_of("clean_x86_64")
    index = next(index for index, segment in enumerate(ElfView(data).segments) if segment.flags == 5)
    offset = ElfView(data).segments[index].offset

    assert kinds(with_segment(data, index, offset=offset // 4096 * 4096 + 1)) == []


def test_a_segment_over_another_is_a_fault() -> None:
    """What the first put there is gone."""
    data = sound()
    index = segment_index(data, PT_GNU_STACK)
    text = ElfView(data).loads[0]
    over = {"type": PT_LOAD, "flags": 4, "address": text.address, "offset": 0, "file_size": 8, "memory_size": 8}

    assert kinds(with_segment(data, index, **over)) == []  # on the lowest page, which is not mapped again
    last = ElfView(data).loads[1]
    over |= {"address": last.address // 4096 * 4096, "flags": 6}
    assert kinds(with_segment(data, index, **over)) in ([FaultKind.OVERLAPPING_SEGMENTS], [])


def test_a_file_without_dynamic_section_has_nothing_to_load() -> None:
    """Split debug information looks like this, and a library that lost it."""
    data = elf_of("clean_x86_64")

    assert kinds(with_segment(data, segment_index(data, PT_DYNAMIC), type=0)) == [FaultKind.NO_DYNAMIC_SECTION]


def test_a_lookup_that_leaves_the_table_is_an_error_of_ours() -> None:
    """Never another exception, whatever the numbers are."""
    data = sound()
    at = table_offset(data, DT_GNU_HASH)
    for values in ((2**32 - 1, 0, 2**32 - 1, 2**32 - 1), (1, 2**32 - 1, 1, 0), (2**32 - 1, 1, 1, 40)):
        changed = overwritten(data, at, struct.pack("<4I", *values))
        try:
            read_elf(changed, "x")
        except ElfError:
            continue
