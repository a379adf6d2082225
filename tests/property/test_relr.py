"""What always holds of packed relocations, for random libraries of every architecture."""

from collections import Counter
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.evaluator import Evaluation
from tests.support.packed_fixtures import ARCHES, packed_fixture
from tests.support.packed_library import DATA, MACHINES, PackedLibrary, encode_packed, write_packed_library

from musl_audit.errors import ElfError
from musl_audit.repair.relr import unpack_relocations
from musl_audit.repair.relr.decode import count_addresses, unpack_addresses

WORDS = 300


@st.composite
def libraries(draw: st.DrawFn) -> PackedLibrary:
    """Draw a library whose relocations do not overlap: some packed, some not, with or without ``.bss``."""
    arch = draw(st.sampled_from(ARCHES))
    size = MACHINES[arch].word_size
    places = [size * index for index in draw(st.lists(st.integers(0, WORDS - 1), min_size=1, unique=True))]
    kinds = draw(st.lists(st.sampled_from("ppprsj"), min_size=len(places), max_size=len(places)))
    chosen = {kind: tuple(place for place, one in zip(places, kinds, strict=True) if one == kind) for kind in "prsj"}
    return PackedLibrary(
        arch,
        packed=chosen["p"] or (size * WORDS,),
        relative=chosen["r"],
        pointers=chosen["s"],
        jump_slots=chosen["j"],
        words=WORDS + 1,
        zero_words=draw(st.sampled_from((0, 50))),
        notes=draw(st.integers(0, 3)),
        is_one_note_segment=draw(st.booleans()),
        counts_jump_slots_twice=draw(st.booleans()),
        spare_entries=draw(st.integers(0, 2)),
    )


@settings(deadline=None)
@given(st.sampled_from((4, 8)), st.sets(st.integers(0, 5000)), st.integers(0, 1))
def test_unpacking_inverts_packing(word_size: int, indices: set[int], odd: int) -> None:
    """Whatever set of addresses a linker packs, in ascending order, comes back."""
    addresses = [2 * odd + word_size * index for index in sorted(indices)]
    words = encode_packed(addresses, word_size)
    assert unpack_addresses(words, word_size=word_size) == addresses
    assert count_addresses(words) == len(addresses)


@settings(deadline=None)
@given(libraries())
def test_the_new_table_is_the_packed_set(library: PackedLibrary) -> None:
    """Read again, by another reader: every packed relocation once, every other as before, nothing else."""
    before = Evaluation(write_packed_library(library)).relocations
    after = Evaluation(unpack_relocations(write_packed_library(library))).relocations
    relative = MACHINES[library.arch].relocations["relative"]
    expected = {DATA + place for place in library.packed}

    assert not any(one.is_packed for one in after)
    assert {one.address for one in before if one.is_packed} == expected
    others = Counter(one for one in before if not one.is_packed)
    if library.counts_jump_slots_twice:
        others = Counter(others.keys())
    added = Counter(after) - others
    assert {(one.address, one.type, one.symbol) for one in added} == {(place, relative, "") for place in expected}
    assert added.total() == len(expected)


@settings(deadline=None)
@given(libraries())
def test_memory_is_the_same_after_relocation(library: PackedLibrary) -> None:
    """Every word of data, and all of .bss, is the same in memory, whichever kind of relocations led there."""
    before = write_packed_library(library)
    old, new = Evaluation(before).segments[DATA], Evaluation(unpack_relocations(before)).segments[DATA]
    size = library.words * MACHINES[library.arch].word_size
    zeros = library.zero_words * MACHINES[library.arch].word_size

    assert old[:size] == new[:size]
    assert old[len(old) - zeros :] == new[len(old) - zeros : len(old)]


@settings(deadline=None)
@given(libraries())
def test_a_second_time_changes_nothing(library: PackedLibrary) -> None:
    """Unpacking is idempotent, to the same object."""
    once = unpack_relocations(write_packed_library(library))
    assert unpack_relocations(once) is once


@settings(deadline=None)
@given(
    st.sampled_from(ARCHES), st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_spoiled_files_raise_only_our_errors(arch: str, edits: list[tuple[int, int]]) -> None:
    """Whatever bytes a file has, it is converted, left alone, or refused with a reason; never anything else."""
    data = bytearray(packed_fixture(arch))
    for place, value in edits:
        data[place % len(data)] = value
    with suppress(ElfError):
        unpack_relocations(bytes(data))


@settings(deadline=None)
@given(st.integers(0, 1 << 13))
def test_cut_files_raise_only_our_errors(size: int) -> None:
    """The same for files that end early."""
    with suppress(ElfError):
        unpack_relocations(packed_fixture("x86_64")[:size])
