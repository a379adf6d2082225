"""Indexes and places with links as one, without a server where there is none."""

from pathlib import Path

import pytest

from musl_audit.adapters.indexes.asking import Asker
from musl_audit.adapters.indexes.configured import Indexes
from musl_audit.adapters.indexes.projects import IndexGroup

pytest.importorskip("simple_repository")

NAMES = ("demo-1.0-py3-none-any.whl", "demo-2.0-py3-none-any.whl", "other-1.0-py3-none-any.whl")


def files(group: IndexGroup, project: str = "demo") -> list[str]:
    return sorted(file.filename for file in group.project(project).files)


def test_a_directory_is_a_place_to_find_links(tmp_path: Path) -> None:
    """Only the files of the project."""
    for name in NAMES:
        (tmp_path / name).write_bytes(b"")
    group = IndexGroup(Asker(), Indexes((), (tmp_path.as_uri(),)))

    assert files(group) == list(NAMES[:2])
    assert group.project("absent").is_known is False


def test_a_page_is_a_place_to_find_links(tmp_path: Path) -> None:
    """Its links may be relative, and may lead to files beside it."""
    page = tmp_path / "links.html"
    page.write_text(f'<a href="{NAMES[0]}#sha256={"0" * 64}">one</a><a href="http://host.invalid/{NAMES[1]}">two</a>')
    group = IndexGroup(Asker(), Indexes((), (page.as_uri(),)))

    assert files(group) == list(NAMES[:2])
    assert group.project("demo").files[0].url == (tmp_path / NAMES[0]).as_uri()
    assert group.project("demo").files[0].sha256 == "0" * 64


def test_an_index_may_be_a_directory(tmp_path: Path) -> None:
    """With a page or without, as pip has it."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / NAMES[0]).write_bytes(b"")
    group = IndexGroup(Asker(), Indexes((tmp_path.as_uri(),)))

    assert files(group) == [NAMES[0]]
    (tmp_path / "demo" / "index.html").write_text(f'<a href="../{NAMES[1]}">x</a>')
    assert files(IndexGroup(Asker(), Indexes((tmp_path.as_uri(),)))) == [NAMES[1]]


def test_of_two_files_with_one_name_the_first_counts(tmp_path: Path) -> None:
    """Indexes come before links, in the order in which they are named."""
    for folder in ("a/demo", "b/demo"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / NAMES[0]).write_bytes(b"")
    group = IndexGroup(Asker(), Indexes(tuple((tmp_path / name).as_uri() for name in "ab")))

    assert [file.url for file in group.project("demo").files] == [(tmp_path / "a" / "demo" / NAMES[0]).as_uri()]


def test_urls_that_are_quoted_stay_as_they_are(tmp_path: Path) -> None:
    """A local version has a plus in its name."""
    page = tmp_path / "links.html"
    page.write_text('<a href="http://host.invalid/demo-1.0%2Bcpu-py3-none-any.whl?a=b%26c">cut sh..</a>')
    (file,) = IndexGroup(Asker(), Indexes((), (page.as_uri(),))).project("demo").files

    assert file.filename == "demo-1.0+cpu-py3-none-any.whl"
    assert file.url == "http://host.invalid/demo-1.0%2Bcpu-py3-none-any.whl?a=b%26c"
