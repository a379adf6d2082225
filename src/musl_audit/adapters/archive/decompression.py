"""
What the standard library reads beside deflate: bzip2, LZMA and, from Python 3.14 on, zstd.

maturin writes such members and pip reads them. All are read piece by piece, no further than was declared.
"""

from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from struct import unpack_from

from musl_audit.adapters.archive.inflate import PIECE, InflateError, inflate
from musl_audit.adapters.archive.zip_directory import BZIP2, DEFLATED, LZMA, STORED, ZSTD

TYPE_CHECKING = False  # as typing has it
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

_MEMORY = 64 << 20  # bytes that a dictionary may take
_LZMA_PROPERTIES = 5


class Decompressor(Protocol):
    """What the modules of the standard library offer alike."""

    @property
    def eof(self) -> bool:
        """Whether the end of the data was seen."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more input."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return what *data* holds, *max_length* bytes at most."""


def is_readable(method: int) -> bool:
    """Whether members compressed with *method* can be read here."""
    return method in (STORED, DEFLATED) or (method in _OPENERS and find_spec(_MODULES[method]) is not None)


def plain(chunks: Iterable[bytes], method: int, on_tail: Callable[[], None]) -> Iterator[bytes]:
    """
    Yield what *chunks* hold, which were compressed with *method*; raise ``InflateError`` where they are garbage.

    Calls *on_tail* where bytes follow the end of a deflate stream.
    """
    if method == STORED:
        return iter(chunks)
    return inflate(chunks, on_tail) if method == DEFLATED else _decompressed(iter(chunks), method)


def plain_head(data: bytes, method: int, size: int) -> bytes:
    """Return the first *size* bytes at most that the beginning *data* of a compressed member holds."""
    if len(data) <= _LZMA_PROPERTIES + 4:
        return b""
    decompressor, rest = _OPENERS[method](data)
    try:
        return decompressor.decompress(rest, size)
    except Exception as error:
        raise _garbage(error) from error


def _decompressed(chunks: Iterator[bytes], method: int) -> Iterator[bytes]:
    first = next(chunks, b"")
    decompressor, rest = _OPENERS[method](first)
    try:
        yield decompressor.decompress(rest, PIECE)
        for chunk in _until(chunks, decompressor):
            yield decompressor.decompress(chunk, PIECE)
    except Exception as error:
        raise _garbage(error) from error
    if not decompressor.eof:
        raise InflateError("the compressed data ends too early")


def _until(chunks: Iterator[bytes], decompressor: Decompressor) -> Iterator[bytes]:
    """Yield what *decompressor* wants: nothing while it has more to give, else the next of *chunks*."""
    while not decompressor.eof:
        if not decompressor.needs_input:
            yield b""
            continue
        chunk = next(chunks, b"")
        if not chunk:
            return
        yield chunk


def _garbage(error: Exception) -> Exception:
    """Return *error* as one of ours, if it is about the data."""
    is_ours = isinstance(error, (OSError, ValueError, EOFError)) or type(error).__name__ in ("LZMAError", "ZstdError")
    return InflateError("the compressed data is corrupt") if is_ours else error


def _bzip2(data: bytes) -> tuple[Decompressor, bytes]:
    from bz2 import BZ2Decompressor

    return BZ2Decompressor(), data


def _lzma(data: bytes) -> tuple[Decompressor, bytes]:
    """Return a decompressor and *data* without the header of APPNOTE.TXT 5.8.8, which is made that of a ``.lzma``."""
    from lzma import FORMAT_ALONE, LZMADecompressor

    if len(data) < 4 + _LZMA_PROPERTIES or unpack_from("<H", data, 2)[0] != _LZMA_PROPERTIES:
        raise InflateError("the compressed data is corrupt")
    header = data[4 : 4 + _LZMA_PROPERTIES] + b"\xff" * 8  # the size is not known
    return LZMADecompressor(FORMAT_ALONE, memlimit=_MEMORY), header + data[4 + _LZMA_PROPERTIES :]


def _zstd(data: bytes) -> tuple[Decompressor, bytes]:
    from importlib import import_module

    return import_module("compression.zstd").ZstdDecompressor(), data


_MODULES = {BZIP2: "_bz2", LZMA: "_lzma", ZSTD: "_zstd"}
_OPENERS: dict[int, Callable[[bytes], tuple[Decompressor, bytes]]] = {BZIP2: _bzip2, LZMA: _lzma, ZSTD: _zstd}
