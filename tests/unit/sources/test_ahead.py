"""Members that are inflated before they are asked for: the same facts, bounded bytes, threads that end."""

import io
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import pytest
from tests.support.archives import EXTENSION, binary, demo_files, wheel_of

from musl_audit.adapters.archive import ahead, zips
from musl_audit.adapters.archive.ahead import Ahead, ReadAhead
from musl_audit.adapters.archive.inflate import InflateError
from musl_audit.adapters.archive.zips import open_wheel
from musl_audit.model import WheelFacts
from musl_audit.wheel.extract import extract

NAME = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"


def large_wheel() -> bytes:
    """Return a wheel with four binaries of 4 MB, and a text."""
    padding = bytes(range(256)) * (4 << 12)
    return wheel_of(demo_files(**{EXTENSION: binary()}) | {f"demo/lib{n}.so": binary() + padding for n in range(4)})


@pytest.fixture(params=[False, True], ids=["serial", "threads"])
def facts_of(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[bytes], WheelFacts]:
    """Return what reads a wheel, with threads and without."""
    monkeypatch.setattr(zips, "has_cores", lambda: request.param)
    monkeypatch.setattr(zips, "WORTH", 8 << 20)
    path = tmp_path / NAME

    def read(data: bytes) -> WheelFacts:
        path.write_bytes(data)
        before = threading.active_count()
        with open_wheel(path) as archive:
            found = extract(archive)
            assert (archive._ahead is not None) == request.param
        assert threading.active_count() == before
        return found

    return read


def damaged(data: bytes, name: str, at: int, change: bytes) -> bytes:
    """Return the archive *data* with *change* over the compressed bytes of member *name*, *at* bytes from their end."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo(name)
    start = info.header_offset + 30 + len(info.filename) + info.compress_size - at
    return data[:start] + change + data[start + len(change) :]


def test_facts_are_those_of_one_thread(facts_of: Callable[[bytes], WheelFacts], tmp_path: Path) -> None:
    """Digests and problems included."""
    data = large_wheel()
    (tmp_path / NAME).write_bytes(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        binaries = sorted(name for name in archive.namelist() if name.endswith(".so"))

    found = facts_of(data)

    assert [elf.path for elf in found.elves] == binaries
    assert found.record_problems == found.archive_problems == ()


def test_what_is_wrong_with_a_member_is_said_of_it(facts_of: Callable[[bytes], WheelFacts]) -> None:
    """The others are read all the same, and nothing waits for it."""
    data = damaged(large_wheel(), "demo/lib1.so", 4000, b"\xff" * 2000)

    found = facts_of(data)

    assert found.unread == ("demo/lib1.so",)
    assert [problem.members for problem in found.archive_problems] == [("demo/lib1.so",)]
    assert len(found.elves) == 4


def pieces_of(count: int, made: list[int]) -> Iterator[bytes]:
    """Yield *count* pieces of a mebibyte, and note each in *made*."""
    for _ in range(count):
        made.append(1 << 20)
        yield bytes(1 << 20)


def settle(made: list[int]) -> None:
    """Wait until nothing more is made."""
    before = -1
    while before != len(made):
        before = len(made)
        threading.Event().wait(0.003)


def test_what_is_ahead_is_bounded(tmp_path: Path) -> None:
    """However large members are, and however slow the one who asks is."""
    path = tmp_path / "file"
    path.write_bytes(b"")
    made: list[int] = []
    with path.open("rb") as file:
        reader = ReadAhead([Ahead(lambda _: pieces_of(40, made), 40 << 20) for _ in range(5)], file.fileno(), 0)
        taken = 0
        for number in range(5):
            for piece in reader.pieces(number, lambda: None):
                taken += len(piece)
                threading.Event().wait(0.001)
                assert sum(made) - taken <= ahead._MOST + (ahead.INFLATERS + 1) * (2 << 20)
        reader.close()

    assert taken == 200 << 20


@pytest.mark.parametrize("sizes", [(1, 40, 40, 1), (1, 1, 40, 3, 20), (40, 1, 40)])
def test_together_with_what_was_taken_it_is_bounded_by_the_largest(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    """A small member leaves room for a large one behind it, but not for what comes behind that."""
    path = tmp_path / "file"
    path.write_bytes(b"")
    made: list[int] = []
    most = 0
    with path.open("rb") as file:
        work = [Ahead(partial(lambda size, _: pieces_of(size, made), size), size << 20) for size in sizes]
        reader = ReadAhead(work, file.fileno(), 0)
        gone = 0  # bytes of members that were taken whole
        for number, size in enumerate(sizes):
            for _ in reader.pieces(number, lambda: None):
                settle(made)
                most = max(most, sum(made) - gone)
            gone += size << 20
        reader.close()

    assert most <= (max(sizes) << 20) + ahead._MOST + (ahead.INFLATERS + 1) * (2 << 20)
    assert gone == sum(made)


def test_who_has_had_enough_leaves_no_thread_behind(tmp_path: Path) -> None:
    """Neither in the middle of a member, nor before the first."""
    before = threading.active_count()
    path = tmp_path / "file"
    path.write_bytes(os.urandom(100))
    made: list[int] = []
    with path.open("rb") as file:
        reader = ReadAhead([Ahead(lambda _: pieces_of(1000, made), 1000 << 20) for _ in range(3)], file.fileno(), 100)
        first = list(islice(reader.pieces(0, lambda: None), 3))
        second = list(islice(reader.pieces(1, lambda: None), 3))
        reader.close()

    assert (len(first), len(second), threading.active_count()) == (3, 3, before)


def test_an_error_comes_where_it_belongs(tmp_path: Path) -> None:
    """Behind the pieces before it, to who asks for that member."""

    def broken(_: Callable[[], None]) -> Iterator[bytes]:
        yield b"a"
        raise InflateError("garbage")

    path = tmp_path / "file"
    path.write_bytes(b"")
    with path.open("rb") as file:
        reader = ReadAhead([Ahead(broken, 2), Ahead(lambda _: iter([b"b"]), 1)], file.fileno(), 0)
        with pytest.raises(InflateError, match="garbage"):
            list(reader.pieces(0, lambda: None))
        assert list(reader.pieces(1, lambda: None)) == [b"b"]
        reader.close()


def test_processes_of_jobs_have_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """They share the cores among themselves already."""
    monkeypatch.setattr("multiprocessing.parent_process", object)

    assert not ahead.has_cores()
