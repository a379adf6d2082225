"""Text in columns."""

from hypothesis import given
from hypothesis import strategies as st

from musl_audit.reporters.text_layout import listed, ranges, width_of, wrapped

WORDS = st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12), max_size=20)


@given(WORDS, st.integers(1, 40))
def test_wrapping_loses_no_word(words: list[str], width: int) -> None:
    """Nothing is cut."""
    assert " ".join(wrapped(" ".join(words), width)).split() == words


@given(WORDS, st.integers(1, 40))
def test_a_line_is_too_wide_only_for_one_long_word(words: list[str], width: int) -> None:
    """A path can be copied whole."""
    assert all(width_of(line) <= width or " " not in line for line in wrapped(" ".join(words), width))


@given(st.sets(st.integers(0, 60)))
def test_ranges_are_what_they_were_made_of(numbers: set[int]) -> None:
    """No more and no less."""
    spans = ranges(sorted(numbers))

    assert {number for first, last in spans for number in range(first, last + 1)} == numbers


@given(st.lists(st.text(max_size=3), max_size=12), st.integers(0, 10))
def test_a_long_list_says_how_much_is_left_out(items: list[str], limit: int) -> None:
    """Never "and 1 more"."""
    shown = listed(items, limit)

    assert shown == items or shown == [*items[:limit], f"and {len(items) - limit} more"]
    assert "and 1 more" not in shown[-1:] or "and 1 more" in items
