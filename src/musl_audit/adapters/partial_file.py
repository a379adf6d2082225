"""The bytes of a file, read as they are asked for: of 1 GB of installed binaries, the loader's tables are a tenth."""

import sys
from io import FileIO
from mmap import ACCESS_COPY, ACCESS_DEFAULT, mmap

from musl_audit.errors import MuslAuditError

_PAGE = 4096
# Private memory, of which only what is written to is there. Not the file itself, mapped: that would end this process
# where somebody cuts the file short meanwhile.
_ACCESS = ACCESS_COPY if sys.platform != "win32" else ACCESS_DEFAULT


class CutShortError(MuslAuditError):
    """A file that became shorter while it was read."""


class PartialFile:
    """``elf.view.Fetched`` over an open file of *size* bytes, at least one."""

    def __init__(self, file: FileIO, size: int) -> None:
        self._file = file
        self._fetched: list[tuple[int, int]] = []
        self.view = memoryview(mmap(-1, size, access=_ACCESS))

    def __len__(self) -> int:
        return len(self.view)

    @property
    def fetched(self) -> int:
        """How many bytes were read."""
        return sum(end - start for start, end in self._fetched)

    def fetch(self, start: int, end: int) -> None:
        """Have the bytes from *start* to *end* in ``view``; raise ``CutShortError`` where they are gone."""
        start, end = start & -_PAGE, min((end + _PAGE - 1) & -_PAGE, len(self.view))
        for first, last in self._fetched:
            if first <= start and end <= last:
                return
        if start >= end:
            return
        self._file.seek(start)
        with self.view[start:end] as part:
            if self._file.readinto(part) != end - start:
                raise CutShortError("became shorter while it was read")
        self._fetched.append((start, end))
