"""The libraries that auditwheel grafted into a wheel, as a probe sees them: entries of a directory, a few bytes."""

import re
import struct
from collections.abc import Iterable
from concurrent.futures import Future
from threading import Lock

from musl_audit.adapters.archive.inflate import InflateError, collect, inflate
from musl_audit.adapters.archive.local_headers import LOCAL_HEADER
from musl_audit.adapters.archive.zip_directory import DEFLATED, STORED, CentralHeader
from musl_audit.elf import is_elf, read_elf
from musl_audit.errors import ElfError
from musl_audit.frozen import frozen

MOST_MEMBERS = 4
LARGEST_MEMBER = 300_000  # compressed bytes
_GAP = 4096  # bytes: members no farther apart come in one range
_EXTRA = 256  # bytes that the local header's extra field may have
# What auditwheel and its kind call a library that they graft because something in the wheel needs it.
_GRAFTED = re.compile(r"[^/]+\.libs/lib[^/]+-[0-9a-f]{8}\.so[.0-9]*")
_LOCAL = struct.Struct("<4s22xHH")

Identity = tuple[str, int, int, int, int]  # name, CRC-32, size, compressed size, method: the same bytes, if all agree


@frozen
class Stretch:
    """Members that lie side by side, and the bytes of the file that hold them."""

    first: int
    length: int
    members: tuple[CentralHeader, ...]


class Members:
    """Which members have packed relocations, as probes in several threads find: what one reads, others wait for."""

    def __init__(self) -> None:
        self._found: dict[Identity, Future[bool]] = {}
        self._lock = Lock()

    def claim(self, header: CentralHeader, others: Iterable[CentralHeader], size: int) -> Stretch | None:
        """
        Return what to read so that *header* is known, and of *others* those that adjoin it: nobody else reads it then.

        None where somebody does, or has done so. Whoever is given a stretch has to settle it.
        """
        with self._lock:
            if identity(header) in self._found:
                return None
            stretch = stretch_around(header, [item for item in others if identity(item) not in self._found], size)
            self._found |= {identity(member): Future() for member in stretch.members}
            return stretch

    def settle(self, stretch: Stretch, data: bytes | None) -> None:
        """Tell what the bytes of *stretch* say; None: they could not be had, and may be claimed again."""
        for member in {identity(member): member for member in stretch.members}.values():
            found = self._found[identity(member)] if data is not None else self._found.pop(identity(member))
            packed = False
            try:
                packed = data is not None and is_packed(data[member.offset - stretch.first :], member)
            finally:
                found.set_result(packed)  # whatever happens, nobody waits for ever

    def is_packed(self, header: CentralHeader) -> bool:
        """Return what is known of *header*, once whoever reads it has done so; False where it could not be read."""
        found = self._found.get(identity(header))
        return found is not None and found.result()


def candidates(entries: Iterable[CentralHeader]) -> list[CentralHeader]:
    """Return the small grafted libraries, smallest first."""
    chosen = [
        header
        for header in entries
        if _GRAFTED.fullmatch(header.name)
        and header.offset >= 0  # the end record may claim anything
        and header.compressed_size <= LARGEST_MEMBER
        and header.method in (STORED, DEFLATED)
        and header.size <= 64 * LARGEST_MEMBER
    ]
    chosen.sort(key=lambda header: (header.compressed_size, header.name))
    return chosen[:MOST_MEMBERS]


def identity(header: CentralHeader) -> Identity:
    """Return what tells a member from any other; its name has eight digits of a SHA-256 already."""
    return header.name, header.crc, header.size, header.compressed_size, header.method


def stretch_around(header: CentralHeader, others: Iterable[CentralHeader], size: int) -> Stretch:
    """Return *header* with those of *others* that adjoin it, in a file of *size* bytes; no more than a large member."""
    members, first, last = [header], header.offset, _end(header)
    for other in sorted(others, key=lambda item: abs(item.offset - header.offset)):
        begin, end = min(first, other.offset), max(last, _end(other))
        is_near = other.offset <= last + _GAP and _end(other) >= first - _GAP
        if other is not header and is_near and end - begin <= LARGEST_MEMBER:
            members.append(other)
            first, last = begin, end
    return Stretch(first, min(size, last) - first, tuple(members))


def _end(header: CentralHeader) -> int:
    """Return where to stop reading for a member; how long its local header is, only that says."""
    return header.offset + 30 + len(header.raw_name) + _EXTRA + header.compressed_size


def is_packed(data: bytes, header: CentralHeader) -> bool:
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
