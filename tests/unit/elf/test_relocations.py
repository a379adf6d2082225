"""Relocation tables: what is skipped for speed is skipped without loss."""

import json
import struct
from pathlib import Path

import pytest
from tests.support.elfwriter import Definition, Library, Reference, write_library
from tests.support.elves import elf_of
from tests.support.machines import MACHINES
from tests.support.patches import overwritten, table_offset, with_entries

from musl_audit.elf import read_elf
from musl_audit.elf.machines import MACHINES as ROWS
from musl_audit.elf.view import DT_RELA, DT_RELACOUNT, DT_STRSZ, ElfView

ARCHITECTURES = sorted((Path(__file__).parents[3] / "policies" / "arch").glob("*.json"))


@pytest.mark.parametrize("path", ARCHITECTURES, ids=lambda path: path.stem)
def test_numbers_agree_with_the_policies(path: Path) -> None:
    """What the facts ask about is what some release of the loader applies, but for indirect functions."""
    arch = json.loads(path.read_text(encoding="utf-8"))
    machine = ROWS[arch["elf"]["machine"]]

    applied = {row["number"] for row in arch.get("relocations", {}).values()}

    assert machine.bits == arch["elf"]["bits"]
    assert machine.irelative not in applied
    if applied:  # armv6l has those of armv7l
        assert {machine.relative, machine.copy} <= applied
        assert machine.initial_exec & applied
        assert machine.module & applied


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 1000, 2**64 - 1])
def test_a_wrong_count_of_relative_relocations_changes_nothing(count: int) -> None:
    """musl ignores DT_RELACOUNT, so a lie in it must not hide a relocation."""
    library = Library(
        "x86_64", needed=("libc.so",), references=(Reference("f"), Reference("g")), definitions=(Definition("h"),)
    )
    data = write_library(library)

    counted = with_entries(data, [(DT_STRSZ, DT_RELACOUNT, count)])

    assert read_elf(counted, "x") == read_elf(data, "x")


def test_a_symbol_within_the_counted_prefix_is_seen() -> None:
    """RELATIVE by type, yet with a symbol: no linker writes that, and the count must not hide it either."""
    data = elf_of("relative_relocations", "libpointers.so")
    image = ElfView(data)
    dynamic = dict(image.dynamic_entries())
    info = table_offset(data, DT_RELA) + 8

    changed = overwritten(data, info, struct.pack("<Q", 1 << 32 | 8))

    assert dynamic[DT_RELACOUNT] > 1
    assert read_elf(data, "x").relocation_types >= {8}
    assert (
        any(symbol.is_referenced for symbol in read_elf(changed, "x").undefined)
        or read_elf(changed, "x").referenced_definitions > read_elf(data, "x").referenced_definitions
    )


@pytest.mark.parametrize("arch", MACHINES)
def test_each_use_is_told_by_its_type(arch: str) -> None:
    """Pointers, GOT entries, PLT entries, TLS: types, names and tables."""
    uses = ("pointer", "got", "plt", "tpoff", "dtpmod")
    references = (
        *(Reference(use, relocations=(use,)) for use in uses[:3]),
        Reference("var", ("tpoff",), type="tls"),
        Reference("dynamic", ("dtpmod",)),
        Reference("tls by type alone", ("got",), type="tls"),
    )

    facts = read_elf(write_library(Library(arch, references=references)), "x")

    numbers = MACHINES[arch].relocations
    assert facts.relocation_types == {numbers[use] for use in (*uses, "relative")}
    assert facts.initial_exec == {"var"}
    assert facts.thread_local == {"var", "dynamic"}
    assert all(symbol.is_referenced for symbol in facts.undefined)


@pytest.mark.parametrize("arch", MACHINES)
def test_type_0_is_ignored(arch: str) -> None:
    """R_*_NONE, as every loader does; the numbers of all others are kept."""
    facts = read_elf(write_library(Library(arch, relocation_types=(0, 77), has_constructor=False)), "x")

    assert facts.relocation_types == {77}


@pytest.mark.parametrize("arch", MACHINES)
def test_initial_exec_without_a_symbol_is_told(arch: str) -> None:
    """Against the file's own TLS."""
    facts = read_elf(write_library(Library(arch, has_local_initial_exec=True)), "x")

    assert facts.initial_exec == {""}


def test_a_relocation_against_its_own_export_is_a_reference() -> None:
    """The loader looks it up by name, and may find another file's."""
    library = Library("x86_64", definitions=(Definition("mine"),), references=(Reference("mine"),))

    assert read_elf(write_library(library), "x").referenced_definitions == {"mine"}
