"""The whole of a zip file before it is inflated: every byte belongs to one member, and none asks for too much."""

from collections.abc import Iterator
from io import BufferedIOBase

from musl_audit.adapters.archive.decompression import is_readable
from musl_audit.adapters.archive.faults import MemberFault
from musl_audit.adapters.archive.local_headers import LOCAL_HEADER, DirectoryEntry, locate
from musl_audit.adapters.archive.zip_directory import BZIP2, IS_ENCRYPTED, LZMA, STORED, ZSTD, CentralHeader, Directory
from musl_audit.errors import WheelError
from musl_audit.frozen import frozen
from musl_audit.model import Member, Problem, ProblemKind
from musl_audit.wheel.limits import Limits

_SLACK = 4096  # bytes; deflate adds less than one in a hundred to what it cannot compress
_METHODS = {9: "deflate64", BZIP2: "bzip2", LZMA: "LZMA", ZSTD: "zstd", 95: "xz", 98: "PPMd", 99: "AES"}
_WHO_REFUSES = {BZIP2: "which uv refuses", LZMA: "which uv refuses", ZSTD: "which pip refuses"}


@frozen
class DataPlace:
    """Where in the file the compressed bytes of a member begin, and how they are compressed."""

    offset: int
    method: int

    @property
    def is_stored(self) -> bool:
        """Whether the bytes are the member itself."""
        return self.method == STORED


@frozen
class MemberSurvey:
    """The members of an archive, where to read each, and what is wrong with it as far as headers tell."""

    members: tuple[Member, ...]  # in the order of the directory
    places: dict[Member, DataPlace]  # of those that can be read
    faults: tuple[MemberFault, ...]
    problems: tuple[Problem, ...]


def survey(file: BufferedIOBase, directory: Directory, limits: Limits) -> MemberSurvey:
    """
    Look at the local header of every member.

    Raise ``WheelError`` where all of them are encrypted, or where they declare more than *limits* allow for the whole.
    """
    total = sum(header.size for header in directory.entries)
    if total > limits.total_bytes:
        raise WheelError(f"the members declare {total} bytes together, more than the limit of {limits.total_bytes}")
    if any(header.name.count("/") > limits.depth for header in directory.entries):
        raise WheelError(f"a member lies deeper than {limits.depth} directories")
    headers = [header for header in directory.entries if not header.is_directory]
    if headers and all(header.flags & IS_ENCRYPTED for header in headers):
        raise WheelError("the archive is encrypted")
    members = {id(header): _member(header) for header in directory.entries}
    places, faults = {}, []
    located = list(locate(file, directory))
    for entry in located:
        member = members[id(entry.header)]
        refusals = [MemberFault(kind, detail, member.name) for kind, detail in _refusals(entry.header, limits)]
        faults += [
            *(MemberFault(ProblemKind.HEADER_MISMATCH, detail, member.name) for detail in entry.faults),
            *refusals,
        ]
        if entry.is_located and not refusals:
            places[member] = DataPlace(entry.data, entry.header.method)
            if who := _WHO_REFUSES.get(entry.header.method):
                detail = f"is compressed with {_METHODS[entry.header.method]}, {who}"
                faults.append(MemberFault(ProblemKind.UNUSUAL_COMPRESSION, detail, member.name))
    faults += _overlaps(located)
    return MemberSurvey(tuple(members.values()), places, tuple(faults), tuple(_gaps(file, located, directory.offset)))


def _member(header: CentralHeader) -> Member:
    return Member(
        name=header.name,
        size=header.size,
        compressed_size=header.compressed_size,
        crc=header.crc,
        mode=header.external_attributes >> 16,
        is_directory=header.is_directory,
    )


def _refusals(header: CentralHeader, limits: Limits) -> Iterator[tuple[ProblemKind, str]]:
    """Yield why a member is not read: kind of problem and detail."""
    if header.flags & IS_ENCRYPTED:
        yield ProblemKind.ENCRYPTED, "is encrypted"
    elif not is_readable(header.method):
        method = _METHODS.get(header.method, f"method {header.method}")
        yield (
            ProblemKind.UNSUPPORTED_COMPRESSION,
            f"is compressed with {method}; installers can only be relied on for deflate",
        )
    if header.size > limits.member_bytes:
        yield ProblemKind.BEYOND_LIMIT, f"declares more than the limit of {limits.member_bytes} bytes"
    elif header.size > limits.ratio_from and header.size > limits.ratio * header.compressed_size:
        yield ProblemKind.BEYOND_LIMIT, f"declares to be more than {limits.ratio} times its compressed size"
    if header.compressed_size > 2 * header.size + _SLACK:
        yield ProblemKind.WRONG_CONTENT, "has far more compressed data than its size needs"


def _overlaps(located: list[DirectoryEntry]) -> Iterator[MemberFault]:
    """Yield both members of every pair that shares bytes; *located* is sorted by place."""
    last: DirectoryEntry | None = None
    for entry in located:
        if not entry.is_located:
            continue
        if last is not None and entry.start < last.end:
            yield MemberFault(ProblemKind.OVERLAP, "shares bytes of the archive with another member", last.header.name)
            yield MemberFault(ProblemKind.OVERLAP, "shares bytes of the archive with another member", entry.header.name)
        if last is None or entry.end > last.end:
            last = entry


def _gaps(file: BufferedIOBase, located: list[DirectoryEntry], directory_offset: int) -> Iterator[Problem]:
    """Yield what lies between the members: bytes that no directory lists, and whether they look like a member."""
    position, unlisted, hidden = 0, 0, 0
    for start, end in [
        *((entry.start, entry.end) for entry in located if entry.is_located),
        (directory_offset,) * 2,
    ]:
        if start > position:
            file.seek(position)
            hidden += file.read(4) == LOCAL_HEADER
            unlisted += start - position
        position = max(position, end)
    if position > directory_offset:
        yield Problem(ProblemKind.OVERLAP, detail="the data of the last member runs into the directory")
    if hidden:
        yield Problem(ProblemKind.HIDDEN_MEMBER, detail="there are members that the directory does not list")
    elif unlisted:
        yield Problem(ProblemKind.EXTRA_DATA, detail=f"{unlisted} bytes of the archive belong to no member")
