"""The reader of central directories against the one of the standard library, over archives broken in any way."""

import io
import random
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.archives import demo_files, wheel_of, zip_of
from tests.support.mutations import mutated

from musl_audit.adapters.archive.zip_directory import CentralHeader, read_directory
from musl_audit.errors import WheelError
from musl_audit.wheel.limits import Limits

LIMITS = Limits()


def archives() -> list[bytes]:
    """Return whole archives: a wheel, one with zip64 fields, one with a comment, bytes before it, and other names."""
    plain = wheel_of(demo_files())
    zip64, commented = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zip64, "w") as archive, archive.open("a/b", "w", force_zip64=True) as member:
        member.write(b"data")
    with zipfile.ZipFile(commented, "w") as archive:
        archive.comment = b"a comment"
        archive.writestr("caf\u00e9", b"data")
        archive.writestr("directory/", b"")
    return [plain, zip64.getvalue(), commented.getvalue(), b"#!/bin/sh\n" + plain]


ARCHIVES = archives()


def ours(data: bytes) -> tuple[CentralHeader, ...] | None:
    """Return what our reader lists, None where it refuses."""
    try:
        return read_directory(io.BytesIO(data), len(data), LIMITS).entries
    except WheelError:
        return None


def theirs(data: bytes) -> list[zipfile.ZipInfo] | None:
    """Return what the standard library lists, None where it refuses."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError):
        return None


def row_of(info: zipfile.ZipInfo) -> tuple[object, ...]:
    """Return the fields of an entry as the standard library reads them."""
    sizes = (info.compress_size, info.file_size, info.header_offset)
    return (
        info.orig_filename,
        info.flag_bits,
        info.compress_type,
        info.date_time,
        info.CRC,
        *sizes,
        info.external_attr,
    )


def own_row_of(header: CentralHeader) -> tuple[object, ...]:
    """Return the same fields as we read them."""
    sizes = (header.compressed_size, header.size, header.offset)
    kind = (header.name, header.flags, header.method, header.date_time, header.crc)
    return (*kind, *sizes, header.external_attributes)


@pytest.mark.parametrize("data", ARCHIVES, ids=["plain", "zip64", "comment", "prefix"])
def test_a_whole_archive_is_read_alike(data: bytes) -> None:
    """Field by field."""
    found, expected = ours(data), theirs(data)

    assert found is not None
    assert expected is not None
    assert [own_row_of(header) for header in found] == [row_of(info) for info in expected]


def with_zip64_end(comment: bytes) -> bytes:
    """Return an archive of two members whose end record leaves everything to a zip64 one, and has *comment*."""
    plain = zip_of({"a": b"1", "b": random.Random(0).randbytes(2 * len(comment))})  # noqa: S311 - no secret
    body, (*_, count, size, offset, _) = plain[:-22], struct.unpack("<4s4H2LH", plain[-22:])
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(body), 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, len(comment))
    return body + end64 + locator + end + comment


@pytest.mark.parametrize("length", [0, 9, 65_450, 65_480, 65_514, 65_534, 65_535])
def test_zip64_records_are_found_before_a_comment_of_any_length(length: int) -> None:
    """The longest comment leaves none of them in the part of the file where the end record is looked for."""
    data = with_zip64_end(b"c" * length)

    found, expected = ours(data), theirs(data)

    assert found is not None
    assert expected is not None
    assert [own_row_of(header) for header in found] == [row_of(info) for info in expected]
    assert [header.name for header in found] == ["a", "b"]


@settings(deadline=None, max_examples=1500)
@given(st.sampled_from(ARCHIVES), st.integers(0, 2**32), st.integers(1, 3))
def test_a_damaged_archive_is_refused_or_read_alike(data: bytes, seed: int, times: int) -> None:
    """We may refuse more; what both accept is the same."""
    source = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(times):
        data = mutated(data, source) or data

    found, expected = ours(data), theirs(data)

    if expected is None:
        assert found is None
    elif found is not None:
        assert [own_row_of(header) for header in found] == [row_of(info) for info in expected]
