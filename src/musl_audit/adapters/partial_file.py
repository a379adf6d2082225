"""The bytes of a file, read as they are asked for: of 1 GB of installed binaries, the loader's tables are a tenth."""

import os
from collections.abc import Iterable

from musl_audit.errors import MuslAuditError

_PAGE = 4096


class CutShortError(MuslAuditError):
    """A file that became shorter while it was read."""


class PartialFile:
    """
    ``elf.view.ByteSource`` over an open file of *size* bytes, of which *head* were read.

    Read, not mapped, for somebody may cut it short.
    """

    def __init__(self, descriptor: int, size: int, head: bytes = b"") -> None:
        self._descriptor = descriptor
        self._size = size
        self._blocks = [(0, len(head), head, memoryview(head))]

    def __len__(self) -> int:
        return self._size

    @property
    def fetched(self) -> int:
        """How many bytes were read."""
        return sum(end - start for start, end, *_ in self._blocks)

    @property
    def blocks(self) -> tuple[tuple[int, bytes], ...]:
        """What was read: where each block begins, and its bytes."""
        return tuple((start, data) for start, _, data, _ in self._blocks)

    def has(self, blocks: Iterable[tuple[int, bytes]]) -> bool:
        """Whether what was read of another file is here, too."""
        return all(bytes(self.bytes_at(start, start + len(block))) == block for start, block in blocks)

    def bytes_at(self, start: int, end: int) -> memoryview:
        """Return the bytes from *start* to *end*; raise ``CutShortError`` where they are gone."""
        end = min(end, self._size)
        for first, last, _, view in self._blocks:
            if first <= start and end <= last:
                return view[start - first : end - first]
        if start >= end:
            return memoryview(b"")
        first, last = start & -_PAGE, min((end + _PAGE - 1) & -_PAGE, self._size)
        os.lseek(self._descriptor, first, os.SEEK_SET)
        data = os.read(self._descriptor, last - first)
        if len(data) != last - first:
            raise CutShortError("became shorter while it was read")
        view = memoryview(data)
        self._blocks.append((first, last, data, view))
        return view[start - first : end - first]
