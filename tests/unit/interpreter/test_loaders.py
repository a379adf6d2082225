"""Which libc a loader is, and which release: from its own file."""

from pathlib import Path

import pytest
from tests.support.roots import GLIBC_LOADER, LOADERS, MUSL_LOADER, Root, alpine, debian, musl_loader

from musl_audit.adapters.interpreter.loaders import installed_loaders, read_loader
from musl_audit.adapters.tree import Tree
from musl_audit.elf.musl_release import musl_release
from musl_audit.loader.libc_names import Libc, libc_named

REAL = sorted(path.relative_to(LOADERS) for path in LOADERS.glob("*/ld-musl-*.so"))


@pytest.mark.parametrize("name", REAL, ids=str)
def test_the_release_is_read_from_the_real_loader(name: Path) -> None:
    """musl keeps it as a text of its own; every release and architecture at hand."""
    release = name.stem.removeprefix("ld-musl-")

    assert musl_release((LOADERS / name).read_bytes()) == release


def test_a_release_between_two_is_told_with_its_commit() -> None:
    """A musl built from its repository says so."""
    assert musl_release(b"musl libc (x86_64)\0" + b"1.2.5-git-12-gabc123\0") == "1.2.5-git-12-gabc123"


@pytest.mark.parametrize("data", [b"1.2.3\0 and 1.2.4\0", b"version 1.2\0", b"11.2.3.4\0", b"1.2.3"])
def test_a_release_that_is_not_told_beyond_doubt_is_none(data: bytes) -> None:
    """No guess: the user can execute the loader instead."""
    assert musl_release(data) is None


def test_content_decides_before_the_name(tmp_path: Path) -> None:
    """A loader of musl may be called anything."""
    root = Root(tmp_path).file("/lib/ld.so.1", musl_loader("1.2.5"))

    loader = read_loader(Tree(str(root.path)), "/lib/ld.so.1")

    assert (loader.libc, loader.release) == (Libc.MUSL, "1.2.5")


def test_gcompat_is_told_from_glibc(tmp_path: Path) -> None:
    """Its loader has glibc's name and runs programs on musl."""
    root = Root(tmp_path).file(GLIBC_LOADER, b"\x7fELF libgcompat.so.0\0")

    loader = read_loader(Tree(str(root.path)), GLIBC_LOADER)

    assert (loader.libc, loader.release, loader.detail[:8]) == (Libc.GLIBC, None, "gcompat:")


def test_a_loader_that_is_missing_is_told_by_its_name(tmp_path: Path) -> None:
    """The program says what it wants, even where it is not to be had."""
    loader = read_loader(Tree(str(tmp_path)), MUSL_LOADER)

    assert (loader.libc, loader.release, loader.exists) == (Libc.MUSL, None, False)


@pytest.mark.parametrize(
    ("name", "libc"),
    [
        ("ld-musl-aarch64.so.1", Libc.MUSL),
        ("ld-linux-aarch64.so.1", Libc.GLIBC),
        ("ld64.so.2", Libc.GLIBC),
        ("ld.so.1", Libc.GLIBC),
        ("ld-uClibc.so.0", None),
        ("linker64", None),
    ],
)
def test_names_of_loaders(name: str, libc: Libc | None) -> None:
    """glibc's differ by architecture: ``ld64.so.1`` on s390x and, once, ppc64; ``ld.so.1`` on 31-bit s390."""
    assert libc_named(f"/lib/{name}") is libc


def test_other_loaders_are_listed_once(tmp_path: Path) -> None:
    """A link to a loader, or to the one that programs ask for, is no other loader."""
    root = alpine(tmp_path).file(GLIBC_LOADER, b"\x7fELF").link("/lib/ld-linux-x86-64.so.2", GLIBC_LOADER)
    root.link("/lib/ld-musl-aarch64.so.1", MUSL_LOADER)

    found = installed_loaders(Tree(str(root.path)), MUSL_LOADER)

    assert [(loader.path, loader.libc) for loader in found] == [("/lib/ld-linux-x86-64.so.2", Libc.GLIBC)]


def test_glibc_says_its_release(tmp_path: Path) -> None:
    """In the text that its loader prints for ``--version``."""
    loader = read_loader(Tree(str(debian(tmp_path).path)), GLIBC_LOADER)

    assert (loader.libc, loader.release) == (Libc.GLIBC, "2.36")
