"""Packed relocations made ordinary ones: what comes out, for each architecture, both placements and odd files."""

import struct
from dataclasses import replace

import pytest
from tests.support.evaluator import Evaluation
from tests.support.packed_fixtures import ARCHES, packed_fixture
from tests.support.packed_library import DATA, MACHINES, PackedLibrary, write_packed_library

from musl_audit.elf import read_elf
from musl_audit.elf.headers import Section
from musl_audit.elf.image import Image, read_image
from musl_audit.errors import ElfError, MendError, UnpackError
from musl_audit.repair.relr import unpack_relocations, verify

every_arch = pytest.mark.parametrize("arch", ARCHES)
PLACEMENTS = {"extend": 0, "room": 100}  # words of .bss
every_placement = pytest.mark.parametrize("zero_words", PLACEMENTS.values(), ids=PLACEMENTS)


def library(arch: str = "x86_64", **choices: object) -> PackedLibrary:
    """Return a library with a bit of everything; places in *choices* are offsets in bytes."""
    size = MACHINES[arch].word_size
    some = PackedLibrary(
        arch,
        packed=tuple(size * index for index in (0, 1, 2, 5, 40, 60)),
        relative=(size * 10, size * 8 + 1),
        pointers=(size * 14,),
        jump_slots=(size * 20, size * 22),
    )
    return replace(some, **choices)  # type: ignore[arg-type]  # the names are checked by the dataclass


def section(image: Image, name: bytes) -> Section:
    """Return the only section of that name."""
    (found,) = [one for one in image.sections if image.section_name(one) == name]
    return found


def data_segment(data: bytes) -> bytes:
    """Return the data segment after relocation."""
    return bytes(Evaluation(data).segments[DATA])


@every_arch
def test_nothing_packed_is_left(arch: str) -> None:
    """The three tags of packed relocations are gone from the dynamic section."""
    after = read_elf(unpack_relocations(packed_fixture(arch)), "")
    assert after.packed_relocations == 0


@every_arch
def test_memory_is_the_same_after_relocation(arch: str) -> None:
    """A loader that knows both kinds of relocations makes the same of either file: pointers, and .bss."""
    before = packed_fixture(arch)
    old, new = Evaluation(before), Evaluation(unpack_relocations(before))
    packed = [one.address for one in old.relocations if one.is_packed]
    assert packed
    assert [old.word(address) for address in packed] == [new.word(address) for address in packed]


@every_arch
@every_placement
def test_relocated_data_is_the_same(arch: str, zero_words: int) -> None:
    """The words of the data segment hold the same in either file."""
    written = library(arch, zero_words=zero_words)
    before = write_packed_library(written)
    after = unpack_relocations(before)
    size = written.words * MACHINES[arch].word_size

    assert data_segment(after)[:size] == data_segment(before)[:size]


@every_arch
@every_placement
def test_relative_entries_come_first_and_ascend(arch: str, zero_words: int) -> None:
    """Linkers sort relative entries to the front, by address; DT_RELACOUNT relies on the first."""
    written = library(arch, zero_words=zero_words)
    table = Evaluation(unpack_relocations(write_packed_library(written))).relocations
    addresses = [DATA + place for place in sorted((*written.packed, *written.relative))]

    assert [one.address for one in table[-len(addresses) - 1 :]] == [*addresses, DATA + written.pointers[0]]


def test_a_count_of_relative_entries_fills_a_free_place() -> None:
    """DT_RELACOUNT is written where the dynamic section has room for it, and counts the relative entries alone."""
    image = read_image(unpack_relocations(write_packed_library(library(spare_entries=1))))
    assert dict(image.dynamic_entries())[0x6FFFFFF9] == 8


def test_without_a_free_place_there_is_no_count() -> None:
    """DT_RELACOUNT is a hint; a table that had to be named for the first time needs the three places that are free."""
    written = library(relative=(), pointers=())
    image = read_image(unpack_relocations(write_packed_library(written)))
    assert 0x6FFFFFF9 not in dict(image.dynamic_entries())


def test_a_library_with_bss_gets_a_segment_behind_the_others() -> None:
    """A new read-only PT_LOAD, the last in memory, holds the table; the program headers stay where they are."""
    before = read_image(write_packed_library(library(zero_words=100)))
    after = read_image(unpack_relocations(before.content))

    assert after.header.segments_offset == before.header.segments_offset
    assert len(after.segments) == len(before.segments) + 1
    assert after.loads[:-1] == before.loads
    assert (after.loads[-1].flags, after.loads[-1].address > before.loads[-1].memory_end) == (4, True)


def test_a_library_without_bss_keeps_its_program_headers() -> None:
    """The last segment grows; no header is added and none moves."""
    before = read_image(write_packed_library(library()))
    after = read_image(unpack_relocations(before.content))
    changed = [one for one, old in zip(after.segments, before.segments, strict=True) if one != old]
    assert [one.address for one in changed] == [DATA]


