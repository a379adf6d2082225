"""Where members land, and what search paths mean there."""

import pytest

from musl_audit.wheel.installed_tree import InstalledTree, LeavesTreeError, SearchPath, descend, place_of

TREE = InstalledTree(["demo/core/_demo.so", "demo.libs/libdemo.so", "demo-1.0.data/scripts/demo"])
CORE = ("site-packages", "demo", "core")


def test_platlib_and_purelib_are_site_packages() -> None:
    """The binary distribution format installs both beside what is at the root of the archive."""
    places = {place_of(name) for name in ("a/b.so", "x-1.data/platlib/a/b.so", "x-1.data/purelib/a/b.so")}

    assert places == {("site-packages", "a", "b.so")}


def test_origin_leads_through_existing_directories() -> None:
    """What follows $ORIGIN is walked from the directory of the file."""
    assert descend(CORE, "/../../demo.libs", TREE) == ("site-packages", "demo.libs")


def test_a_missing_directory_cannot_be_walked_through() -> None:
    """The kernel answers ENOENT for missing/.., and the loader goes on to the next entry."""
    assert descend(CORE, "/missing/../../../demo.libs", TREE) is None


def test_a_path_out_of_the_tree_is_not_known() -> None:
    """Where the trees lie relative to each other is up to the installation scheme."""
    with pytest.raises(LeavesTreeError):
        descend(("scripts",), "/../lib", TREE)


def test_origin_is_a_prefix_of_the_entry() -> None:
    """musl replaces the token and keeps what stands behind it: $ORIGINAL is the directory's name with AL."""
    assert descend(("site-packages", "demo"), ".libs", TREE) == ("site-packages", "demo.libs")


@pytest.mark.parametrize(
    ("text", "is_ignored"), [("$ORIGIN/a:${ORIGIN}/b", False), ("$ORIGIN/$LIB", True), ("/usr/$PLATFORM", True)]
)
def test_any_other_token_makes_musl_ignore_the_whole_path(text: str, is_ignored: bool) -> None:
    """fixup_rpath knows $ORIGIN only and gives up on everything else."""
    assert SearchPath.parse(text).is_ignored is is_ignored


def test_empty_entries_are_skipped() -> None:
    """An empty entry is not the working directory, as it is elsewhere."""
    assert SearchPath.parse(":$ORIGIN::").entries == ("$ORIGIN",)


def test_a_file_is_no_directory() -> None:
    """A name that begins like another is not above it."""
    tree = InstalledTree(["demo/a", "demo/a.so/b"])

    assert [tree.is_directory(("site-packages", "demo", name)) for name in ("a", "a.so", "b")] == [False, True, False]


def test_of_members_for_one_place_the_last_is_installed() -> None:
    """What an installer writes last stays there; the one before is no file of its own any more."""
    tree = InstalledTree(["a/b.so", "x-1.data/platlib/a/b.so", "x-1.data/scripts/b.so"])

    assert tree.member_at(("site-packages", "a", "b.so")) == "x-1.data/platlib/a/b.so"
    assert tree.by_basename == {"b.so": ["x-1.data/platlib/a/b.so", "x-1.data/scripts/b.so"]}
    assert tree.member_at(("site-packages", "x-1.data", "platlib", "a", "b.so")) is None
