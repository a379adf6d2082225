"""Whatever the bytes, the ELF reader returns facts or raises ElfError."""

import random
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.elfwriter import TYPES, Definition, Library, Reference, write_library
from tests.support.elves import distinct_elves, elf_of
from tests.support.machines import MACHINES
from tests.support.mutations import mutated

from musl_audit.elf import is_elf, read_elf
from musl_audit.elf.view import MAGIC
from musl_audit.errors import ElfError
from musl_audit.model import ElfFacts

UNREADABLE = ("garbage.bin", "unreadable_extension/_other.cpython-312-x86_64-linux-musl.so")
FILES = [data for name, data in distinct_elves() if not name.endswith(UNREADABLE)]
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
quickly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def facts_or_nothing(data: bytes) -> ElfFacts | None:
    """Return the facts of *data*, ``None`` if it is refused as it may be."""
    try:
        return read_elf(data, "x")
    except ElfError:
        return None


@quickly
@given(st.binary(max_size=2000))
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    """Also behind the right magic, class and byte order."""
    facts_or_nothing(data)
    for ident in (b"\1\1", b"\1\2", b"\2\1", b"\2\2"):
        assert is_elf(MAGIC + ident + data)
        facts_or_nothing(MAGIC + ident + data)


@quickly
@given(st.sampled_from(FILES), st.data())
def test_truncated_files_are_refused_or_read_in_full(data: bytes, draw: st.DataObject) -> None:
    """A download that ended early must not pass for a file that asks for less."""
    size = draw.draw(st.integers(0, len(data) - 1))

    assert facts_or_nothing(data[:size]) in (None, read_elf(data, "x"))


@quickly
@given(st.sampled_from(FILES), st.lists(st.tuples(st.integers(0), st.integers(0, 7)), min_size=1, max_size=8))
def test_flipped_bits_are_read_or_refused(data: bytes, flips: list[tuple[int, int]]) -> None:
    """Memory errors and worse."""
    changed = bytearray(data)
    for position, bit in flips:
        changed[position % len(data)] ^= 1 << bit

    facts_or_nothing(bytes(changed))


@settings(quickly, max_examples=500)
@given(st.sampled_from(FILES), st.integers(0, 2**32))
def test_fields_that_lie_are_read_or_refused(data: bytes, seed: int) -> None:
    """Header fields, program headers, dynamic entries and table words, with the values that hurt most."""
    facts_or_nothing(mutated(data, random.Random(seed)))  # noqa: S311 - no secret


@quickly
@given(st.sampled_from(FILES))
def test_the_same_bytes_have_the_same_facts(data: bytes) -> None:
    """Under any name, from bytes or a view of them, wherever the view begins."""
    view = memoryview(b"abc" + data)[3:]

    assert read_elf(data, "x") == read_elf(view, "x")


@quickly
@given(st.sampled_from(FILES), st.binary(max_size=64))
def test_what_is_appended_changes_nothing(data: bytes, tail: bytes) -> None:
    """Archives and signatures are appended to programs."""
    assert read_elf(data + tail, "x") == read_elf(data, "x")


definitions = st.builds(
    Definition,
    name=NAMES,
    type=st.sampled_from(sorted(TYPES)),
    binding=st.sampled_from(["local", "global", "weak", "unique"]),
    version=st.sampled_from([None, "V1", "V2"]),
    is_hidden=st.booleans(),
    has_value=st.booleans(),
)
references = st.builds(
    Reference,
    name=NAMES,
    relocations=st.lists(st.sampled_from(["got", "plt", "pointer", "tpoff"]), max_size=2).map(tuple),
    type=st.sampled_from(["notype", "func", "tls"]),
    is_weak=st.booleans(),
)


def by_name(item: Definition | Reference) -> str:
    """Return what may stand only once in a library here."""
    return item.name


@quickly
@given(
    st.sampled_from(sorted(MACHINES)),
    st.lists(definitions, max_size=6, unique_by=by_name),
    st.lists(references, max_size=6, unique_by=by_name),
    st.sampled_from([("gnu", "sysv"), ("sysv",), ("gnu",)]),
    st.lists(NAMES, max_size=3),
)
def test_what_is_written_is_read(
    arch: str, defined: list[Definition], referenced: list[Reference], tables: tuple[str, ...], needed: list[str]
) -> None:
    """Every class, byte order and form of relocation: the facts are those of the library as it was described."""
    if tables == ("gnu",) and not defined:
        return  # then only what relocations refer to can be seen
    own = {definition.name for definition in defined}
    library = Library(
        arch, needed=tuple(needed), definitions=tuple(defined), references=tuple(referenced), hash_tables=tables
    )

    facts = read_elf(write_library(library), "x")

    versioned = any(definition.version for definition in defined)
    visible = [d for d in defined if d.binding != "local"]
    hidden = {d.name for d in visible if d.is_hidden and versioned}
    sought = [reference for reference in referenced if reference.relocations]
    is_global: Callable[[str], bool] = {d.name for d in visible}.__contains__
    assert facts.needed == tuple(needed)
    assert facts.hidden_versions == hidden
    assert facts.ifuncs == {d.name for d in visible if d.type == "ifunc"} - hidden
    assert facts.defined == {
        d.name for d in visible if d.type != "ifunc" and (d.has_value or d.type == "tls") and d.name not in hidden
    }
    assert [(s.name, s.is_weak, s.type, s.is_referenced) for s in facts.undefined] == [
        (r.name, r.is_weak, r.type, bool(r.relocations)) for r in referenced if r.name not in own
    ]
    assert facts.referenced_definitions == {r.name for r in sought if is_global(r.name)}
    assert facts.initial_exec == {
        r.name if r.name not in own or is_global(r.name) else "" for r in sought if "tpoff" in r.relocations
    }


def test_the_seed_files_cover_every_kind() -> None:
    """Else the properties above would say less than they seem to."""
    kinds = {(facts.kind, facts.identity.machine) for facts in map(facts_or_nothing, FILES) if facts is not None}

    assert len(kinds) >= 15
    assert len(elf_of("clean_s390x")) > 1000
