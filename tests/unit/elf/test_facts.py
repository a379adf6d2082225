"""The facts of real files, one fact and the file that has it at a time."""

import pytest
from tests.support.elfwriter import Definition, Library, Reference, write_library
from tests.support.elves import elf_of
from tests.support.machines import MACHINES
from tests.support.patches import segment_index, with_header, with_segment

from musl_audit.elf import is_elf, read_elf
from musl_audit.elf.view import PT_GNU_STACK, PT_LOAD
from musl_audit.model import ElfFacts, ElfIdentity, Symbol, VersionNeed

ARCHITECTURES = {
    "x86_64": ElfIdentity(62, 64, "little", 0),
    "i686": ElfIdentity(3, 32, "little", 0),
    "aarch64": ElfIdentity(183, 64, "little", 0),
    "armv7l": ElfIdentity(40, 32, "little", 0x5000400),
    "ppc64le": ElfIdentity(21, 64, "little", 2),
    "s390x": ElfIdentity(22, 64, "big", 0),
    "riscv64": ElfIdentity(243, 64, "little", 5),
    "loongarch64": ElfIdentity(258, 64, "little", 0x43),
}


def facts_of(case: str, ending: str = "") -> ElfFacts:
    """Return the facts of a file of a test wheel."""
    return read_elf(elf_of(case, ending), f"{case}/{ending}")


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_architecture_is_read(arch: str) -> None:
    """Both classes and both byte orders: who made the file, what it is called from, what it calls."""
    facts = facts_of(f"clean_{arch}")

    assert facts.identity == ARCHITECTURES[arch]
    assert "PyInit__probe" in facts.defined
    assert "PyModule_Create2" in {symbol.name for symbol in facts.undefined}


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_packed_relocations_are_counted_in_bytes(arch: str) -> None:
    """DT_RELRSZ, whatever the word size."""
    assert facts_of(f"packed_relocations_{arch}", "libpointers.so").packed_relocations in (8, 16)


@pytest.mark.parametrize("arch", ["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"])
def test_initial_exec_against_itself_has_no_name(arch: str) -> None:
    """The relocation has symbol 0 or a local one."""
    assert facts_of(f"initial_exec_extension_{arch}").initial_exec == {""}
    assert facts_of(f"dynamic_tls_{arch}").initial_exec == frozenset()


def test_initial_exec_against_an_exported_symbol_has_its_name() -> None:
    """So that it can be told whose TLS it is."""
    assert facts_of("initial_exec_exported").initial_exec == {"counter"}


@pytest.mark.parametrize(
    ("arch", "number"),
    [
        ("x86_64", 37),
        ("i686", 42),
        ("aarch64", 1032),
        ("armv7l", 160),
        ("ppc64le", 248),
        ("s390x", 61),
        ("riscv64", 58),
    ],
)
def test_irelative_is_among_the_relocation_types(arch: str, number: int) -> None:
    """A local IFUNC leaves no symbol, only this relocation."""
    assert number in facts_of(f"ifunc_{arch}").relocation_types


def test_an_exported_ifunc_is_no_definition() -> None:
    """The loader passes over STT_GNU_IFUNC, whether or not anybody refers to it."""
    referenced, unreferenced = facts_of("ifunc_referenced"), facts_of("ifunc_unreferenced")

    assert referenced.ifuncs == unreferenced.ifuncs == {"chosen"}
    assert "chosen" in referenced.referenced_definitions - referenced.defined
    assert "chosen" not in unreferenced.referenced_definitions


def test_a_hidden_version_alone_is_no_definition() -> None:
    """foo@V1 without foo@@V2 gives nobody foo."""
    facts = facts_of("hidden_version_definition", "libanswer.so")

    assert facts.hidden_versions == {"answer"}
    assert "answer" not in facts.defined
    assert facts.version_definitions == ("V1",)


def test_a_default_version_beside_a_hidden_one_is_a_definition() -> None:
    """foo@@V2 serves those that ask for foo@V1 too."""
    facts = facts_of("default_version_definition", "libanswer.so")

    assert "answer" in facts.defined
    assert facts.hidden_versions == frozenset()
    assert facts.version_definitions == ("V1", "V2")


def test_version_needs_name_library_and_version() -> None:
    """In the file's order."""
    assert facts_of("glibc_program").version_needs == (
        VersionNeed("libc.so.6", "GLIBC_2.2.5"),
        VersionNeed("libc.so.6", "GLIBC_2.34"),
    )


def test_copy_relocations_name_their_targets() -> None:
    """Of a program that uses a variable of libc."""
    facts = facts_of("program_with_copy_relocation")

    assert facts.copied == {"__environ"}
    assert facts.copied <= facts.defined


def test_a_weak_undefined_symbol_is_weak() -> None:
    """And its type is kept: a weak undefined TLS symbol crashes the loader."""
    assert Symbol("counter", is_weak=True, type="tls") in facts_of("weak_undefined_tls").undefined


