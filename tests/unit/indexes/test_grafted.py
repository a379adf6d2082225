"""Which members a probe looks at, and which of them come in one range."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from musl_audit.adapters.archive.zip_directory import DEFLATED, CentralHeader
from musl_audit.adapters.indexes.grafted import LARGEST_MEMBER, Members, candidates, identity, stretch_around

SIZE = 10_000_000


def member(name: str, offset: int, compressed: int = 1000, *, crc: int = 1) -> CentralHeader:
    """Return the entry of a library, grafted if its name says so."""
    path = f"demo.libs/{name}"
    return CentralHeader(path, path.encode(), 0, DEFLATED, 0, 0, crc, compressed, 2 * compressed, 0, offset)


def names(members: tuple[CentralHeader, ...] | list[CentralHeader]) -> list[str]:
    """Return the names of libraries."""
    return [header.name.removeprefix("demo.libs/") for header in members]


def test_the_smallest_grafted_libraries_are_looked_at() -> None:
    """Four of them, none of them large; what auditwheel did not name is none."""
    sizes = {"liba-00000001.so": 50, "libb-00000002.so.1": 40, "libc-00000003.so.1": 30, "libd-00000004.so": 20}
    entries = [member(name, 0, size) for name, size in sizes.items()]
    others = [
        member("libe-00000005.so", 0, LARGEST_MEMBER + 1),
        member("libf.so", 0, 1),
        member("libg-00000007.so", 0, 60),
    ]

    assert names(candidates([*entries, *others])) == list(reversed(sizes))


def test_members_side_by_side_come_in_one_range() -> None:
    """Whatever their order; one that lies far away does not."""
    one, two, three = (
        member("liba-00000001.so", 5000),
        member("libb-00000002.so", 6100),
        member("libc-00000003.so", 3900),
    )
    far = member("libd-00000004.so", 900_000)

    stretch = stretch_around(one, [far, two, one, three], SIZE)

    assert sorted(names(stretch.members)) == ["liba-00000001.so", "libb-00000002.so", "libc-00000003.so"]
    assert stretch.first == 3900
    assert 6100 + 1000 + 30 < stretch.first + stretch.length < 8000


def test_a_range_is_no_longer_than_a_large_member() -> None:
    """Members that would make it longer are asked for on their own."""
    one, two = member("liba-00000001.so", 0, 200_000), member("libb-00000002.so", 200_300, 200_000)

    assert names(stretch_around(one, [one, two], SIZE).members) == ["liba-00000001.so"]


def test_a_range_ends_with_the_file() -> None:
    """What the extra field might have is not asked for beyond."""
    stretch = stretch_around(member("liba-00000001.so", 5000), [], 6100)

    assert (stretch.first, stretch.length) == (5000, 1100)


@pytest.mark.parametrize("change", [{"crc": 2}, {"compressed": 999}])
def test_a_library_with_another_checksum_or_size_is_another_one(change: dict[str, int]) -> None:
    """Where it lies does not matter."""
    one = member("liba-00000001.so", 5000)

    assert identity(one) == identity(member("liba-00000001.so", 9000))
    assert identity(one) != identity(member("liba-00000001.so", 5000, **change))


def test_what_one_thread_reads_others_wait_for() -> None:
    """And it is claimed once."""
    one, known = member("liba-00000001.so", 0), Members()
    stretch = known.claim(one, [one], SIZE)
    assert stretch is not None
    assert known.claim(one, [one], SIZE) is None

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(known.is_packed, one)
        assert not waiting.done()
        known.settle(stretch, b"no library")
        assert waiting.result(20) is False


def test_what_could_not_be_read_may_be_claimed_again() -> None:
    """It speaks against nothing."""
    one, known = member("liba-00000001.so", 0), Members()
    stretch = known.claim(one, [one, one], SIZE)
    assert stretch is not None
    known.settle(stretch, None)

    assert not known.is_packed(one)
    assert known.claim(one, [one], SIZE) is not None


def test_entries_that_are_alike_are_settled_once() -> None:
    """A hostile directory may list a member twice."""
    one, again, known = member("liba-00000001.so", 0), member("liba-00000001.so", 900), Members()
    stretch = known.claim(one, [one, again], SIZE)
    assert stretch is not None
    known.settle(stretch, b"")

    assert known.claim(again, [one, again], SIZE) is None
