"""Files made to hurt: each is refused with ElfError, or read, with work in proportion to its size."""

import struct
import tracemalloc

import pytest
from tests.support.elfwriter import Definition, Library, Reference, write_library
from tests.support.elves import distinct_elves, elf_of
from tests.support.patches import (
    overwritten,
    segment_index,
    with_entries,
    with_header,
    with_segment,
)
from tests.support.work import lines_executed

from musl_audit.elf import read_elf
from musl_audit.elf.view import (
    DT_HASH,
    DT_NEEDED,
    DT_RELA,
    DT_SONAME,
    DT_STRSZ,
    DT_STRTAB,
    DT_SYMTAB,
    DT_VERDEF,
    DT_VERDEFNUM,
    DT_VERNEED,
    DT_VERNEEDNUM,
    PT_DYNAMIC,
    PT_INTERP,
    PT_LOAD,
    PT_NOTE,
    ElfView,
)
from musl_audit.errors import ElfError

LINES_PER_BYTE, LINES_OF_ANY_FILE = 12, 20_000
MEMORY_PER_BYTE, MEMORY_OF_ANY_FILE = 40, 4_000_000


def library(*, needed: int = 1, versions: bool = False) -> bytes:
    """Return a small library to spoil."""
    version = ("libc.so", "V1") if versions else None
    return write_library(
        Library(
            "x86_64",
            soname="libdemo.so",
            needed=("libc.so",) * needed,
            definitions=(Definition("offered", version="V1" if versions else None),),
            references=(Reference("asked", version=version),),
        )
    )


def with_tail(data: bytes, tail: bytes) -> tuple[bytes, int]:
    """Return *data* with *tail* in a load segment of its own, and the address of it."""
    address = 0x40000000
    index = segment_index(data, 0x6474E551)  # what says nothing here: PT_GNU_STACK
    padded = data + bytes(-len(data) % 4096)  # offset and address must lie at the same place in a page
    fields = {"type": PT_LOAD, "offset": len(padded), "address": address}
    sizes = {"file_size": len(tail), "memory_size": len(tail)}
    return with_segment(padded, index, **fields, **sizes) + tail, address


def assert_bounded(data: bytes) -> None:
    """Assert that reading *data* takes lines and bytes in proportion to its size."""

    def read() -> object:
        return read_elf(data, "x")

    assert lines_executed(read, ElfError) <= LINES_PER_BYTE * len(data) + LINES_OF_ANY_FILE
    tracemalloc.start()
    try:
        read()
    except ElfError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak <= MEMORY_PER_BYTE * len(data) + MEMORY_OF_ANY_FILE


@pytest.mark.parametrize("name", [name for name, _ in distinct_elves()])
def test_a_real_file_stays_within_the_bounds(name: str) -> None:
    """So that they mean something."""
    assert_bounded(dict(distinct_elves())[name])


@pytest.mark.parametrize("size", [0, 3, 4, 5, 6, 15, 16, 20, 51, 52, 63])
def test_a_file_that_ends_within_its_header_is_refused(size: int) -> None:
    """Or before it."""
    with pytest.raises(ElfError):
        read_elf(elf_of("clean_x86_64")[:size], "x")


@pytest.mark.parametrize("size", [64, 100, 600, 1000, 1500])
def test_a_file_that_ends_within_a_segment_is_refused(size: int) -> None:
    """Mapping it would end in SIGBUS."""
    with pytest.raises(ElfError):
        read_elf(elf_of("clean_x86_64")[:size], "x")


@pytest.mark.parametrize(("offset", "byte"), [(4, 0), (4, 3), (5, 0), (5, 3)])
def test_an_unknown_class_or_byte_order_is_refused(offset: int, byte: int) -> None:
    """EI_CLASS and EI_DATA."""
    with pytest.raises(ElfError, match="unknown class"):
        read_elf(overwritten(elf_of("clean_x86_64"), offset, bytes([byte])), "x")


@pytest.mark.parametrize(
    "fields",
    [
        {"phoff": 2**64 - 1},
        {"phoff": 2**63},
        {"phnum": 0xFFFF},
        {"phentsize": 0},
        {"phentsize": 57},
    ],
)
def test_program_headers_elsewhere_are_refused(fields: dict[str, int]) -> None:
    """Offsets near 2^64 and counts that lie."""
    with pytest.raises(ElfError, match="program headers"):
        read_elf(with_header(elf_of("clean_x86_64"), **fields), "x")