def test_notes_that_share_a_segment_move_together() -> None:
    """One PT_NOTE over several sections stays one."""
    written = library(zero_words=100, notes=3)
    image = read_image(unpack_relocations(write_packed_library(written)))
    (note,) = [one for one in image.segments if one.type == 4]
    first = section(image, b".note.0")
    assert (note.offset, note.address, note.file_size) == (first.offset, first.address, 60)
    assert image.content[note.offset + 20 : note.file_end] == image.content[note.offset : note.offset + 40]


def test_the_symbol_table_moves_when_it_is_in_the_way() -> None:
    """Without notes, .dynsym follows the program headers: it moves, and DT_SYMTAB with it."""
    before = write_packed_library(library(zero_words=100, notes=0))
    after = unpack_relocations(before)
    image = read_image(after)
    assert dict(image.dynamic_entries())[6] == section(image, b".dynsym").address > DATA
    assert read_elf(after, "").undefined == read_elf(before, "").undefined != ()


def test_what_moved_leaves_zeros() -> None:
    """Nothing stays that could be taken for the real thing."""
    before = read_image(write_packed_library(library(zero_words=100, notes=3)))
    after = read_image(unpack_relocations(before.content))
    assert not any(after.content[after.segments_end : section(before, b".note.2").file_end])


def test_a_free_program_header_is_used() -> None:
    """Where a PT_NULL is there, nothing has to move."""
    before = read_image(write_packed_library(library(zero_words=100)))
    spare = [replace(one, type=0) if one.type == 4 else one for one in before.segments]
    after = read_image(unpack_relocations(replace(before, segments=tuple(spare)).to_bytes()))
    assert len(after.segments) == len(before.segments)
    assert section(after, b".note.0") == section(before, b".note.0")


@every_arch
def test_the_section_of_the_old_table_takes_the_new_one(arch: str) -> None:
    """Tools that go by section headers find the table, and no packed one: patchelf sets DT_RELA from them."""
    image = read_image(unpack_relocations(write_packed_library(library(arch))))
    table = section(image, b".rela.dyn" if MACHINES[arch].has_addends else b".rel.dyn")
    assert table.address == dict(image.dynamic_entries())[7 if MACHINES[arch].has_addends else 17]
    assert section(image, b".unpacked").type == 1


def test_an_empty_section_of_the_usual_name_is_used() -> None:
    """Linkers leave an empty .rela.dyn without DT_RELA; a second one beside it would mislead patchelf."""
    image = read_image(unpack_relocations(write_packed_library(library(relative=(), pointers=()))))
    assert section(image, b".rela.dyn").size == 6 * 24


@every_arch
def test_without_an_old_table_the_packed_section_becomes_it(arch: str) -> None:
    """A file that has only packed relocations has one section of relocations after as before."""
    image = read_image(unpack_relocations(packed_fixture(arch)))
    table = section(image, b".rela.dyn" if MACHINES[arch].has_addends else b".rel.dyn")
    assert table.address == dict(image.dynamic_entries())[7 if MACHINES[arch].has_addends else 17]


def test_old_tables_are_zeroed() -> None:
    """Bytes that nothing reads any more compress to nothing."""
    before = read_image(write_packed_library(library()))
    after = unpack_relocations(before.content)
    for name in (b".rela.dyn", b".relr.dyn"):
        old = section(before, name)
        assert not any(after[old.offset : old.file_end])


def test_a_file_without_section_headers_can_be_extended() -> None:
    """No loader reads section headers, so a file may have none."""
    before = write_packed_library(library(has_sections=False))
    assert data_segment(unpack_relocations(before))[:512] == data_segment(before)[:512]


def test_jump_slots_that_are_counted_twice_are_counted_once() -> None:
    """Some linkers let DT_RELASZ cover DT_JMPREL, which lies behind; the new table has only its own entries."""
    before = write_packed_library(library(counts_jump_slots_twice=True))
    entries = dict(read_image(unpack_relocations(before)).dynamic_entries())
    assert (entries[8], entries[2]) == (9 * 24, 2 * 24)


def test_relocations_of_bss_get_no_addend() -> None:
    """A packed relocation in .bss adds to 0."""
    size = MACHINES["x86_64"].word_size
    before = write_packed_library(library(packed=(0, size * 150), zero_words=100))
    added = [one for one in Evaluation(unpack_relocations(before)).relocations if one.address == DATA + size * 150]
    assert [one.addend for one in added] == [0]


@every_arch
def test_a_second_time_changes_nothing(arch: str) -> None:
    """What is unpacked has nothing packed: the same object comes back."""
    once = unpack_relocations(packed_fixture(arch))
    assert unpack_relocations(once) is once


