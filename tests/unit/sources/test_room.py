"""Memory in turns: what is in one place is never touched by what is done to others."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musl_audit.adapters.archive.room import Extent, Room

SIZE = 64


def test_places_are_where_there_is_a_gap() -> None:
    """The first that is large enough; what is left is a gap again."""
    room = Room(SIZE)
    first, second = room.take(40), room.take(10)
    room.leave(first)

    assert room.largest_gap == 40
    assert room.take(14).start == 0
    assert room.take(20).start == 14
    assert (second.start, second.end) == (40, 50)
    assert room.largest_gap == 14


@pytest.mark.parametrize("size", [20, 30, SIZE])
def test_a_place_may_grow_over_what_it_had(size: int) -> None:
    """It lies where there is a gap for all of it, what it had included, with what is in it."""
    room = Room(SIZE)
    before, place = room.take(10), room.take(20)
    room.add(place, b"abcdef")
    room.leave(before)

    assert room.enlarge(place, size)
    assert (place.start, place.size) == (0, size)
    assert bytes(room.bytes_of(place)) == b"abcdef"


def test_a_place_stays_where_there_is_no_larger_one() -> None:
    """Another lies before it."""
    room = Room(SIZE)
    room.take(10)
    place = room.take(20)
    room.add(place, b"abcdef")

    assert not room.enlarge(place, SIZE)
    assert (place.start, place.size) == (10, 20)
    assert bytes(room.bytes_of(place)) == b"abcdef"


def test_an_empty_member_takes_no_place() -> None:
    """What is free beside it stays free, and no more than that."""
    room = Room(SIZE)
    room.take(10)
    empty = room.take(0)

    assert room.largest_gap == SIZE - 10
    assert room.take(10).start == 10
    assert bytes(room.bytes_of(empty)) == b""
    room.leave(empty)


STEPS = st.lists(
    st.tuples(st.sampled_from(["take", "leave", "enlarge", "add"]), st.integers(0, 9), st.integers(0, SIZE // 4)),
    max_size=60,
)


@given(STEPS)
def test_nobody_touches_what_is_of_others(steps: list[tuple[str, int, int]]) -> None:
    """Whatever is taken, left, enlarged and filled, in any order."""
    room = Room(SIZE)
    held: list[tuple[Extent, bytearray]] = []
    for number, (step, which, size) in enumerate(steps):
        if step == "take" and size <= room.largest_gap:
            held.append((room.take(size), bytearray()))
        if not held:
            continue
        place, content = held[which % len(held)]
        if step == "leave":
            room.leave(place)
            del held[which % len(held)]
        elif step == "enlarge" and size >= place.size:
            room.enlarge(place, size)
        elif step == "add":
            piece = bytes([number]) * min(size, place.size - place.filled)
            room.add(place, piece)
            content += piece
        assert all(bytes(room.bytes_of(place)) == content for place, content in held)
        ordered = sorted((place.start, place.end) for place, _ in held)
        assert all(first[1] <= second[0] for first, second in pairwise(ordered))
        assert all(0 <= start <= end <= SIZE for start, end in ordered)
