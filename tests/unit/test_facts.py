"""From an opened wheel to its facts."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.archives import (
    CENTRAL,
    DIST_INFO,
    EXTENSION,
    LOCAL,
    REAL_WHEEL,
    binary,
    central_header,
    demo_files,
    digest,
    facts_of,
    local_header,
    record_of,
    wheel_of,
    with_bytes,
    with_field,
    zip_of,
)

from musl_audit.adapters.archive.zips import open_wheel
from musl_audit.model import ElfKind, Member
from musl_audit.wheel.extract import extract
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.ports import Hasher
from musl_audit.workflows.reading import read_facts


def test_the_facts_of_a_real_wheel() -> None:
    """Nothing is wrong with it."""
    facts = read_facts(REAL_WHEEL, verify_hashes=True)

    assert facts.name is not None
    assert facts.filename == REAL_WHEEL.name == str(facts.name)
    assert [elf.kind for elf in facts.elves] == [ElfKind.EXTENSION]
    assert (facts.archive_problems, facts.record_problems, facts.elf_problems) == ((), (), ())


def test_a_binary_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    """Whatever its name, and no other file is."""
    files = demo_files(**{"demo/data.bin": binary(), "demo/z.so": b"GROUP ( libz.so.1 )", "demo/short.so": b"\x7fEL"})

    assert [elf.path for elf in facts_of(tmp_path, wheel_of(files)).elves] == ["demo/data.bin"]


def test_binaries_are_sorted_by_path(tmp_path: Path) -> None:
    """The order in the archive is of no interest."""
    facts = facts_of(tmp_path, wheel_of(demo_files(**{"b.so": binary(), "a.so": binary()})))

    assert [elf.path for elf in facts.elves] == ["a.so", "b.so"]


def test_a_binary_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """The others are read."""
    files = demo_files(**{"a.so": b"\x7fELF" + b"\xff" * 60, "b.so": binary(), "c.so": binary()[:200], "d": b"\x7fELF"})

    facts = facts_of(tmp_path, wheel_of(files))

    assert [(problem.kind, problem.members) for problem in facts.elf_problems] == [
        ("unreadable-elf", ("a.so",)),
        ("unreadable-elf", ("c.so",)),
        ("unreadable-elf", ("d",)),
    ]
    assert [elf.path for elf in facts.elves] == ["b.so"]


def test_digests_of_binaries_are_always_checked(tmp_path: Path) -> None:
    """They are in memory anyway."""
    files = demo_files(**{EXTENSION: binary()})
    record = record_of(files).replace(digest(binary()).encode(), digest(b"another").encode())

    facts = facts_of(tmp_path, zip_of({**files, f"{DIST_INFO}/RECORD": record}))

    assert [(problem.kind, problem.members) for problem in facts.record_problems] == [("wrong-digest", (EXTENSION,))]


@pytest.mark.parametrize("verify_hashes", [False, True])
def test_digests_of_other_members_are_checked_on_demand(tmp_path: Path, *, verify_hashes: bool) -> None:
    """``--verify-hashes`` reads the whole wheel."""
    files = demo_files(**{EXTENSION: binary()})
    record = record_of({**files, "demo/__init__.py": b"from demo import _evil\n"})

    facts = facts_of(tmp_path, zip_of({**files, f"{DIST_INFO}/RECORD": record}), verify_hashes=verify_hashes)

    assert [problem.members for problem in facts.record_problems] == [("demo/__init__.py",)] * verify_hashes


def test_of_two_members_with_one_name_the_last_counts(tmp_path: Path) -> None:
    """As for zipfile; that there are two is told."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zip_of([(EXTENSION, b"text"), (EXTENSION, binary())])

    facts = facts_of(tmp_path, data)

    assert len(facts.members) == 2
    assert [elf.path for elf in facts.elves] == [EXTENSION]
    assert [problem.kind for problem in facts.archive_problems] == ["duplicate-member"]


def test_a_record_that_cannot_be_inflated(tmp_path: Path) -> None:
    """One problem of the archive, and one of RECORD, which compares nothing then."""
    path = f"{DIST_INFO}/RECORD"
    data = wheel_of(demo_files())
    for offset, layout in ((local_header(data, path), LOCAL), (central_header(data, path), CENTRAL)):
        data = with_field(data, offset, "crc", 7, layout=layout)

    facts = facts_of(tmp_path, data)

    assert [problem.kind for problem in facts.archive_problems] == ["wrong-content"]
    assert [problem.kind for problem in facts.record_problems] == ["malformed-record"]


def test_a_record_beyond_all_measure_is_not_inflated(tmp_path: Path) -> None:
    """Nor is WHEEL: neither is ever that large."""
    data = wheel_of(demo_files())
    for path in (f"{DIST_INFO}/RECORD", f"{DIST_INFO}/WHEEL"):
        for offset, layout in ((local_header(data, path), LOCAL), (central_header(data, path), CENTRAL)):
            data = with_field(data, offset, "size", 64 << 20 | 1, layout=layout)

    facts = facts_of(tmp_path, data, limits=Limits(ratio_from=1 << 40))

    assert facts.archive_problems == ()
    assert [problem.kind for problem in facts.record_problems] == ["malformed-record"]
    assert not facts.metadata.has_wheel_file


def test_every_member_is_inflated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inflating is most of the time; only binaries and two files of metadata need it."""
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    path.write_bytes(wheel_of(demo_files(**{EXTENSION: binary()})))
    read: list[str] = []

    with open_wheel(path) as archive:
        original = archive.pieces

        def counted(member: Member, hasher: Hasher | None = None) -> Iterator[bytes]:
            read.append(member.name)
            return original(member, hasher)

        monkeypatch.setattr(archive, "pieces", counted)
        extract(archive)

    assert sorted(read) == sorted([f"{DIST_INFO}/WHEEL", f"{DIST_INFO}/RECORD", EXTENSION])


def test_the_name_of_the_file_may_be_anything(tmp_path: Path) -> None:
    """The facts are read all the same."""
    facts = facts_of(tmp_path, wheel_of(demo_files()), name="caf\udce9 \x1b[31m.zip")

    assert facts.name is None
    assert facts.filename == "caf\udce9 \x1b[31m.zip"


def test_a_hole_in_the_archive_is_no_reason_to_stop(tmp_path: Path) -> None:
    """Everything that is wrong is told in one pass."""
    data = wheel_of(demo_files(**{EXTENSION: binary(), "/etc/passwd": b"", "demo/x": b"y"}))
    data = with_field(data, local_header(data, "demo/x"), "crc", 1)
    end = data.rindex(b"PK\5\6")
    data = with_bytes(data, end + 20, struct.pack("<H", 3)) + b"abcdef"

    facts = facts_of(tmp_path, data)

    assert {problem.kind for problem in facts.archive_problems} == {"unsafe-path", "header-mismatch", "trailing-data"}
    assert len(facts.elves) == 1
