"""
Writing wheels: zip archives whose bytes follow from their content alone, published whole or not at all.

Entries that nothing changed are copied as they lie in the other archive, compressed; the standard library's ``zipfile``
cannot do that, which is why the few records of a zip file (APPNOTE.TXT 4.3) are written here.
"""

import errno
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from musl_audit.errors import RepairError
from musl_audit.frozen import frozen
from musl_audit.model import Member
from musl_audit.wheel.ports import PackedMember

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR64 = struct.Struct("<4sIQI")
_MADE_ON_UNIX = 3 << 8 | 20
_NEEDS, _NEEDS64 = 20, 45  # versions of the format that know deflate, and zip64
_NAME_IS_UTF8 = 0x800
_STORED, _DEFLATED = 0, 8
_LIMIT, _COUNT_LIMIT = 0xFFFFFFFF, 0xFFFF
_REGULAR_FILE = 0o100000
_HIDDEN, _PART = ".musl-audit-", ".part"  # never *.whl: who globs for wheels must not find one
EARLIEST, _LATEST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)  # what a zip file can say


@frozen
class _Written:
    packed: PackedMember
    name: bytes
    flags: int
    offset: int


def pack(
    name: str, data: bytes, *, mode: int, date_time: tuple[int, int, int, int, int, int], level: int
) -> PackedMember:
    """Return *data* as an archive entry, deflated at *level* (0 to 9) where that makes it smaller."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -15)
    deflated = compressor.compress(data) + compressor.flush()
    method, packed = (_DEFLATED, deflated) if len(deflated) < len(data) else (_STORED, data)
    member = Member(name, len(data), len(packed), zlib.crc32(data), mode=_REGULAR_FILE | mode)
    return PackedMember(member, method, date_time, member.mode << 16, packed)


def write_archive(file: BinaryIO, entries: Iterable[PackedMember]) -> None:
    """Write a zip archive of *entries*, in their order, to the empty *file*."""
    written = [_write_entry(file, entry) for entry in entries]
    start = file.tell()
    for entry in written:
        _write_directory_entry(file, entry)
    _write_end(file, len(written), start, file.tell())


def _write_entry(file: BinaryIO, packed: PackedMember) -> _Written:
    name = packed.member.name.encode("utf-8", "surrogateescape")
    written = _Written(packed, name, 0 if name.isascii() else _NAME_IS_UTF8, file.tell())
    size, compressed, extra = _sizes(packed.member)
    needs = _NEEDS64 if extra else _NEEDS
    date, time = _dos(packed.date_time)
    head = (b"PK\3\4", needs, written.flags, packed.method, time, date, packed.member.crc, compressed, size)
    file.write(_LOCAL.pack(*head, len(name), len(extra)) + name + extra)
    file.write(packed.data)
    return written


def _write_directory_entry(file: BinaryIO, entry: _Written) -> None:
    member = entry.packed.member
    size, compressed, extra = _sizes(member)
    offset = entry.offset
    if offset > _LIMIT:
        extra, offset = _extra64(extra[4:] + struct.pack("<Q", offset)), _LIMIT
    needs = _NEEDS64 if extra else _NEEDS
    date, time = _dos(entry.packed.date_time)
    head = (b"PK\1\2", _MADE_ON_UNIX, needs, entry.flags, entry.packed.method, time, date, member.crc, compressed, size)
    tail = (len(entry.name), len(extra), 0, 0, 0, entry.packed.external_attributes, offset)
    file.write(_CENTRAL.pack(*head, *tail) + entry.name + extra)


def _write_end(file: BinaryIO, count: int, start: int, end: int) -> None:
    size = end - start
    if count >= _COUNT_LIMIT or size >= _LIMIT or start >= _LIMIT:
        file.write(_END64.pack(b"PK\6\6", _END64.size - 12, _MADE_ON_UNIX, 45, 0, 0, count, count, size, start))
        file.write(_LOCATOR64.pack(b"PK\6\7", 0, end, 1))
    shown = min(count, _COUNT_LIMIT)
    file.write(_END.pack(b"PK\5\6", 0, 0, shown, shown, min(size, _LIMIT), min(start, _LIMIT), 0))


def _sizes(member: Member) -> tuple[int, int, bytes]:
    """Return both sizes as a header says them, and the zip64 field that says them where it cannot."""
    if max(member.size, member.compressed_size) < _LIMIT:
        return member.size, member.compressed_size, b""
    return _LIMIT, _LIMIT, _extra64(struct.pack("<2Q", member.size, member.compressed_size))


def _extra64(values: bytes) -> bytes:
    return struct.pack("<2H", 1, len(values)) + values


def _dos(date_time: tuple[int, int, int, int, int, int]) -> tuple[int, int]:
    year, month, day, hour, minute, second = min(max(date_time, EARLIEST), _LATEST)
    return (year - 1980) << 9 | month << 5 | day, hour << 11 | minute << 5 | second // 2


# --- Publishing ------------------------------------------------------------------------------------------


def check_output_directory(directory: Path) -> None:
    """Create *directory* where it is missing; raise ``RepairError`` where nothing can be written into it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(directory)
        with _nameless(directory):
            pass
    except OSError as error:
        raise RepairError(f"{directory} cannot be written to: {error.strerror}") from error


