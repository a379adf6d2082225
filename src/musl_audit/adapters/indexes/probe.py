"""
The probe: a few ranges of a wheel that can say that it does *not* load, and never that it does.

Of the wheels that fail on older releases of musl, most fail because a library that auditwheel grafted into ``*.libs/``
has packed relocations. The end of the file holds the directory, and such libraries are small.
"""

import re
import struct
from io import BytesIO
from pathlib import Path

from musl_audit.adapters.archive.inflate import InflateError, collect, inflate
from musl_audit.adapters.archive.local_headers import LOCAL_HEADER
from musl_audit.adapters.archive.zip_directory import DEFLATED, STORED, CentralHeader, read_directory
from musl_audit.adapters.indexes.asking import Asker
from musl_audit.adapters.indexes.fetching import FetchedRange, Whole, fetch_part
from musl_audit.elf import is_elf, read_elf
from musl_audit.errors import ElfError, WheelError
from musl_audit.frozen import frozen, replace
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.offers import OfferedFile

TAIL = 64 << 10  # bytes: the directory of most wheels, and what frames it
MOST_MEMBERS = 4
LARGEST_MEMBER = 300_000  # compressed bytes
_LARGEST_DIRECTORY = 4 << 20
WORTH = 1 << 20  # bytes: a smaller file costs less as a whole than in parts
# What auditwheel and its kind call a library that they graft because something in the wheel needs it.
_GRAFTED = re.compile(r"[^/]+\.libs/lib[^/]+-[0-9a-f]{8}\.so[.0-9]*")
_LOCAL = struct.Struct("<4s22xHH")
_EXTRA = 256  # bytes that the local header's extra field may have


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


def probe(asker: Asker, file: OfferedFile, *, whole: Path) -> Probed:
    """
    Return what a few ranges of *file* say; the file itself, at the path *whole*, where the server sends no parts.

    Raise ``IndexAccessError`` where an answer is not what was asked for.
    """
    if file.size is None:
        start = fetch_part(asker, file, 0, 1, whole=whole)
        if isinstance(start, Whole):
            return start
        file = replace(file, size=start.total or 0)
    return _probed(asker, file, whole) if file.size and file.size >= WORTH else Silent()


def _probed(asker: Asker, file: OfferedFile, whole: Path) -> Probed:
    size = file.size or 0
    first = max(0, size - TAIL - 1024)
    tail = fetch_part(asker, file, first, size - first, whole=whole)
    if isinstance(tail, Whole):
        return tail
    found = _directory(asker, file, tail, whole)
    if not isinstance(found, tuple):
        return found
    for header, end in _candidates(found, size):
        part = fetch_part(asker, file, header.offset, end - header.offset, whole=whole, etag=tail.etag)
        if isinstance(part, Whole):
            return part
        if _is_packed(part.data, header):
            return Packed((header.name,))
    return Silent()


def _directory(
    asker: Asker, file: OfferedFile, tail: FetchedRange, whole: Path
) -> tuple[CentralHeader, ...] | Silent | Whole:
    """Return the entries of the directory; the probe is silent about an archive that cannot be read this way."""
    size = file.size or 0
    data = tail.data
    for _ in range(2):
        try:
            return read_directory(_Tail(data, size), size, Limits()).entries
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


def _candidates(entries: tuple[CentralHeader, ...], size: int) -> list[tuple[CentralHeader, int]]:
    """Return the small grafted libraries, smallest first, and where in the file to stop reading for each."""
    chosen = [
        header
        for header in entries
        if _GRAFTED.fullmatch(header.name)
        and header.compressed_size <= LARGEST_MEMBER
        and header.method in (STORED, DEFLATED)
        and header.size <= 64 * LARGEST_MEMBER
    ]
    chosen.sort(key=lambda header: (header.compressed_size, header.name))
    return [
        (header, min(size, header.offset + 30 + len(header.raw_name) + _EXTRA + header.compressed_size))
        for header in chosen[:MOST_MEMBERS]
    ]


def _is_packed(data: bytes, header: CentralHeader) -> bool:
    """Whether the member, whose local header *data* begins with, has packed relocations; what is broken has none."""
    if len(data) < 30 or data[:4] != LOCAL_HEADER:
        return False
    _, names, extra = _LOCAL.unpack_from(data)
    begin = 30 + names + extra
    packed = data[begin : begin + header.compressed_size]
    try:
        pieces = inflate([packed]) if header.method == DEFLATED else iter([packed])
        content = collect(pieces, size=header.size, crc=header.crc)
        return is_elf(content[:4]) and read_elf(content, header.name).packed_relocations > 0
    except (InflateError, ElfError):
        return False
