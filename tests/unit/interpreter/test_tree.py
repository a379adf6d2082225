"""Paths below a root: nothing leads out of it."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.roots import Root

from musl_audit.adapters.tree import PathError, Tree

BESIDE = "beside the root"


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """Return a root beside which lies a file that must never be read."""
    (tmp_path / "secret").write_text(BESIDE)
    (tmp_path / "root").mkdir()
    return Root(tmp_path / "root")


def read(root: Root, path: str) -> str:
    """Return the text that *path* leads to."""
    return Tree(str(root.path)).text(path, most=100)


def test_an_absolute_link_begins_at_the_root_again(root: Root) -> None:
    """That is what it means to programs of that system."""
    root.file("/lib/libc.so", "inside").link("/usr/lib", "/lib")

    assert read(root, "/usr/lib/libc.so") == "inside"


@pytest.mark.parametrize("target", ["../secret", "../../../../../secret", "/../secret", "/a/../../secret"])
def test_no_link_leads_above_the_root(root: Root, target: str) -> None:
    """``..`` of the root is the root."""
    root.file("/secret", "inside").file("/a/b", "").link("/a/link", target).link("/link", target)

    assert {read(root, "/link"), read(root, "/a/link")} == {"inside"}


@pytest.mark.parametrize("path", ["/../secret", "/a/../../secret", "../secret", "//..//..//secret"])
def test_no_path_leads_above_the_root(root: Root, path: str) -> None:
    """Nor does one without any link."""
    root.file("/a/b", "")

    with pytest.raises(PathError, match="does not exist"):
        read(root, path)


def test_dots_behind_a_link_count_from_its_target(root: Root) -> None:
    """As the kernel resolves them: not by cutting text off."""
    root.file("/deep/down/file", "").file("/deep/found", "yes").link("/short", "/deep/down")

    assert read(root, "/short/../found") == "yes"


@pytest.mark.parametrize("target", ["/loop", "loop", "./loop", "../loop", "/other"])
def test_a_loop_of_links_is_an_error(root: Root, target: str) -> None:
    """And not an endless walk."""
    root.link("/loop", target).link("/other", "/loop")

    with pytest.raises(PathError, match=r"/loop: symbolic links lead in a circle"):
        read(root, "/loop")


def test_a_broken_link_is_named_with_its_target(root: Root) -> None:
    """The path that was asked for exists, in a way."""
    root.link("/bin/python3", "python3.9")

    with pytest.raises(PathError) as caught:
        read(root, "/bin/python3")

    assert "broken symbolic link: /bin/python3 → python3.9" in str(caught.value)


def test_a_long_chain_of_links_is_followed(root: Root) -> None:
    """As far as Linux follows it: forty links."""
    root.file("/0", "end")
    for number in range(40):
        root.link(f"/{number + 1}", f"{number}")

    assert read(root, "/40") == "end"


def test_a_pipe_is_not_waited_for(root: Root) -> None:
    """Opening one for reading blocks until somebody writes."""
    os.mkfifo(root.place("/bin/python3"))

    with pytest.raises(PathError, match="a pipe, not a file"):
        read(root, "/bin/python3")


def test_a_directory_is_no_file(root: Root) -> None:
    """It can be opened, though."""
    root.file("/bin/python3/x", "")

    with pytest.raises(PathError, match="a directory, not a file"):
        read(root, "/bin/python3")


def test_a_file_beyond_the_limit_is_refused(root: Root) -> None:
    """Before any of it is read."""
    root.file("/big", "x" * 101)

    with pytest.raises(PathError, match="101 bytes, more than 100"):
        read(root, "/big")


def test_a_path_through_a_file_does_not_exist(root: Root) -> None:
    """The kernel says ENOTDIR."""
    root.file("/bin/sh", "")

    with pytest.raises(PathError, match="does not exist"):
        read(root, "/bin/sh/x")


def test_a_null_character_is_an_error_of_the_path(root: Root) -> None:
    """No system call takes one."""
    with pytest.raises(PathError):
        read(root, "/bin\0/sh")


def test_a_root_behind_a_link_is_that_directory(root: Root, tmp_path: Path) -> None:
    """Where the root itself lies is the user's business."""
    root.file("/x", "yes")
    (tmp_path / "link").symlink_to(root.path)

    assert Tree(str(tmp_path / "link")).text("/x", most=9) == "yes"


