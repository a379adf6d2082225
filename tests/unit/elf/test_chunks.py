"""A member in pieces reads as the same member in one."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.support.damage import damaged
from tests.support.elves import distinct_elves
from tests.support.reading import is_dynamic, said_of

from musl_audit.elf import is_elf
from musl_audit.wheel.chunks import Chunks


def cut(data: bytes, chance: random.Random, most: int) -> Chunks:
    """Return *data* in up to *most* pieces."""
    places = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(most)))
    return Chunks(data[start:end] for start, end in pairwise([0, *places, len(data)]))


@given(st.lists(st.binary(max_size=5), max_size=30), st.lists(st.tuples(st.integers(0, 160), st.integers(0, 160))))
def test_any_stretch_is_what_it_would_be_in_one_piece(pieces: list[bytes], stretches: list[tuple[int, int]]) -> None:
    """Also beyond the end."""
    whole, chunks = b"".join(pieces), Chunks(pieces)

    assert len(chunks) == len(whole)
    for start, end in stretches:
        assert bytes(chunks.bytes_at(start, end)) == whole[start : max(start, end)]


def test_every_test_binary_says_the_same_in_pieces() -> None:
    """Of all architectures, classes and byte orders, sound ones and damaged ones, cut anywhere."""
    chance = random.Random(18)  # noqa: S311
    differing = []
    for name, data in distinct_elves():
        found = [data, *(damaged(data, chance).data for _ in range(4) if is_dynamic(data))]
        differing += [name for one in found if is_elf(one) and said_of(cut(one, chance, 40)) != said_of(one)]

    assert not differing
