"""
The probe: a few ranges of a wheel that can say that it does *not* load, and never that it does.

Of the wheels that fail on older releases of musl, most fail because a library that auditwheel grafted into ``*.libs/``
has packed relocations. The end of the file holds the directory, and such libraries are small. Versions that were built
alike hold the very same library: what one probe found of it, the next ones need not fetch.
"""

from io import BytesIO
from pathlib import Path

from musl_audit.adapters.archive.zip_directory import CentralHeader, read_directory
from musl_audit.adapters.indexes.asking import Asker
from musl_audit.adapters.indexes.fetching import FetchedRange, Whole, fetch_part
from musl_audit.adapters.indexes.grafted import Members, Stretch, candidates
from musl_audit.errors import WheelError
from musl_audit.frozen import frozen, replace
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.offers import OfferedFile

TAIL = 64 << 10  # bytes: the directory of most wheels, and what frames it; of large ones, a part in 128
LARGEST_TAIL = 256 << 10
WORTH = 1 << 20  # bytes: a smaller file costs less as a whole than in parts
_LARGEST_DIRECTORY = 4 << 20


@frozen
class Packed:
    """What the probe found: members with packed relocations."""

    members: tuple[str, ...]


@frozen
class Silent:
    """The probe found nothing that speaks against the wheel."""


Probed = Packed | Silent | Whole


class _Tail(BytesIO):
    """The end of a file, as a file of its full size; reading before it is an error."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._before = size - len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to *offset* of the whole file."""
        if whence == 0 and offset < self._before:
            raise _NeedsMoreError(offset)
        return super().seek(offset - self._before if whence == 0 else offset, whence) + self._before

    def tell(self) -> int:
        """Return the place in the whole file."""
        return super().tell() + self._before


class _NeedsMoreError(Exception):
    """The directory begins before what was fetched."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def probe(asker: Asker, file: OfferedFile, *, whole: Path, known: Members | None = None) -> Probed:
    """
    Return what a few ranges of *file* say; the file itself, at the path *whole*, where the server sends no parts.

    *known* is what earlier probes, of other files of the same project and origin, found; this one adds to it. Raise
    ``IndexAccessError`` where an answer is not what was asked for.
    """
    if file.size is None:
        start = fetch_part(asker, file, 0, 1, whole=whole)
        if isinstance(start, Whole):
            return start
        file = replace(file, size=start.total or 0)
    if not file.size or file.size < WORTH:
        return Silent()
    return _probed(asker, file, whole, Members() if known is None else known)


def _probed(asker: Asker, file: OfferedFile, whole: Path, known: Members) -> Probed:
    size = file.size or 0
    first = max(0, size - _tail_length(size))
    tail = fetch_part(asker, file, first, size - first, whole=whole)
    if isinstance(tail, Whole):
        return tail
    found = _directory(asker, file, tail, whole)
    if not isinstance(found, _Directory):
        return found
    members = candidates(found.entries)
    for header in members:
        stretch = known.claim(header, members, size)
        if stretch is not None:
            part = None
            try:
                part = _cut(found.tail, stretch, size) or fetch_part(
                    asker, file, stretch.first, stretch.length, whole=whole, etag=tail.etag
                )
            finally:
                known.settle(stretch, part.data if isinstance(part, FetchedRange) else None)
            if isinstance(part, Whole):
                return part
        if known.is_packed(header):
            return Packed((header.name,))
    return Silent()


def _cut(tail: bytes, stretch: Stretch, size: int) -> FetchedRange | None:
    """Return the part of the file that *stretch* is, where the end that was fetched holds it."""
    begin = stretch.first - (size - len(tail))
    return FetchedRange(stretch.first, tail[begin : begin + stretch.length], size, None) if begin >= 0 else None


def _tail_length(size: int) -> int:
    """
    Return how many bytes of the end hold the directory of nearly every wheel of *size* bytes.

    >>> [_tail_length(size) >> 10 for size in (1 << 20, 16 << 20, 1 << 30)]
    [65, 129, 257]
    """
    return min(max(TAIL, size >> 7), LARGEST_TAIL) + 1024


@frozen
class _Directory:
    """The entries of an archive, and the end of the file that they were read from."""

    entries: tuple[CentralHeader, ...]
    tail: bytes


def _directory(asker: Asker, file: OfferedFile, tail: FetchedRange, whole: Path) -> _Directory | Silent | Whole:
    """Return the entries of the directory; the probe is silent about an archive that cannot be read this way."""
    size = file.size or 0
    data = tail.data
    for _ in range(2):
        try:
            return _Directory(read_directory(_Tail(data, size), size, Limits()).entries, data)
        except WheelError:
            return Silent()
        except _NeedsMoreError as more:
            missing = size - len(data) - more.offset
            if missing > _LARGEST_DIRECTORY:
                return Silent()
            part = fetch_part(asker, file, more.offset, missing, whole=whole, etag=tail.etag)
            if isinstance(part, Whole):
                return part
            data = part.data + data
    return Silent()
