"""What lies where once musl has mapped a file: one mapping for all, the others over it, zeros where they belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musl_audit.elf.memory import PAGE_SIZE, PF_R, PF_W, PF_X, Memory, Piece
from musl_audit.elf.view import PT_LOAD, SegmentView
from musl_audit.errors import ElfError


def load(address: int, size: int, *, offset: int | None = None, flags: int = PF_R, memory: int = 0) -> SegmentView:
    """Return a load segment, which begins at *offset* in the file, its address where nothing is said."""
    return SegmentView(PT_LOAD, flags, address if offset is None else offset, address, size, memory or size, PAGE_SIZE)


def test_the_gap_between_segments_is_mapped_as_the_lowest_one() -> None:
    """The first mapping spans the whole image."""
    memory = Memory([load(0, 0x100), load(0x3000, 0x100, flags=PF_R | PF_W)], 0x4000, 64)

    assert memory.piece_at(0x1800) == Piece(0, 0x3000, PF_R, 0)
    assert memory.piece_at(0x3000) == Piece(0x3000, 0x4000, PF_R | PF_W, 0x3000)


def test_a_later_segment_covers_an_earlier_one() -> None:
    """Whatever their addresses: MAP_FIXED."""
    memory = Memory([load(0, 0x3000), load(0x1000, 0x100, offset=0x5000, flags=PF_X)], 0x6000, 64)

    assert [memory.piece_at(at) for at in (0, 0x1000, 0x2000)] == [
        Piece(0, 0x1000, PF_R, 0),
        Piece(0x1000, 0x2000, PF_X, 0x5000),
        Piece(0x2000, 0x3000, PF_R, 0x2000),
    ]


def test_offset_and_address_count_by_the_page() -> None:
    """What lies within the page is not looked at."""
    memory = Memory([load(0, 0x10), load(0x2345, 0x10, offset=0x1999)], 0x4000, 64)

    assert memory.piece_at(0x2000) == Piece(0x2000, 0x3000, PF_R, 0x1000)


def test_memory_beyond_the_bytes_of_a_writable_segment_is_zero() -> None:
    """The rest of the page is cleared, whole pages are anonymous."""
    memory = Memory([load(0, 0x10), load(0x1000, 0x800, flags=PF_R | PF_W, memory=0x1900)], 0x4000, 64)

    assert memory.piece_at(0x17FF) == Piece(0x1000, 0x1800, PF_R | PF_W, 0x1000)
    assert [memory.piece_at(at) for at in (0x1800, 0x2000)] == [
        Piece(0x1800, 0x2000, PF_R | PF_W, None),
        Piece(0x2000, 0x3000, PF_R | PF_W, None),
    ]


def test_nothing_is_cleared_in_a_segment_that_is_not_writable() -> None:
    """The bytes of the file stay."""
    memory = Memory([load(0, 0x800, memory=0x1800)], 0x4000, 64)

    assert memory.piece_at(0x1700) == Piece(0, 0x2000, PF_R, 0)


def test_nothing_is_behind_the_last_page_of_the_file() -> None:
    """It is mapped, and dies when it is touched; up to the end of the page there are zeros."""
    memory = Memory([load(0, 0x3000)], 0x1200, 64)

    assert memory.piece_at(0x1300) == Piece(0x1200, 0x2000, PF_R, None)
    assert memory.piece_at(0x2000) is None
    assert memory.end == 0x3000


@pytest.mark.parametrize(
    "loads",
    [
        [],
        [load(0, 0x10)] * 300,
        [load(0, 0x10), load(1 << 60, 0x10)],
        [load(0, 0x10, flags=PF_R | PF_W, memory=1 << 40)],
        [load(0, 0x10), load(0x800, 0x10, flags=PF_W, memory=0x20)],  # its page stays as the first one has it
    ],
)
def test_what_cannot_be_mapped_is_refused(loads: list[SegmentView]) -> None:
    """No segment, hundreds, more memory than there is, or memory to clear that is not writable."""
    with pytest.raises(ElfError):
        Memory(loads, 0x1000, 64)


def test_a_run_ends_where_a_permission_does() -> None:
    """Neighbours count together."""
    memory = Memory([load(0, 0x1000), load(0x1000, 0x2000, flags=PF_R | PF_W)], 0x3000, 64)

    assert memory.allows(0xFFC, 8, PF_R)
    assert not memory.allows(0xFFC, 8, PF_W)
    assert not memory.allows(0x2FFC, 8, PF_R)


def test_protecting_pages_changes_them_alone() -> None:
    """As mprotect does."""
    memory = Memory([load(0, 0x3000, flags=PF_R | PF_W)], 0x3000, 64)

    memory.protect(0x1000, 0x2000, PF_R)

    assert [memory.allows(at, 1, PF_W) for at in (0xFFF, 0x1000, 0x1FFF, 0x2000)] == [True, False, False, True]
    assert memory.piece_at(0x2000) == Piece(0x2000, 0x3000, PF_R | PF_W, 0x2000)


@given(
    st.lists(
        st.tuples(st.integers(0, 16), st.integers(0, 16), st.integers(1, 0x5000), st.integers(0, 7)),
        min_size=1,
        max_size=6,
    )
)
def test_pieces_are_sorted_and_apart(rows: list[tuple[int, int, int, int]]) -> None:
    """Every address has one piece at most, the last that was mapped there."""
    loads = [load(page * PAGE_SIZE, size, offset=offset * PAGE_SIZE, flags=flags) for page, offset, size, flags in rows]
    memory = Memory(loads, 1 << 20, 64)

    found = [memory.piece_at(at) for at in range(memory.start, memory.end, PAGE_SIZE)]

    for at, piece in zip(range(memory.start, memory.end, PAGE_SIZE), found, strict=True):
        assert piece is not None
        assert piece.start <= at < piece.end
        covering = [one for one in loads if one.address <= at < one.address + one.memory_size]
        if covering and covering[-1].address != memory.start:
            assert (piece.flags, (piece.offset or 0) + at - piece.start) == (
                covering[-1].flags,
                covering[-1].offset + at - covering[-1].address,
            )
