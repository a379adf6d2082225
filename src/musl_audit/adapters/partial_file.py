"""The bytes of a file, read as they are asked for: of 1 GB of installed binaries, the loader's tables are a tenth."""

from io import FileIO

from musl_audit.errors import MuslAuditError

_PAGE = 4096


class CutShortError(MuslAuditError):
    """A file that became shorter while it was read."""


class PartialFile:
    """``elf.view.ByteSource`` over an open file of *size* bytes: read, not mapped, for somebody may cut it short."""

    def __init__(self, file: FileIO, size: int) -> None:
        self._file = file
        self._size = size
        self._blocks: list[tuple[int, int, memoryview]] = []

    def __len__(self) -> int:
        return self._size

    @property
    def fetched(self) -> int:
        """How many bytes were read."""
        return sum(end - start for start, end, _ in self._blocks)

    def bytes_at(self, start: int, end: int) -> memoryview:
        """Return the bytes from *start* to *end*; raise ``CutShortError`` where they are gone."""
        end = min(end, self._size)
        for first, last, block in self._blocks:
            if first <= start and end <= last:
                return block[start - first : end - first]
        if start >= end:
            return memoryview(b"")
        first, last = start & -_PAGE, min((end + _PAGE - 1) & -_PAGE, self._size)
        self._file.seek(first)
        block = memoryview(self._file.read(last - first))
        if len(block) != last - first:
            raise CutShortError("became shorter while it was read")
        self._blocks.append((first, last, block))
        return block[start - first : end - first]
