"""The central directory of a zip file, and what is wrong with the records that frame it (APPNOTE.TXT 4.3)."""

import struct
from collections.abc import Iterator
from io import BufferedIOBase

from musl_audit.errors import WheelError
from musl_audit.frozen import frozen
from musl_audit.model import Problem, ProblemKind
from musl_audit.wheel.limits import Limits

_END = struct.Struct("<4s4H2LH")  # signature, disk, disk of the directory, entries here, entries, size, offset, comment
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_SEARCHED = _END.size + (1 << 16)  # bytes at the end of the file, among which the end record is looked for
_BYTES_PER_ENTRY = 400  # of the directory, on average: bounds what is parsed at all

# signature, versions, flags, method, time, date, crc, sizes, lengths, disk, attributes, offset of the local header
_HEADER = struct.Struct("<4s2xBx4H3L3H4x2L")
_NEWEST_VERSION = 63  # of the format that a reader must know; zipfile refuses later ones, too
_SEE_ZIP64 = 0xFFFFFFFF
_UNICODE_PATH = b"up"  # 0x7075

IS_ENCRYPTED, HAS_DESCRIPTOR, IS_UTF8 = 0x1, 0x8, 0x800  # flags
STORED, DEFLATED, BZIP2, LZMA, ZSTD = 0, 8, 12, 14, 93  # methods


