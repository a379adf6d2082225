"""Masks are sets of symbols, as a walk over the symbols would make them."""

from hypothesis import given
from hypothesis import strategies as st

from musl_audit.elf.masks import common, either, picked, table_of, without

MASKS = st.integers(0, 300).flatmap(
    lambda size: st.tuples(*[st.lists(st.sampled_from((0, 1)), min_size=size, max_size=size).map(bytes)] * 3)
)


def members(mask: bytes) -> set[int]:
    """Return the symbols in *mask*."""
    return {index for index, value in enumerate(mask) if value}


@given(MASKS)
def test_masks_are_combined_as_sets_are(masks: tuple[bytes, bytes, bytes]) -> None:
    """And have one byte for each symbol."""
    one, two, three = masks

    assert members(common(one, two)) == members(one) & members(two)
    assert members(without(one, two)) == members(one) - members(two)
    assert members(either(one, two, three)) == members(one) | members(two) | members(three)
    assert {len(mask) for mask in (common(one, two), without(one, two), either(one, two, three))} == {len(one)}


@given(MASKS)
def test_what_is_picked_is_in_the_mask(masks: tuple[bytes, bytes, bytes]) -> None:
    """In the order of the table, whether it is in one stretch or not."""
    mask, *_ = masks

    assert picked(range(len(mask)), mask) == sorted(members(mask))


@given(st.sets(st.integers(0, 255)), st.binary())
def test_a_table_tells_the_bytes_that_are_wanted(wanted: set[int], data: bytes) -> None:
    """Of each byte by itself."""
    assert data.translate(table_of(wanted)) == bytes(byte in wanted for byte in data)
