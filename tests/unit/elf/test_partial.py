"""A file that is read as it is asked for says what it says when it is read whole."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.damage import damaged
from tests.support.elves import distinct_elves
from tests.support.reading import is_dynamic, said_of

from musl_audit.adapters.partial_file import PartialFile
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.elf import read_elf
from musl_audit.model import ElfFacts

MAGIC, MOST = b"\x7fELF", 1 << 30


def piecewise(path: Path) -> tuple[ElfFacts | str, int]:
    """Return the facts of the file at *path*, or what is wrong with it, and how many of its bytes were read."""
    with Tree().contents_if(str(path), MAGIC, most=MOST) as contents:
        assert isinstance(contents, PartialFile)
        return said_of(contents), contents.fetched


def read_after(path: Path, change: Callable[[], object]) -> None:
    """Read the file at *path*, which *change* changes once it is open."""
    with Tree().contents_if(str(path), MAGIC, most=MOST) as contents:
        change()
        assert contents is not None
        read_elf(contents, "x.so")


def test_every_test_binary_says_the_same_when_it_is_read_piece_by_piece(tmp_path: Path) -> None:
    """Of all architectures, classes and byte orders, sound ones and others."""
    path = tmp_path / "x.so"
    differing = []
    for name, data in distinct_elves():
        path.write_bytes(data)
        if piecewise(path)[0] != said_of(data):
            differing.append(name)

    assert not differing


def test_damaged_binaries_say_the_same_when_they_are_read_piece_by_piece(tmp_path: Path) -> None:
    """Offsets that lead anywhere lead to the same bytes, and what is wrong is said in the same words."""
    path, chance = tmp_path / "x.so", random.Random(18)  # noqa: S311
    differing = []
    libraries = [(name, data) for name, data in distinct_elves() if is_dynamic(data)]
    for name, data in libraries[::8]:
        for _ in range(12):
            found = damaged(data, chance)
            path.write_bytes(found.data)
            if found.data.startswith(MAGIC) and piecewise(path)[0] != said_of(found.data):
                differing.append(f"{name}: {found.what}")

    assert not differing


def test_code_and_what_follows_the_segments_are_not_read(tmp_path: Path) -> None:
    """Debug information is most of many a binary, and no loader looks at it."""
    data = max((data for _, data in distinct_elves()), key=len)
    path = tmp_path / "x.so"
    path.write_bytes(data + bytes(4 << 20))

    found, fetched = piecewise(path)

    assert found == said_of(data)
    assert fetched < len(data)


def test_a_file_that_is_cut_short_meanwhile_is_one_error(tmp_path: Path) -> None:
    """A file that is mapped instead would end the process by a signal."""
    path = tmp_path / "x.so"
    path.write_bytes(max((data for _, data in distinct_elves()), key=len))

    with pytest.raises(PathError, match=r"x\.so: became shorter while it was read"):
        read_after(path, lambda: path.write_bytes(MAGIC))