def test_a_symbol_without_a_relocation_is_not_referenced() -> None:
    """The loader never looks it up."""
    library = Library("x86_64", references=(Reference("used"), Reference("unused", relocations=())))

    assert read_elf(write_library(library), "x").undefined == (
        Symbol("used", is_referenced=True),
        Symbol("unused", is_referenced=False),
    )


@pytest.mark.parametrize("arch", MACHINES)
def test_only_what_the_loader_accepts_is_a_definition(arch: str) -> None:
    """Global, weak or unique; not local; a value other than 0, but for TLS; not hidden; not an IFUNC."""
    definitions = (
        Definition("strong"),
        Definition("weak", binding="weak"),
        Definition("unique", type="object", binding="unique"),
        Definition("common", type="common"),
        Definition("untyped", type="notype"),
        Definition("thread_local", type="tls"),
        Definition("first_thread_local", type="tls", has_value=False),
        Definition("local", binding="local"),
        Definition("nowhere", has_value=False),
        Definition("chosen", type="ifunc"),
        Definition("old", version="V1", is_hidden=True),
    )

    facts = read_elf(write_library(Library(arch, definitions=definitions)), "x")

    assert facts.defined == {"strong", "weak", "unique", "common", "untyped", "thread_local", "first_thread_local"}
    assert facts.ifuncs == {"chosen"}
    assert facts.hidden_versions == {"old"}


@pytest.mark.parametrize(
    ("case", "ending", "fact", "value"),
    [
        ("dynamic_program", "", "interpreter", "/lib/ld-musl-x86_64.so.1"),
        ("clean_x86_64", "", "interpreter", None),
        ("chain_by_rpath", ".libs/libouter.so", "rpath", "${ORIGIN}"),
        ("chain_by_runpath", ".libs/libouter.so", "runpath", "$ORIGIN"),
        ("needed_by_file_name", "libanswer.so.1", "soname", "libother.so"),
        ("text_relocations", "", "has_text_relocations", True),
        ("clean_x86_64", "", "has_text_relocations", False),
        ("executable_stack", "", "is_stack_executable", True),
        ("no_word_on_the_stack", "", "is_stack_executable", False),
        ("isa_above_baseline", "", "isa_needed", 4),
        ("isa_used", "", "isa_needed", 0),
        ("zero_length_segment", "libempty.so", "zero_length_segments", 1),
        ("zero_length_segment_within_a_page", "libempty.so", "zero_length_segments", 0),
        ("clean_armv7l", "", "arm_float_abi", "hard"),
        ("soft_float", "", "arm_float_abi", "soft"),
        ("float_abi_unsaid", "", "arm_float_abi", None),
        ("clean_x86_64", "", "arm_float_abi", None),
        ("no_hash_table", "", "has_hash_table", False),
        ("hash_gnu_only", "", "has_hash_table", True),
        ("hash_sysv_only", "", "has_hash_table", True),
    ],
)
def test_a_single_fact_is_read(case: str, ending: str, fact: str, value: object) -> None:
    """Each is what the test wheel was built for."""
    assert getattr(facts_of(case, ending), fact) == value


@pytest.mark.parametrize(
    ("address", "memory_size", "count"),
    [(0x100000, 0, 1), (0x100000, 1, 0), (0x100800, 0, 0), (0, 0, 0), (0x800, 0, 0), (0x1000, 0, 1)],
)
def test_a_zero_length_segment_counts_where_a_page_begins(address: int, memory_size: int, count: int) -> None:
    """But not in the lowest page, which is mapped with the whole image."""
    data = write_library(Library("x86_64"))
    fields = {"type": PT_LOAD, "address": address, "file_size": 0, "memory_size": memory_size}

    changed = with_segment(data, segment_index(data, PT_GNU_STACK), **fields)

    assert read_elf(changed, "x").zero_length_segments == count


def test_needed_libraries_keep_their_order() -> None:
    """The loader searches and binds in this order."""
    facts = read_elf(write_library(Library("x86_64", needed=("libz.so.1", "libc.so", "liba.so"))), "x")

    assert facts.needed == ("libz.so.1", "libc.so", "liba.so")


def test_names_that_are_not_utf8_survive() -> None:
    """Names are bytes; none is lost, and none stops the reading."""
    names = {symbol.name.encode("utf-8", "surrogateescape") for symbol in facts_of("symbol_not_utf8").undefined}

    assert any(b"\xff" in name for name in names)


def test_section_headers_are_not_needed() -> None:
    """They may be stripped; the loader does not look at them either."""
    data = elf_of("clean_x86_64")

    assert read_elf(with_header(data, shoff=0, shnum=0), "x") == read_elf(data, "x")


def test_a_memory_view_is_read_like_bytes() -> None:
    """Members need not be copied."""
    data = elf_of("clean_x86_64")

    assert read_elf(memoryview(data), "x") == read_elf(data, "x")


def test_an_elf_file_is_known_by_four_bytes() -> None:
    """Whatever its name; what is shorter is none."""
    assert is_elf(elf_of("clean_x86_64"))
    assert is_elf(memoryview(b"\x7fELF"))
    assert not is_elf(b"\x7fEL")
    assert not is_elf(b"!<arch>\n")