def _remove_leftovers(directory: Path) -> None:
    """Remove hidden files of processes that are no more: they were killed before such a file had its name."""
    for path in directory.glob(f"{_HIDDEN}*{_PART}"):
        process = path.name.removeprefix(_HIDDEN).partition("-")[0]
        if process.isdigit() and not _is_running(int(process)):
            path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if os.name != "posix":  # elsewhere the call below would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's, or nobody's: leave it
        return True
    return True


def _hidden_prefix() -> str:
    return f"{_HIDDEN}{os.getpid()}-"


@contextmanager
def unpublished(target: Path) -> Iterator[BufferedRandom]:
    """
    Open an empty file where *target* is going to be; it is gone again unless ``publish`` names it.

    On Linux the file has no name, so that even a killed process leaves nothing behind; where a file system does not
    know such files, a hidden name that is no wheel's. Raise ``RepairError`` where the directory cannot be written to or
    the disk is full.
    """
    try:
        with _nameless(target.parent) as file:
            yield file
    except OSError as error:
        raise RepairError(f"{target} cannot be written: {error.strerror}") from error


def publish(file: BinaryIO, target: Path) -> None:
    """
    Make *file*, which ``unpublished`` opened, appear as *target*, whole, replacing what was there.

    Only where something is replaced, the complete file has another name between two system calls; the next run would
    remove it.
    """
    file.flush()
    os.fsync(file.fileno())
    _name(file, target)


def copy(source: BinaryIO, target: Path) -> None:
    """Make a copy of *source* appear as *target*, whole or not at all; see ``publish``."""
    with unpublished(target) as file:
        source.seek(0)
        for chunk in iter(lambda: source.read(1 << 20), b""):
            file.write(chunk)
        publish(file, target)


@contextmanager
def _nameless(directory: Path) -> Iterator[BufferedRandom]:
    """Open a file in *directory* without a name (``O_TMPFILE``), or with a hidden one where the system lacks that."""
    descriptor = _open_nameless(directory)
    if descriptor is not None:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
        return
    descriptor, name = mkstemp(dir=directory, prefix=_hidden_prefix(), suffix=_PART)
    os.close(descriptor)
    try:
        with Path(name).open("w+b") as file:
            yield file
    finally:
        Path(name).unlink(missing_ok=True)


def _open_nameless(directory: Path) -> int | None:
    """Return a descriptor of a file without a name, None where the system or the file system does not have them."""
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(directory, flag | os.O_RDWR, 0o644)
    except OSError as error:
        if error.errno in (errno.EISDIR, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOENT) and directory.is_dir():
            return None
        raise


def _name(file: BinaryIO, target: Path) -> None:
    """Give the complete *file* the name *target*: by a link, or by a rename over what is there."""
    os.fchmod(file.fileno(), 0o666 & ~_umask())
    if not isinstance(file.name, int):  # it has a hidden name
        Path(file.name).replace(target)
        return
    try:
        _link(file.fileno(), target)
    except FileExistsError:
        beside = target.with_name(f"{_hidden_prefix()}new{_PART}")
        try:
            _link(file.fileno(), beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


def _link(descriptor: int, target: Path) -> None:
    directory = os.open("/proc/self/fd", os.O_RDONLY)
    try:  # given a directory, Python calls linkat(), which can follow the link to what has no name
        os.link(str(descriptor), target, src_dir_fd=directory, follow_symlinks=True)
    finally:
        os.close(directory)


def _umask() -> int:
    """Return the process's mask of permissions, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