def test_a_library_without_packed_relocations_is_the_same_object() -> None:
    """Nothing to do means not a byte is touched."""
    data = write_packed_library(library())
    plain = read_image(unpack_relocations(data)).to_bytes()
    assert unpack_relocations(plain) is plain


def test_an_object_file_is_the_same_object() -> None:
    """A file without segments has no dynamic section."""
    data = bytearray(write_packed_library(library()))
    data[16] = 1
    data[56:58] = bytes(2)
    assert unpack_relocations(same := bytes(data)) is same


def test_an_empty_packed_table_is_only_forgotten() -> None:
    """No table is made of no relocations; the tags go."""
    image = read_image(write_packed_library(library()))
    after = unpack_relocations(with_entry(image, 35, 0))
    assert len(after) == len(image.content)
    assert 36 not in dict(read_image(after).dynamic_entries())


# --- refusals ----------------------------------------------------------------------------------------


def with_entry(image: Image, tag: int, value: int) -> bytes:
    """Return *image* with another value of one dynamic tag."""
    segment = image.dynamic_segment()
    assert segment is not None
    index = [entry[0] for entry in image.dynamic_entries()].index(tag)
    return image.overwritten(segment.offset + 16 * index, struct.pack("<QQ", tag, value)).to_bytes()


def with_table(image: Image, *words: int) -> bytes:
    """Return *image* with another packed table, in the place of the old one."""
    table = section(image, b".relr.dyn")
    changed = image.overwritten(table.offset, struct.pack(f"<{len(words)}Q", *words))
    return with_entry(changed, 35, 8 * len(words))


def refusal(data: bytes) -> str:
    """Return why *data* is refused."""
    with pytest.raises(MendError) as caught:
        unpack_relocations(data)
    return str(caught.value)


@pytest.fixture
def image() -> Image:
    """A library that can be unpacked, until a test spoils it."""
    return read_image(write_packed_library(library()))


def test_a_leading_bitmap_is_refused(image: Image) -> None:
    """A bitmap counts from an address before it."""
    assert "begins with a bitmap" in refusal(with_table(image, 3, DATA))


def test_a_repeated_address_is_refused(image: Image) -> None:
    """The loader would add twice."""
    assert "two packed relocations" in refusal(with_table(image, DATA, DATA))


def test_addresses_that_share_bytes_are_refused(image: Image) -> None:
    """The second would read what the first wrote."""
    assert "two packed relocations" in refusal(with_table(image, DATA, DATA + 4))


def test_an_address_outside_of_every_segment_is_refused(image: Image) -> None:
    """Nothing is there to relocate."""
    assert "outside of every segment" in refusal(with_table(image, 0x800000))


def test_an_address_that_another_relocation_has_is_refused(image: Image) -> None:
    """The order of the two would matter, and changes."""
    assert "another relocation" in refusal(with_table(image, DATA + 14 * 8))


def test_relative_relocations_that_share_bytes_are_refused() -> None:
    """They are sorted, and the order would matter."""
    assert "overlap one another" in refusal(write_packed_library(library(relative=(80, 73))))


def test_an_address_that_a_relative_relocation_has_is_refused(image: Image) -> None:
    """The loader would have added, or the addend would have been that of the other: releases could differ."""
    assert "another relocation" in refusal(with_table(image, DATA + 10 * 8))


def test_an_address_that_a_jump_slot_has_is_refused(image: Image) -> None:
    """DT_JMPREL counts as well."""
    assert "another relocation" in refusal(with_table(image, DATA + 22 * 8 - 4))


def test_an_address_in_the_dynamic_section_is_refused(image: Image) -> None:
    """What is relocated there is rewritten, and read before it is relocated."""
    assert "what unpacking rewrites" in refusal(with_table(image, DATA + 64 * 8))


def test_an_address_in_the_headers_is_refused(image: Image) -> None:
    """The same for the program headers."""
    assert "what unpacking rewrites" in refusal(with_table(image, 64))


def test_another_entry_size_is_refused(image: Image) -> None:
    """DT_RELRENT is the size of a word."""
    assert "of 4 bytes, expected 8" in refusal(with_entry(image, 37, 4))


def test_a_table_that_claims_more_than_the_file_has_is_refused(image: Image) -> None:
    """A few bytes can stand for more addresses than there is memory; the size of the file is the limit."""
    words = [DATA, *[(1 << 64) - 1] * 40]
    elsewhere = image.overwritten(image.loads[-1].offset, struct.pack("<41Q", *words))
    moved = with_entry(read_image(with_entry(elsewhere, 36, DATA)), 35, 8 * len(words))
    assert "more addresses than the file" in refusal(moved)


