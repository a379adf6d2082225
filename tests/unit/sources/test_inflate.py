"""Inflating in pieces, with either library."""

import hashlib
import zlib
from collections.abc import Iterator

import pytest

from musl_audit.adapters.archive import inflate as module
from musl_audit.adapters.archive.inflate import Deflate, InflateError, collect, deflate, inflate


@pytest.fixture(params=["zlib", "zlib_ng"], autouse=True)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with the standard library and with zlib_ng, where that is installed."""
    if request.param == "zlib":
        standard = Deflate(zlib.decompressobj, zlib.crc32, zlib.error)
        monkeypatch.setattr(module, "deflate", lambda: standard)
    else:
        pytest.importorskip("zlib_ng")


def packed(data: bytes, size: int) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=-15)
    deflated = packer.compress(data) + packer.flush()
    return (deflated[at : at + size] for at in range(0, len(deflated), size))


@pytest.mark.parametrize("chunk", [1, 7, 4096])
@pytest.mark.parametrize("data", [b"", b"x", bytes(3_000_000), bytes(range(256)) * 5000])
def test_pieces_join_to_the_data(data: bytes, chunk: int) -> None:
    """Whatever the size of the chunks; and their digest is the data's."""
    pieces, hasher = inflate(packed(data, chunk)), hashlib.sha256()

    assert collect(pieces, size=len(data), crc=zlib.crc32(data), hasher=hasher) == data
    assert hasher.digest() == hashlib.sha256(data).digest()


def test_no_piece_is_larger_than_a_mebibyte() -> None:
    """So that a bomb costs no memory before it is told."""
    assert max(map(len, inflate(packed(bytes(50_000_000), 1 << 18)))) <= 1 << 20


@pytest.mark.parametrize(
    ("size", "crc", "words"), [(2, 0, "more than"), (4, 0, "holds 3 bytes"), (3, 1, "its CRC-32 is 352441c2")]
)
def test_what_was_declared_is_checked(size: int, crc: int, words: str) -> None:
    """Size and checksum."""
    with pytest.raises(InflateError, match=words):
        collect([b"a", b"bc"], size=size, crc=crc)


@pytest.mark.parametrize(("data", "words"), [(b"\xff\xff", "corrupt"), (b"", "too early"), (b"\x01\x05", "too early")])
def test_garbage_is_told(data: bytes, words: str) -> None:
    """Never an error of the library's own."""
    with pytest.raises(InflateError, match=words):
        list(inflate([data]))


def test_the_fast_library_is_taken_where_it_is_installed() -> None:
    """The extra ``fast`` needs no option."""
    zlib_ng = pytest.importorskip("zlib_ng.zlib_ng")

    deflate.cache_clear()

    assert deflate().crc32 is zlib_ng.crc32
