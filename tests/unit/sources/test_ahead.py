"""Members that are inflated before they are asked for: the same facts, bounded bytes, threads that end."""

import hashlib
import io
import sys
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from tests.support.archives import EXTENSION, binary, demo_files, wheel_of

from musl_audit.adapters.archive import ahead, threads
from musl_audit.adapters.archive.ahead import Ahead, Inflated, ReadAhead
from musl_audit.adapters.archive.file_digest import FileDigest
from musl_audit.adapters.archive.inflate import Check, InflateError
from musl_audit.adapters.archive.zips import open_wheel
from musl_audit.model import WheelFacts
from musl_audit.wheel.extract import extract

NAME = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"


def large_wheel() -> bytes:
    """Return a wheel with four binaries of 4 MB and more, the largest last, a text, and what is empty."""
    padding = bytes(range(256)) * 256
    libraries = {f"demo/lib{n}.so": binary() + padding * (64 + 8 * n) for n in range(4)}
    empty = {f"demo/empty{n}.py": b"" for n in range(20)}
    return wheel_of(demo_files(**{EXTENSION: binary()}) | empty | libraries)


@pytest.fixture(params=[False, True], ids=["serial", "threads"])
def facts_of(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[bytes], WheelFacts]:
    """Return what reads a wheel, with threads and without."""
    monkeypatch.setattr(threads, "has_cores", lambda: request.param)
    monkeypatch.setattr(threads, "_WORTH", 8 << 20)
    path = tmp_path / NAME

    def read(data: bytes) -> WheelFacts:
        path.write_bytes(data)
        before = threading.active_count()
        with open_wheel(path) as archive:
            found = extract(archive)
            assert (archive._hashing is not None) == request.param
            assert archive.sha256 == hashlib.sha256(data).hexdigest()
            assert extract(archive) == found
            assert extract(archive, verify_hashes=True) == found
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


def test_what_is_wrong_with_members_is_said_of_them(facts_of: Callable[[bytes], WheelFacts]) -> None:
    """In the order of the archive, whichever was read first; the others are read all the same."""
    data = damaged(large_wheel(), "demo/lib1.so", 4000, b"\xff" * 2000)
    data = damaged(data, "demo/lib3.so", 4000, b"\xff" * 2000)

    found = facts_of(data)

    assert found.unread == ("demo/lib1.so", "demo/lib3.so")
    assert [problem.members for problem in found.archive_problems] == [("demo/lib1.so",), ("demo/lib3.so",)]
    assert len(found.elves) == 3


@pytest.fixture
def reader_of() -> Iterator[Callable[[list[Ahead]], ReadAhead]]:
    """Return what reads members ahead; all threads have to end with the test."""
    before, turn = threading.active_count(), sys.getswitchinterval()
    yield ReadAhead
    assert (threading.active_count(), sys.getswitchinterval()) == (before, turn)


def zeros(size: int, made: list[int], *, crc: int | None = None) -> Ahead:
    """Return a member of *size* mebibytes, each of which is noted in *made* when it is inflated."""

    def inflate(_: Callable[[], None]) -> Iterator[bytes]:
        for _piece in range(size):
            made.append(1 << 20)
            yield bytes(1 << 20)

    actual = zlib.crc32(bytes(size << 20)) if crc is None else crc
    return Ahead(inflate, Check(size << 20, actual, None), size << 20)


def read(inflated: Inflated) -> bytes:
    """Return the bytes of a member."""
    return b"".join(inflated.taken(lambda: None))


def settle(made: list[int]) -> None:
    """Wait until nothing more is made."""
    before = -1
    while before != len(made):
        before = len(made)
        threading.Event().wait(0.003)


@pytest.mark.parametrize("sizes", [(1, 40, 40, 1), (1, 1, 40, 3, 20), (40, 1, 40), (20, 20, 20, 20), ()])
def test_what_is_under_way_is_bounded_by_the_largest(
    reader_of: Callable[[list[Ahead]], ReadAhead], sizes: tuple[int, ...]
) -> None:
    """With the member that is looked at, however slow that is; and all members come, each once."""
    made: list[int] = []
    with closing(reader_of([zeros(size, made) for size in sizes])) as reader:
        most = gone = 0
        numbers = []
        for number, inflated in reader:
            settle(made)
            most = max(most, sum(made) - gone)
            assert len(read(inflated)) == sizes[number] << 20
            gone += sizes[number] << 20
            numbers.append(number)

    assert sorted(numbers) == list(range(len(sizes)))
    assert most <= (max(sizes, default=0) << 20) + ahead._MOST