@pytest.mark.parametrize("fields", [("offset",), ("file_size", "memory_size")])
@pytest.mark.parametrize("value", [2**32, 2**63, 2**64 - 1])
def test_a_load_segment_beyond_the_file_is_refused(fields: tuple[str, ...], value: int) -> None:
    """Wherever it claims to be."""
    data = elf_of("clean_x86_64")

    with pytest.raises(ElfError, match="load segment"):
        read_elf(with_segment(data, segment_index(data, PT_LOAD), **dict.fromkeys(fields, value)), "x")


@pytest.mark.parametrize("value", [2**32, 2**63, 2**64 - 1])
def test_a_load_segment_with_more_bytes_than_memory_is_read(value: int) -> None:
    """The loader looks at no more of the size in the file than where zeros begin."""
    data = elf_of("clean_x86_64")

    assert read_elf(with_segment(data, segment_index(data, PT_LOAD), file_size=value), "x") == read_elf(data, "x")


@pytest.mark.parametrize("value", [0xFFFFFFFF, 2**64 - 1, 0x7000])
def test_a_dynamic_segment_nowhere_is_refused(value: int) -> None:
    """The loader would read unmapped memory."""
    data = elf_of("clean_x86_64")

    with pytest.raises(ElfError, match="no load segment has bytes"):
        read_elf(with_segment(data, segment_index(data, PT_DYNAMIC), address=value), "x")


def test_a_dynamic_segment_of_4_gb_is_read_up_to_its_end() -> None:
    """Its size is no more than a claim."""
    data = elf_of("clean_x86_64")
    huge = with_segment(data, segment_index(data, PT_DYNAMIC), file_size=2**32, memory_size=2**32)

    assert read_elf(huge, "x") == read_elf(data, "x")


def test_a_dynamic_segment_without_end_is_refused() -> None:
    """A million entries, and no DT_NULL."""
    entries = struct.pack("<QQ", DT_NEEDED, 1) * 200_000
    data, address = with_tail(library(), entries)
    endless = with_segment(data, segment_index(data, PT_DYNAMIC), address=address)

    assert_bounded(endless)
    with pytest.raises(ElfError, match="no end"):
        read_elf(endless, "x")


def test_a_dynamic_segment_of_too_many_entries_is_refused() -> None:
    """Each becomes an object; real ones have a few hundred at most."""
    data, address = with_tail(library(), struct.pack("<QQ", DT_NEEDED, 1) * 70_000 + bytes(16))

    with pytest.raises(ElfError, match="no end"):
        read_elf(with_segment(data, segment_index(data, PT_DYNAMIC), address=address), "x")


def test_a_table_in_zero_filled_memory_is_refused() -> None:
    """It has an address, but no bytes in the file."""
    data = write_library(Library("x86_64", definitions=(Definition("offered"),), hash_tables=("sysv",)))
    index = max(index for index, segment in enumerate(ElfView(data).segments) if segment.type == PT_LOAD)
    load = ElfView(data).segments[index]
    grown = with_segment(data, index, memory_size=load.file_size + 4096)

    with pytest.raises(ElfError, match="no load segment has bytes"):
        read_elf(with_entries(grown, [(DT_HASH, DT_HASH, load.address + load.file_size)]), "x")


def test_an_interpreter_beyond_the_file_is_refused() -> None:
    """The kernel refuses it too."""
    data = elf_of("dynamic_program")

    with pytest.raises(ElfError, match="interpreter"):
        read_elf(with_segment(data, segment_index(data, PT_INTERP), offset=2**64 - 8), "x")


@pytest.mark.parametrize("tag", [DT_STRTAB, DT_SYMTAB, DT_RELA])
@pytest.mark.parametrize("value", [0x7FFFFFFF, 2**64 - 1])
def test_a_table_nowhere_is_refused(tag: int, value: int) -> None:
    """No load segment has it."""
    with pytest.raises(ElfError, match="no load segment has bytes"):
        read_elf(with_entries(library(), [(tag, tag, value)]), "x")


@pytest.mark.parametrize("value", [0x7FFFFFFF, 2**64 - 1])
def test_a_name_nowhere_is_refused(value: int) -> None:
    """Beyond the segment of the string table."""
    with pytest.raises(ElfError, match="has no end"):
        read_elf(with_entries(library(), [(DT_NEEDED, DT_NEEDED, value)]), "x")


def test_a_soname_nowhere_is_none() -> None:
    """The loader never reads it."""
    assert read_elf(with_entries(library(), [(DT_SONAME, DT_SONAME, 2**64 - 1)]), "x").soname is None


