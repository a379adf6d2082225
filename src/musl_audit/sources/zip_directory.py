"""The central directory of a zip file, and what is wrong with the records that frame it (APPNOTE.TXT 4.3)."""

import struct
from io import BufferedIOBase
from zipfile import BadZipFile, ZipFile, ZipInfo

from musl_audit.errors import WheelError
from musl_audit.frozen import frozen
from musl_audit.limits import Limits
from musl_audit.model import Problem

_END = struct.Struct("<4s4H2LH")  # signature, disk, disk of the directory, entries here, entries, size, offset, comment
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_LONGEST_COMMENT = 0xFFFF
_BYTES_PER_ENTRY = 400  # of the directory, on average: bounds what is parsed at all


@frozen
class Directory:
    """What the central directory lists, in its order, and where in the file it begins."""

    entries: tuple[ZipInfo, ...]
    offset: int
    problems: tuple[Problem, ...]


@frozen
class _End:
    """The end records: where they begin, and what they say about the directory."""

    offset: int
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
    try:
        with ZipFile(file) as archive:
            entries = tuple(archive.infolist())
    except UnicodeDecodeError as error:
        raise WheelError("a member's name is marked as UTF-8 and is not: no installer can read the archive") from error
    except (BadZipFile, NotImplementedError, OverflowError, ValueError, struct.error) as error:
        raise WheelError(f"not a readable zip file: {_sentence(error)}") from error
    faults = end.faults
    if len(entries) != end.declared:
        faults += (f"its end record counts {end.declared} members, its directory lists {len(entries)}",)
    problems = [Problem("header-mismatch", detail=fault) for fault in faults]
    if end.trailing:
        problems.append(Problem("extra-data", detail=f"{end.trailing} bytes follow the end of the archive"))
    return Directory(entries, end.offset - end.directory_size, tuple(problems))


def _read_end(file: BufferedIOBase, size: int) -> _End:
    file.seek(max(0, size - _END.size - _LONGEST_COMMENT))
    start, tail = file.tell(), file.read()
    where = len(tail) - _END.size
    if tail[where : where + 4] != b"PK\5\6" or tail[-2:] != b"\0\0":
        where = tail.rfind(b"PK\5\6", 0, where + 4) if where >= 0 else -1
    if where < 0:
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
    if before >= 0 and tail[locator : locator + 4] == b"PK\6\7" and tail[before : before + 4] == b"PK\6\6":
        end -= _LOCATOR64.size + _END64.size
        _, _, offset64, _ = _LOCATOR64.unpack_from(tail, locator)
        _, _, _, _, disk, _, here, count, directory_size, offset = _END64.unpack_from(tail, before)
        if offset64 != end or disk or here != count:
            faults.append("its zip64 end records contradict each other")
    if offset + directory_size != end:
        faults.append(f"its end record places the directory at {offset}, where it is not")
    return _End(end, count, directory_size, tuple(faults), max(trailing, 0))


def _sentence(error: Exception) -> str:
    """Return the message of *error* as one line, as part of a sentence."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text[0].lower() + text[1:]
