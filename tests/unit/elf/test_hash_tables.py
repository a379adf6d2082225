"""How many symbols there are: said by the hash tables, or by what relocations refer to."""

import struct
from dataclasses import replace

import pytest
from tests.support.elfwriter import Definition, Library, Reference, write_library
from tests.support.elves import elf_of
from tests.support.machines import MACHINES
from tests.support.patches import overwritten, table_offset, with_entries

from musl_audit.elf import read_elf
from musl_audit.elf.view import DT_GNU_HASH, DT_HASH, DT_RELASZ, DT_SYMTAB
from musl_audit.errors import ElfError
from musl_audit.model import FaultKind, Symbol

REFERENCES = (Reference("asked"), Reference("asked_weakly", is_weak=True))
DEFINITIONS = (Definition("first"), Definition("second"))


@pytest.mark.parametrize("tables", [("gnu",), ("sysv",), ("gnu", "sysv")])
@pytest.mark.parametrize("arch", MACHINES)
def test_either_hash_table_leads_to_every_symbol(arch: str, tables: tuple[str, ...]) -> None:
    """On s390x the words of DT_HASH have 64 bits."""
    library = Library(arch, references=REFERENCES, definitions=DEFINITIONS, hash_tables=tables)

    facts = read_elf(write_library(library), "x")

    assert facts.defined == {"first", "second"}
    assert [symbol.name for symbol in facts.undefined] == ["asked", "asked_weakly"]
    assert facts.has_hash_table


def test_32_bit_words_of_s390x_are_read_too() -> None:
    """Not every linker knows that the psABI wants 64 bits; musl does, and runs out of the table."""
    data = write_library(Library("s390x", references=REFERENCES, definitions=DEFINITIONS, hash_tables=("sysv",)))
    offset = table_offset(data, DT_HASH)
    words = struct.unpack_from(">8Q", data, offset)
    narrow = overwritten(data, offset, struct.pack(">8I", *words) + bytes(32))

    assert replace(read_elf(narrow, "x"), faults=()) == read_elf(data, "x")
    assert [fault.kind for fault in read_elf(narrow, "x").faults] == [FaultKind.HASH_TABLE]


def test_without_exports_relocations_tell_what_is_referenced() -> None:
    """GNU ld's empty table says that hashed symbols begin at 1, however many undefined ones there are."""
    data = write_library(Library("x86_64", references=REFERENCES, hash_tables=("gnu",)))
    empty = overwritten(data, table_offset(data, DT_GNU_HASH), struct.pack("<IIIIQI", 1, 1, 1, 0, 0, 0))

    facts = read_elf(empty, "x")

    assert facts.undefined == (Symbol("asked"), Symbol("asked_weakly", is_weak=True))
    assert facts.has_hash_table


def test_without_a_hash_table_relocations_tell_what_is_referenced() -> None:
    """The loader crashes on such a file; its references are still worth telling."""
    data = write_library(Library("x86_64", references=REFERENCES, definitions=DEFINITIONS, hash_tables=()))

    facts = read_elf(data, "x")

    assert not facts.has_hash_table
    assert facts.defined == frozenset()
    assert [symbol.name for symbol in facts.undefined] == ["asked", "asked_weakly"]


@pytest.mark.parametrize(
    ("tag", "words", "reason"),
    [
        (DT_HASH, (1, 0xFFFFFFF0), "hash table runs past"),
        (DT_HASH, (0xFFFFFFFF, 0xFFFFFFFF), "hash table runs past"),
        (DT_HASH, (0, 1), "refers to symbol"),
        (DT_GNU_HASH, (0xFFFFFFFF, 1, 1, 0), "GNU hash table runs past"),
        (DT_GNU_HASH, (1, 1, 0xFFFFFFFF, 0), "GNU hash table runs past"),
        (DT_GNU_HASH, (1, 3, 1, 0, 0, 0, 0xFFFFFFFF), "GNU hash chain has no end"),
        (DT_GNU_HASH, (0, 0xFFFFFFFF, 0, 0), "symbol table of"),
    ],
)
def test_counts_that_lie_are_refused(tag: int, words: tuple[int, ...], reason: str) -> None:
    """Before anything is read or allocated by them."""
    tables = ("sysv",) if tag == DT_HASH else ("gnu",)
    data = write_library(Library("x86_64", references=REFERENCES, definitions=DEFINITIONS, hash_tables=tables))

    with pytest.raises(ElfError, match=reason):
        read_elf(overwritten(data, table_offset(data, tag), struct.pack(f"<{len(words)}I", *words)), "x")


def test_a_chain_without_an_end_is_refused() -> None:
    """The last chain of the table has no low bit up to the end of the segment."""
    data = write_library(Library("x86_64", definitions=DEFINITIONS, hash_tables=("gnu",)))
    offset = table_offset(data, DT_GNU_HASH)
    code = data.index(MACHINES["x86_64"].code, offset)
    rest = overwritten(data, offset + 28, bytes(code + 4 - offset - 28))

    with pytest.raises(ElfError, match="has no end"):
        read_elf(rest, "x")


def test_a_relocation_beyond_the_symbols_is_refused() -> None:
    """The loader would read whatever follows the table as a symbol."""
    data = elf_of("hash_sysv_only")
    offset = table_offset(data, DT_HASH)
    (count,) = struct.unpack_from("<I", data, offset + 4)

    with pytest.raises(ElfError, match="a relocation refers to symbol"):
        read_elf(overwritten(data, offset + 4, struct.pack("<I", count // 2)), "x")


def test_symbols_without_a_symbol_table_are_refused() -> None:
    """Relocations refer to symbols, but nothing says where those are."""
    data = write_library(Library("x86_64", references=REFERENCES, definitions=DEFINITIONS))

    with pytest.raises(ElfError, match="no symbol table"):
        read_elf(with_entries(data, [(DT_SYMTAB, 0x6FFFFFF5, 0)]), "x")


def test_relocations_beyond_the_segment_are_refused() -> None:
    """A size that lies."""
    data = write_library(Library("x86_64", references=REFERENCES))

    with pytest.raises(ElfError, match="relocation table of"):
        read_elf(with_entries(data, [(DT_RELASZ, DT_RELASZ, 2**64 - 24)]), "x")