def test_a_string_table_longer_than_it_says_is_read() -> None:
    """The loader ignores DT_STRSZ."""
    data = library()

    assert read_elf(with_entries(data, [(DT_STRSZ, DT_STRSZ, 1)]), "x") == read_elf(data, "x")
    assert read_elf(with_entries(data, [(DT_STRSZ, DT_STRSZ, 2**64 - 1)]), "x") == read_elf(data, "x")


def test_names_that_overlap_are_bounded() -> None:
    """8,000 symbols whose names end together: 500 MB of names out of 256 KB."""
    count, size = 8000, 64_000
    symbols = b"".join(struct.pack("<IBBHQQ", index, 0x10, 0, 1, 1, 0) for index in range(count))
    chains = struct.pack("<II", 0, count) + bytes(4 * count)
    tail = b"x" * size + b"\0" * 8 + symbols + chains
    data, address = with_tail(write_library(Library("x86_64", hash_tables=("sysv",))), tail)
    symbol_table = address + size + 8
    changes = [
        (DT_STRTAB, address),
        (DT_SYMTAB, symbol_table),
        (DT_HASH, symbol_table + len(symbols)),
        (DT_STRSZ, size + 8),
    ]
    hostile = with_entries(data, [(tag, tag, value) for tag, value in changes])

    assert_bounded(hostile)
    with pytest.raises(ElfError, match="overlap"):
        read_elf(hostile, "x")


def test_versions_that_share_their_tails_are_bounded() -> None:
    """2,000 libraries, each with the same 2,000 versions: 4 million out of 64 KB."""
    count = 2000
    needs = b"".join(struct.pack("<HHIII", 1, count, 1, 16 * (count - index), 16) for index in range(count))
    versions = struct.pack("<IHHII", 0, 0, 2, 1, 16) * count
    data, address = with_tail(library(versions=True), needs + versions)
    hostile = with_entries(data, [(DT_VERNEED, DT_VERNEED, address), (DT_VERNEEDNUM, DT_VERNEEDNUM, count)])

    assert_bounded(hostile)
    with pytest.raises(ElfError, match="overlap"):
        read_elf(hostile, "x")


@pytest.mark.parametrize("distance", [1, 2, 15])
def test_versions_that_creep_are_refused(distance: int) -> None:
    """A chain that moves on by less than a record."""
    data, address = with_tail(library(versions=True), struct.pack("<HHIII", 1, 0, 1, 16, distance) * 100)

    with pytest.raises(ElfError, match="overlap"):
        read_elf(with_entries(data, [(DT_VERNEED, DT_VERNEED, address), (DT_VERNEEDNUM, DT_VERNEEDNUM, 9)]), "x")


@pytest.mark.parametrize("tag", [DT_VERNEEDNUM, DT_VERDEFNUM])
def test_a_count_of_versions_that_lies_ends_with_the_chain(tag: int) -> None:
    """The last record says that it is the last."""
    data = library(versions=True)

    assert read_elf(with_entries(data, [(tag, tag, 2**64 - 1)]), "x") == read_elf(data, "x")


@pytest.mark.parametrize("tag", [DT_VERNEED, DT_VERDEF])
def test_versions_that_leave_their_segment_are_refused(tag: int) -> None:
    """The last bytes of a segment are no record."""
    data = library(versions=True)
    last = max(segment.address + segment.file_size for segment in ElfView(data).loads) - 4

    with pytest.raises(ElfError, match="version record"):
        read_elf(with_entries(data, [(tag, tag, last)]), "x")


def test_many_segments_of_the_same_notes_are_bounded() -> None:
    """5,000 PT_NOTE over the same bytes: 5,000 times the work."""
    data = library()
    notes = struct.pack("<III4s", 4, 0, 9, b"GNU\0") * 1000
    header = struct.pack("<IIQQQQQQ", PT_NOTE, 4, len(data), 0, 0, len(notes), 0, 4)
    own = data[64 : 64 + 5 * 56]
    moved = data + notes + own + header * 5_000

    assert_bounded(with_header(moved, phoff=len(data) + len(notes), phnum=5_005))


def test_many_load_segments_are_bounded() -> None:
    """Each address is looked for among them all."""
    data = library(needed=20)
    own = data[64 : 64 + 5 * 56]
    header = struct.pack("<IIQQQQQQ", PT_LOAD, 4, 0, 2**40, 0, 1, 1, 4096)

    assert_bounded(with_header(data + header * 60_000 + own, phoff=len(data), phnum=60_005))
