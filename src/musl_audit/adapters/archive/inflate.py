"""Deflated bytes to plain ones, no further than was declared."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from musl_audit.adapters.allocator import keep_memory
from musl_audit.frozen import frozen
from musl_audit.wheel.chunks import joined
from musl_audit.wheel.ports import Hasher

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

CHUNK = 256 * 1024  # of input; large enough for full speed, small enough that memory is the member's alone
PIECE = 1024 * 1024  # of output


class InflateError(ValueError):
    """The bytes are not what the archive declares; the message says in what they differ."""


class Inflater(Protocol):
    """What ``decompressobj`` returns."""

    @property
    def eof(self) -> bool:
        """Whether the end of the compressed data was seen."""

    @property
    def unconsumed_tail(self) -> bytes:
        """What is left of the input because the output reached its limit."""

    @property
    def unused_data(self) -> bytes:
        """What follows the end of the compressed data."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Return what *data* holds, *max_length* bytes at most."""


@frozen
class Deflate:
    """What reading a zip needs of a compression library."""

    decompressobj: Callable[[int], Inflater]
    crc32: Callable[[bytes, int], int]
    error: type[Exception]


@cache
def deflate() -> Deflate:
    """Return ``zlib_ng`` where it is installed (extra ``fast``): it is much faster; else ``zlib``."""
    keep_memory()
    try:
        from zlib_ng import zlib_ng
    except ImportError:
        import zlib

        return Deflate(zlib.decompressobj, zlib.crc32, zlib.error)
    return Deflate(zlib_ng.decompressobj, zlib_ng.crc32, zlib_ng.error)  # type: ignore[arg-type]  # typed as an instance


def inflate_head(data: bytes, size: int) -> bytes:
    """Return the first *size* bytes at most that raw deflate *data* holds; raise ``InflateError`` if it is garbage."""
    library = deflate()
    try:
        return library.decompressobj(-15).decompress(data, size)
    except library.error as error:
        raise InflateError("the compressed data is corrupt") from error


def inflate(chunks: Iterable[bytes], on_tail: Callable[[], None] = lambda: None) -> Iterator[bytes]:
    """
    Yield what raw deflate *chunks* hold, 1 MiB at most at a time; raise ``InflateError`` where they are garbage.

    Calls *on_tail* where bytes follow the end of the compressed data.
    """
    library = deflate()
    inflater = library.decompressobj(-15)
    try:
        for chunk in chunks:
            yield inflater.decompress(chunk, PIECE)
            while inflater.unconsumed_tail:
                yield inflater.decompress(inflater.unconsumed_tail, PIECE)
        while piece := inflater.decompress(b"", PIECE):
            yield piece
    except library.error as error:
        raise InflateError("the compressed data is corrupt") from error
    if not inflater.eof:
        raise InflateError("the compressed data ends too early")
    if inflater.unused_data:
        on_tail()


def collect(pieces: Iterable[bytes], *, size: int, crc: int, hasher: Hasher | None = None) -> bytes:
    """Return *pieces* joined; raise ``InflateError`` where ``Check`` does."""
    return joined(checked(pieces, Check(size, crc, hasher)), size)


class Check:
    """Whether the pieces of a member are what is declared; each is given to *hasher* while it is in the cache."""

    def __init__(self, size: int, crc: int, hasher: Hasher | None) -> None:
        self._size = size
        self._crc = crc
        self._hasher = hasher
        self._count = self._actual = 0
        self._crc32 = deflate().crc32

    def take(self, piece: bytes) -> None:
        """Go on with *piece*; raise ``InflateError`` where it is one too many."""
        self._count += len(piece)
        if self._count > self._size:
            raise InflateError(f"it holds more than the {self._size} bytes declared")
        self._actual = self._crc32(piece, self._actual)
        if self._hasher:
            self._hasher.update(piece)

    def finish(self) -> None:
        """Raise ``InflateError`` for another size or CRC-32 than declared."""
        if self._count < self._size:
            raise InflateError(f"it holds {self._count} bytes, not the {self._size} declared")
        if self._actual != self._crc:
            raise InflateError(f"its CRC-32 is {self._actual:08x}, not {self._crc:08x}")


def checked(pieces: Iterable[bytes], check: Check) -> Iterator[bytes]:
    """Yield *pieces*, each when *check* took it; raise ``InflateError`` where that does."""
    for piece in pieces:
        check.take(piece)
        yield piece
    check.finish()
