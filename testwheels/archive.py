"""Zip archives written byte by byte: the same input gives the same bytes, and a case may make any field lie."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

STORED, DEFLATED = 0, 8
IS_ENCRYPTED, HAS_DESCRIPTOR, IS_UTF8 = 1 << 0, 1 << 3, 1 << 11
_DOS_EPOCH = 1 << 5 | 1  # 1980-01-01 00:00, the first moment a zip can name
_UNIX = 3 << 8  # "version made by": the mode bits count


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One member of an archive.

    The fields after ``method`` are what the headers say where that is not the truth; ``name`` may be bytes that are
    not UTF-8.
    """

    name: str | bytes
    data: bytes = b""
    mode: int = 0o100644
    method: int = DEFLATED
    flags: int = 0
    local_name: str | bytes | None = None
    declared_size: int | None = None
    declared_crc: int | None = None
    extra: bytes = b""
    data_start: int | None = None  # central directory only: the entry's header lies inside another's data

    @property
    def raw_name(self) -> bytes:
        """The name as it stands in the central directory."""
        return _encoded(self.name)


def zip_bytes(entries: Iterable[Entry], *, comment: bytes = b"") -> bytes:
    """Return an archive of *entries* in their order."""
    body, directory, count = bytearray(), bytearray(), 0
    for entry in entries:
        offset = len(body) if entry.data_start is None else entry.data_start
        if entry.data_start is None:
            body += local_part(entry)
        directory += _central_header(entry, offset)
        count += 1
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), len(comment))
    return bytes(body + directory) + end + comment


def local_part(entry: Entry) -> bytes:
    """Return the local header of *entry* with its data behind it."""
    name = _encoded(entry.name if entry.local_name is None else entry.local_name)
    data = _packed(entry)
    sizes = struct.pack("<3I", *_sizes(entry, data))
    has_descriptor = bool(entry.flags & HAS_DESCRIPTOR)
    fields = struct.pack("<4s3H2H", b"PK\3\4", 20, _flags(entry), entry.method, 0, _DOS_EPOCH)
    header = fields + (bytes(12) if has_descriptor else sizes) + struct.pack("<2H", len(name), len(entry.extra))
    return header + name + entry.extra + data + (b"PK\7\10" + sizes if has_descriptor else b"")


def _central_header(entry: Entry, offset: int) -> bytes:
    name, data = entry.raw_name, _packed(entry)
    fields = struct.pack("<4s4H2H", b"PK\1\2", _UNIX | 20, 20, _flags(entry), entry.method, 0, _DOS_EPOCH)
    lengths = struct.pack("<3H", len(name), len(entry.extra), 0)
    sizes = struct.pack("<3I", *_sizes(entry, data))
    return fields + sizes + lengths + struct.pack("<2H2I", 0, 0, entry.mode << 16, offset) + name + entry.extra


def _sizes(entry: Entry, data: bytes) -> tuple[int, int, int]:
    crc = zlib.crc32(entry.data) if entry.declared_crc is None else entry.declared_crc
    return crc, len(data), len(entry.data) if entry.declared_size is None else entry.declared_size


def _packed(entry: Entry) -> bytes:
    if entry.method == STORED:
        return entry.data
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(entry.data) + deflate.flush()


def _flags(entry: Entry) -> int:
    is_utf8 = isinstance(entry.name, str) and not entry.name.isascii()
    return entry.flags | (IS_UTF8 if is_utf8 else 0)


def _encoded(name: str | bytes) -> bytes:
    return name.encode() if isinstance(name, str) else name