def test_a_table_outside_of_the_file_is_refused(image: Image) -> None:
    """Sizes out of the file are not believed."""
    with pytest.raises(ElfError, match="not loaded from the file"):
        unpack_relocations(with_entry(image, 35, 1 << 62))


def test_an_unknown_machine_is_refused(image: Image) -> None:
    """What its relative relocation is called is not known."""
    assert "machine 8 " in refusal(replace(image, header=replace(image.header, machine=8)).to_bytes())


def test_a_fixed_executable_is_refused(image: Image) -> None:
    """A file with addresses of its own has no relative relocations."""
    assert "not loaded at" in refusal(replace(image, header=replace(image.header, type=2)).to_bytes())


def test_overlapping_tables_are_refused(image: Image) -> None:
    """DT_JMPREL in the midst of the other table leaves no table to replace."""
    entries = dict(image.dynamic_entries())
    assert "overlap" in refusal(with_entry(image, 23, entries[7]))


def test_a_tag_that_is_there_twice_is_refused(image: Image) -> None:
    """Loaders disagree about which of the two holds."""
    changed = with_entry(image, 4, 0)
    twice = read_image(changed)
    segment = twice.dynamic_segment()
    assert segment is not None
    index = [entry[0] for entry in twice.dynamic_entries()].index(4)
    assert "twice" in refusal(twice.overwritten(segment.offset + 16 * index, struct.pack("<QQ", 36, 8)).to_bytes())


def test_code_behind_the_program_headers_is_refused() -> None:
    """Code and data are found by their addresses, so they cannot make way."""
    image = read_image(write_packed_library(library(zero_words=100)))
    spoiled = [replace(one, type=1) if one.type == 7 else one for one in image.sections]
    assert "'.note.0' behind them cannot move" in refusal(replace(image, sections=tuple(spoiled)).to_bytes())


def test_a_reference_to_what_must_move_is_refused() -> None:
    """A pointer into a note would still point where the note was."""
    image = read_image(write_packed_library(library(zero_words=100)))
    note = section(image, b".note.0")
    data = image.overwritten(image.loads[-1].offset, struct.pack("<Q", note.address + 4)).to_bytes()
    assert "something refers to what is behind them" in refusal(data)


def test_no_room_without_section_headers_is_refused() -> None:
    """Nothing says what lies behind the program headers, and whether it may move."""
    assert "without section headers" in refusal(write_packed_library(library(zero_words=100, has_sections=False)))


def test_a_signed_file_is_refused(image: Image) -> None:
    """A signature over the bytes would no longer hold."""
    assert "signed" in refusal(image.content + b"~Module signature appended~\n")


def test_a_file_that_checks_itself_is_refused(image: Image) -> None:
    """OpenSSL's FIPS module compares its own bytes with a digest made at installation."""
    assert "FIPS" in refusal(image.content + b"\0OSSL_provider_init\0\0module-mac\0")


# --- the check ---------------------------------------------------------------------------------------


def test_the_check_notices_a_missing_relocation(image: Image) -> None:
    """One relocation less is not the same file."""
    after = read_image(unpack_relocations(image.content))
    size = dict(after.dynamic_entries())[8]
    with pytest.raises(UnpackError, match="the relocations are not the same"):
        verify(image.content, with_entry(after, 8, size - 24))


def test_the_check_notices_another_addend(image: Image) -> None:
    """A relocation to elsewhere is not the same file."""
    after = read_image(unpack_relocations(image.content))
    table = section(after, b".rela.dyn")
    with pytest.raises(UnpackError, match="the relocations are not the same"):
        verify(image.content, after.overwritten(table.offset + 16, bytes(8)).content)


def test_the_check_notices_other_data(image: Image) -> None:
    """A byte that changed in a segment is noticed."""
    after = read_image(unpack_relocations(image.content))
    with pytest.raises(UnpackError, match="the bytes in memory are not the same"):
        verify(image.content, after.overwritten(after.loads[-1].offset + 30 * 8, b"\xff").content)


def test_the_check_notices_what_is_still_packed(image: Image) -> None:
    """A file that was not converted does not pass."""
    with pytest.raises(UnpackError, match="packed relocations are left"):
        verify(image.content, image.content)


def test_the_check_notices_a_lost_symbol(image: Image) -> None:
    """Symbols and needs stay the same."""
    after = read_image(unpack_relocations(image.content))
    names = section(after, b".dynstr")
    with pytest.raises(UnpackError, match="symbols or needs"):
        verify(image.content, after.overwritten(names.offset + 1, b"X").content)


def test_the_result_is_checked_before_it_is_returned() -> None:
    """Names that lie in the packed table, against all sense, would be lost; the check says so."""
    image = read_image(write_packed_library(library(packed=(0, 72), relative=())))
    packed = section(image, b".relr.dyn")
    assert "check of the result" in refusal(with_entry(image, 5, packed.address))
