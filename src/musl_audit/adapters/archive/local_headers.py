"""The local header before each member's data, held against the central directory, and the room that both take."""

import struct
from collections.abc import Iterator
from io import BufferedIOBase
from operator import attrgetter

from musl_audit.adapters.archive.zip_directory import (
    HAS_DESCRIPTOR,
    IS_ENCRYPTED,
    IS_UTF8,
    STORED,
    CentralHeader,
    Directory,
)
from musl_audit.frozen import frozen

LOCAL_HEADER = b"PK\3\4"
_HEADER = struct.Struct("<4s5H3L2H")  # signature, version, flags, method, time, date, crc, sizes, lengths
_SEE_ZIP64 = 0xFFFFFFFF
_DESCRIPTORS = tuple(struct.Struct(layout) for layout in ("<4sLLL", "<4sLQQ", "<LLL", "<LQQ"))
_USUAL_EXTRA = 64  # bytes that are read beyond the name, in the hope that they hold the extra field


@frozen
class DirectoryEntry:
    """A member as the central directory lists it, and the room it takes: from ``start`` to before ``end``."""

    header: CentralHeader
    start: int
    data: int
    end: int
    faults: tuple[str, ...] = ()  # in what header and directory contradict each other

    @property
    def is_located(self) -> bool:
        """Whether there is a local header where the directory says."""
        return self.data > self.start


@frozen
class _LocalHeader:
    """The fields of a local header that the central directory repeats."""

    name: bytes
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int
    length: int  # of the header itself


def locate(file: BufferedIOBase, directory: Directory) -> Iterator[DirectoryEntry]:
    """Yield the entries of *directory* by the place of their local headers, which are read from *file*."""
    for header in sorted(directory.entries, key=attrgetter("offset")):
        name = header.raw_name
        is_inside = 0 <= header.offset < directory.offset
        local = _read_header(file, header.offset, len(name)) if is_inside else None
        if local is None:
            yield DirectoryEntry(header, 0, 0, 0, ("it has no local header where the directory says",))
            continue
        faults = tuple(_faults(header, name, local))
        data = header.offset + local.length
        end = data + header.compressed_size
        length = _descriptor_length(file, header, end) if local.flags & HAS_DESCRIPTOR else 0
        if length is None:
            faults += ("its data descriptor contradicts the directory",)
        yield DirectoryEntry(header, header.offset, data, end + (length or 0), faults)


def _read_header(file: BufferedIOBase, offset: int, name_length: int) -> _LocalHeader | None:
    file.seek(offset)
    raw = file.read(_HEADER.size + name_length + _USUAL_EXTRA)
    if len(raw) < _HEADER.size or raw[:4] != LOCAL_HEADER:
        return None
    _, _, flags, method, _, _, crc, compressed_size, size, name_length, extra_length = _HEADER.unpack_from(raw)
    names_end = _HEADER.size + name_length
    length = names_end + extra_length
    if length > len(raw):
        file.seek(offset)
        raw = file.read(length)
    if _SEE_ZIP64 in (compressed_size, size):
        size, compressed_size = _zip64_sizes(raw[names_end:length], size, compressed_size)
    return _LocalHeader(raw[_HEADER.size : names_end], flags, method, crc, compressed_size, size, length)


def _zip64_sizes(extra: bytes, size: int, compressed_size: int) -> tuple[int, int]:
    """Return both sizes from the zip64 field of a local header, which must hold both (APPNOTE.TXT 4.5.3)."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        if kind == 1 and length >= 16 and position + 20 <= len(extra):
            sizes: tuple[int, int] = struct.unpack_from("<QQ", extra, position + 4)
            return sizes
        position += 4 + length
    return size, compressed_size


def _faults(header: CentralHeader, name: bytes, local: _LocalHeader) -> Iterator[str]:
    """Yield in what a local header contradicts the directory; one with a descriptor may leave sizes and CRC at 0."""
    if local.name != name:
        yield "its local header has another name"
    if local.method != header.method:
        yield "its local header has another compression method"
    if (local.flags ^ header.flags) & (IS_ENCRYPTED | HAS_DESCRIPTOR | IS_UTF8):
        yield "its local header has other flags"
    found = (local.crc, local.compressed_size, local.size)
    listed = (header.crc, header.compressed_size, header.size)
    if found != listed and not (local.flags & HAS_DESCRIPTOR and _is_left_open(found, listed)):
        yield "its local header has another size or checksum"
    if header.method == STORED and header.compressed_size != header.size:
        yield "it is stored, yet has two sizes"


def _is_left_open(local: tuple[int, int, int], listed: tuple[int, int, int]) -> bool:
    """Whether *local* has 0 wherever it is not *listed*."""
    return all(one in (0, other) for one, other in zip(local, listed, strict=True))


def _descriptor_length(file: BufferedIOBase, header: CentralHeader, offset: int) -> int | None:
    """Return the length of the data descriptor at *offset*; None where no layout agrees with *header*."""
    file.seek(offset)
    raw = file.read(24)
    expected = (header.crc, header.compressed_size, header.size)
    for layout in _DESCRIPTORS:
        if len(raw) < layout.size:
            continue
        fields = layout.unpack_from(raw)
        if fields[-3:] == expected and fields[0] in (b"PK\7\x08", header.crc):
            return layout.size
    return None
