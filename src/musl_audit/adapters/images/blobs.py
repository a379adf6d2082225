"""Bytes that can be read anywhere: of a file, of a part of it, of what is compressed in it."""

import os
import zlib
from typing import Protocol

from musl_audit.adapters.tree import PathError

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 18  # compressed bytes that are read at once
_PIECE = 1 << 20  # inflated bytes that are kept at once
_STRIDE = 16 << 20  # inflated bytes between two places from which reading can begin
_MOST_INFLATED = 32 << 30  # bytes: the largest images that people use have 20 GB


class Blob(Protocol):
    """Bytes at offsets."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the *length* bytes at *offset*, fewer where they end before."""


class FileBlob:
    """An open file; processes that share it do not disturb each other."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the *length* bytes at *offset*, fewer where the file ends before."""
        pieces = []
        while length and (piece := os.pread(self._descriptor, min(length, 1 << 30), offset)):
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)


class Slice:
    """A part of another blob."""

    def __init__(self, blob: Blob, start: int, size: int) -> None:
        self._blob = blob
        self._start = start
        self._size = size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the *length* bytes at *offset*, fewer where the part ends before."""
        return self._blob.read_at(self._start + offset, max(min(length, self._size - offset), 0))


class GzipBlob:
    """
    What is compressed in another blob, as gzip does; several members follow each other as one.

    Reading goes forward; every 16 MiB its state is kept, so that going back costs that much at most.
    """

    def __init__(self, blob: Blob, what: str) -> None:
        self._blob = blob
        self._what = what
        self._states = [_State(0, 0, zlib.decompressobj(wbits=31))]
        self._now = self._states[0].copy()

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the *length* bytes at *offset*, fewer where the data ends before; raise ``PathError`` if damaged."""
        if offset < self._now.begins:
            self._now = max((s for s in self._states if s.begins <= offset), key=lambda s: s.begins).copy()
        pieces: list[bytes] = []
        end = offset + length
        while self._now.begins < end:
            here, piece = self._now.begins, self._next()
            if not piece:
                break
            if here + len(piece) > offset:
                pieces.append(piece[max(offset - here, 0) : end - here])
            if here + len(piece) > end:  # the piece goes on behind what was asked for: it will be asked for next
                self._now.give_back(piece[end - here :])
        return b"".join(pieces)

    def _next(self) -> bytes:
        """Return the next inflated bytes, none at the end."""
        state = self._now
        try:
            piece = state.next(self._blob)
        except zlib.error as error:
            raise PathError(f"{self._what}: damaged: {error}") from error
        if state.begins > _MOST_INFLATED:
            raise PathError(f"{self._what}: has more than {_MOST_INFLATED} bytes when inflated")
        if state.begins - self._states[-1].begins >= _STRIDE:
            self._states.append(state.copy())
        return piece


class _State:
    """Where the reading of compressed data is: the offset there, the offset in what it means, and the inflater."""

    def __init__(self, offset: int, begins: int, inflater: "zlib._Decompress") -> None:
        self._offset = offset  # of the next compressed bytes
        self._inflater = inflater
        self._rest = b""  # compressed bytes that were read and not inflated yet
        self._ahead = b""  # inflated bytes that were given back
        self.begins = begins

    def copy(self) -> "_State":
        other = _State(self._offset, self.begins, self._inflater.copy())
        other._rest, other._ahead = self._rest, self._ahead
        return other

    def give_back(self, piece: bytes) -> None:
        """Take *piece*, the end of what ``next`` returned, to return it again."""
        self._ahead = piece
        self.begins -= len(piece)

    def next(self, blob: Blob) -> bytes:
        """Return the next inflated bytes, none at the end."""
        if self._ahead:
            piece, self._ahead = self._ahead, b""
            self.begins += len(piece)
            return piece
        while True:
            if not self._rest:
                self._rest = blob.read_at(self._offset, _CHUNK)
                self._offset += len(self._rest)
            if self._inflater.eof:  # another member, or zeros that fill a block
                self._rest = self._rest.lstrip(b"\0")
                if not self._rest:
                    return b""
                self._inflater = zlib.decompressobj(wbits=31)
            if not self._rest:
                raise zlib.error("ends too early")
            piece = self._inflater.decompress(self._rest, _PIECE)
            self._rest = self._inflater.unconsumed_tail or self._inflater.unused_data
            if piece:
                self.begins += len(piece)
                return piece


def inflated(blob: Blob, what: str) -> Blob:
    """Return what *blob* holds, uncompressed; *what* names it. Raise ``PathError`` for a compression not known."""
    head = blob.read_at(0, 6)
    if head.startswith(_GZIP):
        return GzipBlob(blob, what)
    known = {_ZSTD: "zstd", b"\xfd7zXZ\0": "xz", b"BZh": "bzip2"}
    for magic, name in known.items():
        if head.startswith(magic):
            raise PathError(f"{what}: compressed with {name}, which is not read: save it uncompressed, or with gzip")
    return blob