def test_a_root_that_is_no_directory_is_an_error(tmp_path: Path) -> None:
    """There is nothing to look into."""
    with pytest.raises(PathError, match="not a directory"):
        Tree(str(tmp_path / "none"))


PARTS = st.lists(st.sampled_from(["..", ".", "", "a", "b", "link", "up", "abs", "secret"]), max_size=8)


@given(PARTS, PARTS, PARTS, st.booleans())
def test_whatever_the_links_say_nothing_outside_is_found(
    tmp_path_factory: pytest.TempPathFactory, asked: list[str], up: list[str], other: list[str], is_absolute: bool
) -> None:
    """A resolved path has no link and no ``..`` in it, and the file beside the root is never read."""
    above = tmp_path_factory.mktemp("above")
    (above / "secret").write_text(BESIDE)
    root = Root(above / "root")
    root.file("/a/b/c", "").link("/a/link", "/".join(up) or ".").link("/up", "../" * 3)
    root.link("/abs", ("/" if is_absolute else "") + ("/".join(other) or "."))
    tree = Tree(str(root.path))

    try:
        found = tree.resolve("/".join(asked))
    except PathError:
        return

    assert os.path.realpath(tree.place(found)) == os.path.normpath(tree.place(found))
    assert ".." not in found.split("/")
    assert "secret" not in found


def test_a_folder_that_was_resolved_once_leads_to_the_same_files(root: Root) -> None:
    """Links in it, links out of it and what is not there: as if nothing had been asked before."""
    root.file("/real/file", "yes").file("/other", "link").link("/way", "/real").link("/real/link", "../other")
    tree = Tree(str(root.path))

    tree.resolve("/way/file")

    assert [tree.resolve(f"/way/{name}") for name in ("file", "link", "..", ".", "../other")] == [
        "/real/file",
        "/other",
        "/",
        "/real",
        "/other",
    ]
    with pytest.raises(PathError, match="/way/none: broken symbolic link: /way → /real, and /real/none does not exist"):
        tree.resolve("/way/none")


@pytest.mark.parametrize("name", ["folder", "pipe", "text"])
def test_what_is_no_file_of_that_kind_is_none(root: Root, name: str) -> None:
    """Lists of packages name folders, too; nothing waits for a pipe."""
    root.file("/text", "text").file("/folder/file", "")
    os.mkfifo(root.path / "pipe")

    with Tree(str(root.path)).contents_if(f"/{name}", b"\x7fELF", most=100) as contents:
        assert contents is None


def test_dots_in_a_folder_that_was_resolved_lead_to_the_same_files(root: Root) -> None:
    """As ``$ORIGIN/../x.libs`` has it: the second file of a folder is found by what is known of the folder."""
    root.file("/site/x/_a.so", "").file("/site/x.libs/one.so", "1").file("/site/x.libs/two.so", "2")
    root.link("/linked", "/site/x")
    tree = Tree(str(root.path))

    for folder in ("/site/x/../x.libs", "/linked/../x.libs", "/site/./x//../x.libs", "/../site/x/../x.libs"):
        assert [tree.text(f"{folder}/{name}.so", most=9) for name in ("one", "two")] == ["1", "2"]
        with pytest.raises(PathError, match="does not exist"):
            tree.resolve(f"{folder}/three.so")


def test_a_file_that_does_not_say_its_size_is_read_to_its_end(tmp_path: Path) -> None:
    """Those of the kernel have 0 bytes, and a program reads lines out of them; a limit is kept all the same."""
    text = Path("/proc/cpuinfo").read_text()

    assert len(Tree().text("/proc/cpuinfo", most=1 << 20)) == len(text)
    assert Tree().read("/proc/cpuinfo", most=10) == text[:10].encode()


def test_a_whole_file_is_read_whatever_its_size(root: Root) -> None:
    """Also an empty one, and one that is just as large as the limit."""
    root.file("/empty", "").file("/full", "0123456789")

    assert (read(root, "/empty"), Tree(str(root.path)).text("/full", most=10)) == ("", "0123456789")
