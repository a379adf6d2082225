"""From one member of a wheel to another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.values import extension, library

from musl_audit.repair.rpath import entries_inside, joined, origin_to
from musl_audit.wheel.installed_tree import InstalledTree, descend, place_of, relative_to_origin

PARTS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=4)
TREES = st.sampled_from(["", "demo-1.0.data/platlib/", "demo-1.0.data/purelib/"])


@given(TREES, PARTS, TREES, PARTS)
def test_the_way_leads_there(tree: str, start: list[str], other: str, end: list[str]) -> None:
    """As the loader walks, for any two members of site-packages."""
    member, target = tree + "/".join([*start, "x.so"]), other + "/".join([*end, "y.so"])
    way = origin_to(member, target)
    tree_of_both = InstalledTree([member, target])

    assert way is not None
    assert descend(place_of(member)[:-1], relative_to_origin(way) or "", tree_of_both) == place_of(target)[:-1]


@pytest.mark.parametrize(
    ("member", "target"),
    [
        ("demo-1.0.data/scripts/demo", "demo.libs/x"),
        ("demo/x.so", "demo-1.0.data/data/lib/y.so"),
        ("demo-1.0.data/data/bin/x", "demo-1.0.data/data/lib/y.so"),
    ],
)
def test_no_way_leads_from_one_installation_tree_into_another(member: str, target: str) -> None:
    """Nobody knows where they lie to each other; and below the prefix nobody moves anything."""
    assert origin_to(member, target) is None


def test_entries_inside() -> None:
    """As musl reads them: of two paths RUNPATH, none of a path with an unknown token."""
    assert entries_inside(extension(rpath="$ORIGIN", runpath="$ORIGIN/x:/opt:${ORIGIN}/..:rel")) == (
        "$ORIGIN/x",
        "${ORIGIN}/..",
    )
    assert entries_inside(library(rpath="$ORIGIN:$LIB")) == ()


def test_joined_keeps_the_first_of_each() -> None:
    """In order."""
    assert joined(["a", "b"], ["c", "a"]) == ("a", "b", "c")