def test_small_members_do_not_wait_for_a_large_one(reader_of: Callable[[list[Ahead]], ReadAhead]) -> None:
    """Who asks has them meanwhile."""
    made: list[int] = []
    goes_on = threading.Event()

    def slow(_: Callable[[], None]) -> Iterator[bytes]:
        goes_on.wait()
        yield b"large"

    large = Ahead(slow, Check(5, zlib.crc32(b"large"), None), 40 << 20)
    with closing(reader_of([large, zeros(1, made), zeros(2, made)])) as reader:
        numbers = []
        for number, _ in reader:
            numbers.append(number)
            if len(numbers) == 2:
                goes_on.set()

    assert numbers == [2, 1, 0]


def test_where_none_fits_one_begins_all_the_same(reader_of: Callable[[list[Ahead]], ReadAhead]) -> None:
    """As far as there is place for it; it goes on where the first lay, with what it has."""
    made: list[int] = []
    content = bytes(range(256)) * 4096

    def patterned(_: Callable[[], None]) -> Iterator[bytes]:
        for _piece in range(30):
            made.append(1 << 20)
            yield content

    second = Ahead(patterned, Check(30 << 20, zlib.crc32(content * 30), None), 30 << 20)
    with closing(reader_of([zeros(40, []), second])) as reader:
        numbers = []
        for number, inflated in reader:
            settle(made)
            numbers.append((number, len(made)))
            assert read(inflated) == (content * 30 if number else bytes(40 << 20))

    assert numbers == [(0, ahead._MOST >> 20), (1, 30)]


def test_who_has_had_enough_leaves_no_thread_behind(reader_of: Callable[[list[Ahead]], ReadAhead]) -> None:
    """Neither in the middle of the members, nor before the first."""
    made: list[int] = []
    with closing(reader_of([zeros(20, made) for _ in range(3)])) as reader:
        assert len(read(next(iter(reader))[1])) == 20 << 20
    with closing(reader_of([zeros(20, made) for _ in range(3)])):
        pass


def test_the_whole_file_is_hashed_beside(tmp_path: Path) -> None:
    """No further than it went when it was opened; what is shorter by then has no digest."""
    path = tmp_path / "file"
    path.write_bytes(b"all of it, and more")
    turn = sys.getswitchinterval()
    with path.open("rb") as file, closing(FileDigest(file.fileno(), 9)) as digest:
        assert digest.result() == hashlib.sha256(b"all of it").hexdigest()
        with closing(FileDigest(file.fileno(), 90)) as longer:
            assert longer.result() is None
        assert sys.getswitchinterval() < turn
    assert sys.getswitchinterval() == turn


def test_a_file_that_cannot_be_read_has_no_digest(tmp_path: Path) -> None:
    """Who asks reads it then, and is told why not."""
    with (tmp_path / "file").open("wb") as file, closing(FileDigest(file.fileno(), 9)) as digest:
        assert digest.result() is None


def test_an_error_comes_where_it_belongs(reader_of: Callable[[list[Ahead]], ReadAhead]) -> None:
    """Behind the pieces before it, to who asks for that member; whatever kind of error it is."""

    def broken(error: Exception, _: Callable[[], None]) -> Iterator[bytes]:
        yield b"a"
        raise error

    def with_tail(on_tail: Callable[[], None]) -> Iterator[bytes]:
        yield b"b"
        on_tail()

    unknown = Check(2, 0, None)
    work = [
        Ahead(partial(broken, InflateError("garbage")), unknown, 2),
        Ahead(partial(broken, OSError("no disk")), Check(2, 0, None), 2),
        zeros(1, [], crc=1),
        Ahead(lambda _: iter([b"ab", b"c"]), Check(2, 0, None), 2),
        Ahead(with_tail, Check(1, zlib.crc32(b"b"), None), 1),
    ]
    said: dict[int, str] = {}
    with closing(reader_of(work)) as reader:
        for number, inflated in reader:
            try:
                assert b"".join(inflated.taken(lambda: said.update({4: "a tail"}))) == b"b"
            except (InflateError, OSError) as error:
                said[number] = str(error)

    assert said == {
        0: "garbage",
        1: "no disk",
        2: "its CRC-32 is a738ea1c, not 00000001",
        3: "it holds more than the 2 bytes declared",
        4: "a tail",
    }


def test_processes_of_jobs_have_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """They share the cores among themselves already."""
    monkeypatch.setattr("multiprocessing.parent_process", object)

    assert not threads.has_cores()