@frozen
class CentralHeader:
    """A member as the central directory lists it."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    time: int  # as MS-DOS has it
    date: int
    crc: int
    compressed_size: int
    size: int
    external_attributes: int
    offset: int  # of the local header in the file, whatever lies before the archive
    unicode_path: bytes | None = None  # another name, in an extra field

    @property
    def is_directory(self) -> bool:
        """Whether it is an entry for a directory itself."""
        return self.name.endswith("/")

    @property
    def date_time(self) -> tuple[int, int, int, int, int, int]:
        """Year, month, day, hour, minute, second."""
        date, time = self.date, self.time
        return (date >> 9) + 1980, date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2


@frozen
class Directory:
    """What the central directory lists, in its order, and where in the file it begins."""

    entries: tuple[CentralHeader, ...]
    offset: int
    problems: tuple[Problem, ...]


@frozen
class _End:
    """The end records: where they begin, and what they say about the directory."""

    offset: int
    shift: int  # bytes before the archive, which no offset in it counts
    declared: int
    directory_size: int
    faults: tuple[str, ...]
    trailing: int  # bytes after the end of the archive


def read_directory(file: BufferedIOBase, size: int, limits: Limits) -> Directory:
    """
    Return the central directory of *file*, which has *size* bytes.

    Raise ``WheelError`` where it is no zip, is truncated, or lists more than *limits* allow.
    """
    end = _read_end(file, size)
    if end.declared > limits.members or end.directory_size > limits.members * _BYTES_PER_ENTRY:
        raise WheelError(f"the archive lists {end.declared} members, more than the limit of {limits.members}")
    start = end.offset - end.directory_size
    if start < 0:
        raise WheelError("not a readable zip file: its directory does not fit into it")
    file.seek(start)
    entries = tuple(_read_headers(file.read(end.directory_size), end.shift))
    faults = end.faults
    if len(entries) != end.declared:
        faults += (f"its end record counts {end.declared} members, its directory lists {len(entries)}",)
    problems = [Problem(ProblemKind.HEADER_MISMATCH, detail=fault) for fault in faults]
    if end.trailing:
        detail = f"{end.trailing} bytes follow the end of the archive, which uv refuses"
        problems.append(Problem(ProblemKind.TRAILING_DATA, detail=detail))
    problems += _name_problems(entries)
    return Directory(entries, start, tuple(problems))


def _name_problems(entries: tuple[CentralHeader, ...]) -> Iterator[Problem]:
    """Yield what pip and uv read differently in the names of members, as bytes."""
    unmarked = [entry.name for entry in entries if not entry.flags & IS_UTF8 and not entry.raw_name.isascii()]
    if unmarked:
        detail = "is neither ASCII nor marked as UTF-8: pip takes it for code page 437, uv refuses the wheel"
        yield Problem(ProblemKind.NAME_ENCODING, tuple(unmarked), detail)
    renamed = [entry.name for entry in entries if entry.unicode_path not in (None, entry.raw_name)]
    if renamed:
        detail = "has another name in a Unicode path field, which pip ignores and uv refuses"
        yield Problem(ProblemKind.UNICODE_PATH, tuple(renamed), detail)


def _read_end(file: BufferedIOBase, size: int) -> _End:
    file.seek(max(0, size - _SEARCHED - _LOCATOR64.size - _END64.size))
    start, tail = file.tell(), file.read()
    where = len(tail) - _END.size
    if tail[where : where + 4] != b"PK\5\6" or tail[-2:] != b"\0\0":
        where = tail.rfind(b"PK\5\6", max(0, len(tail) - _SEARCHED))
    if where < 0 or where + _END.size > len(tail):
        raise WheelError("not a zip file, or a truncated one: the end record is missing")
    _, disk, _, here, count, directory_size, offset, comment = _END.unpack_from(tail, where)
    faults = []
    if disk or here != count:
        faults.append("it claims to span several disks")
    end = start + where
    trailing = size - end - _END.size - comment
    if trailing < 0:
        faults.append("its comment runs past the end of the file")
    locator = where - _LOCATOR64.size
    before = locator - _END64.size
    offset64 = _zip64_offset(tail, locator)
    if offset64 is not None and before < 0:
        raise WheelError("not a readable zip file: its zip64 end record would begin before the file")
    if offset64 is not None and tail[before : before + 4] == b"PK\6\6":
        end -= _LOCATOR64.size + _END64.size
        _, _, _, _, disk, _, here, count, directory_size, offset = _END64.unpack_from(tail, before)
        if offset64 != end or disk or here != count:
            faults.append("its zip64 end records contradict each other")
    if offset + directory_size != end:
        faults.append(f"its end record places the directory at {offset}, where it is not")
    return _End(end, end - directory_size - offset, count, directory_size, tuple(faults), max(trailing, 0))


def _zip64_offset(tail: bytes, position: int) -> int | None:
    """Return what the locator at *position* says about where the zip64 end record is, None where there is none."""
    if position < 0 or tail[position : position + 4] != b"PK\6\7":
        return None
    _, disk, offset, disks = _LOCATOR64.unpack_from(tail, position)
    if disk or disks > 1:
        raise WheelError("not a readable zip file: it spans several disks")
    return int(offset)


def _read_headers(directory: bytes, shift: int) -> Iterator[CentralHeader]:
    """Yield the headers of the central directory; raise ``WheelError`` for the first that cannot be read."""
    position = 0
    while position < len(directory):
        names_start = position + _HEADER.size
        if names_start > len(directory):
            raise WheelError("not a readable zip file: its directory is truncated")
        (
            signature,
            version,
            flags,
            method,
            time,
            date,
            crc,
            compressed_size,
            size,
            name_length,
            extra_length,
            comment_length,
            attributes,
            offset,
        ) = _HEADER.unpack_from(directory, position)
        extra_start = names_start + name_length
        extra_end = extra_start + extra_length
        position = extra_end + comment_length
        if signature != b"PK\1\2" or position > len(directory):
            raise WheelError("not a readable zip file: its directory is malformed")
        if version > _NEWEST_VERSION:
            raise WheelError(f"not a readable zip file: it needs version {version / 10:.1f} of the format")
        sizes = [size, compressed_size, offset]
        unicode_path = None
        if extra_length:
            extra = directory[extra_start:extra_end]
            sizes = _without_zip64(sizes, extra)
            unicode_path = _unicode_path(extra) if _UNICODE_PATH in extra else None
        raw_name = directory[names_start:extra_start]
        yield CentralHeader(
            _decoded(raw_name, flags),
            raw_name,
            flags,
            method,
            time,
            date,
            crc,
            sizes[1],
            sizes[0],
            attributes,
            sizes[2] + shift,
            unicode_path,
        )


def _decoded(name: bytes, flags: int) -> str:
    if not flags & IS_UTF8:
        return name.decode("ascii" if name.isascii() else "cp437")
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise WheelError("a member's name is marked as UTF-8 and is not: no installer can read the archive") from error


def _unicode_path(extra: bytes) -> bytes | None:
    """Return the name in a Unicode path field (APPNOTE.TXT 4.6.9), None where there is none."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2sH", extra, position)
        if kind == _UNICODE_PATH and length >= 5:
            return extra[position + 9 : position + 4 + length]
        position += 4 + length
    return None


def _without_zip64(sizes: list[int], extra: bytes) -> list[int]:
    """Return *sizes*, those that do not fit into 32 bits taken from the zip64 field of *extra* (APPNOTE.TXT 4.5.3)."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        field = extra[position + 4 : position + 4 + length]
        position += 4 + length
        if position > len(extra):
            raise WheelError(f"not a readable zip file: extra field {kind:#06x} runs past its end")
        if kind != 1:
            continue
        absent = [index for index, value in enumerate(sizes) if value == _SEE_ZIP64]
        if len(field) < 8 * len(absent):
            raise WheelError("not a readable zip file: a zip64 field is too short")
        for index, value in zip(absent, struct.unpack_from(f"<{len(absent)}Q", field), strict=True):
            sizes[index] = value
    return sizes
