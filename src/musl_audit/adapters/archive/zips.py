"""Wheels as zip files: members are read from where they lie, checked, and never extracted to disk."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cached_property, partial
from io import BufferedRandom, BufferedReader
from os import PathLike

from musl_audit.adapters.archive.ahead import Ahead, Inflated, ReadAhead
from musl_audit.adapters.archive.assessment import DataPlace, survey
from musl_audit.adapters.archive.decompression import plain, plain_head
from musl_audit.adapters.archive.faults import MemberFault, problems_of
from musl_audit.adapters.archive.file_digest import FileDigest
from musl_audit.adapters.archive.inflate import CHUNK, Check, InflateError, checked, inflate_head
from musl_audit.adapters.archive.member_names import name_problems
from musl_audit.adapters.archive.threads import are_worth_threads
from musl_audit.adapters.archive.zip_directory import DEFLATED, STORED, CentralHeader, read_directory
from musl_audit.errors import WheelError
from musl_audit.model import Member, Problem, ProblemKind
from musl_audit.wheel.chunks import joined
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.ports import Hasher, PackedMember

_HEAD = 64  # plain bytes that say what a member is
_LARGE = 1 << 20  # plain bytes; hardly any text in a wheel has as many
_LONGEST_BLOCK = 1 << 20  # of bzip2, which gives nothing before a whole one of 900 KB
_PREFIXES = (512, 8192)  # compressed bytes to take them from; the longest block header of deflate has 330


@contextmanager
def open_wheel(path: str | PathLike[str], limits: Limits | None = None) -> Iterator["ZipArchive"]:
    """
    Open the wheel at *path* for reading.

    Raise ``WheelError`` where the file cannot be read, is no zip, is truncated or encrypted, or is beyond *limits*.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115  # closed below
    except OSError as error:
        raise WheelError(f"cannot be read: {error.strerror}") from error
    except ValueError as error:  # a NUL in the path
        raise WheelError(f"cannot be read: {error}") from error
    with file, closing(ZipArchive(file, os.path.basename(path), limits or Limits())) as archive:
        yield archive


class ZipArchive:
    """An opened wheel; ``ports.Archive`` says what it offers."""

    def __init__(self, file: BufferedReader | BufferedRandom, filename: str, limits: Limits) -> None:
        self.filename = filename
        self.size = file.seek(0, 2)
        self._file = file
        self._limits = limits
        directory = read_directory(file, self.size, limits)
        found = survey(file, directory, limits)
        self.members = found.members
        self._places = found.places
        self._problems = (*directory.problems, *found.problems, *name_problems(found.members))
        self._faults = list(found.faults)
        self._ahead: ReadAhead | None = None
        self._hashing: FileDigest | None = None

    def each(
        self, members: Iterable[Member], hasher_of: Callable[[Member], Hasher | None]
    ) -> Iterator[tuple[Member, Hasher | None, Iterator[bytes | memoryview]]]:
        """Yield each member with its hasher and its pieces; threads inflate them where that helps."""
        wanted = list(members)
        begun = len(self._faults)
        ahead = self._read_ahead([member for member in wanted if member in self._places], hasher_of)
        for member in wanted:
            if member not in ahead:
                hasher = hasher_of(member)
                yield member, hasher, self.pieces(member, hasher)
        if self._ahead is not None:
            read = tuple(ahead.items())
            for number, inflated in self._ahead:
                member, hasher = read[number]
                yield member, hasher, self._taken(member, inflated)
            self._ahead.close()
            self._ahead = None
            order = {member.name: number for number, member in enumerate(wanted)}
            self._faults[begun:] = sorted(self._faults[begun:], key=lambda fault: order[fault.member])

    def _read_ahead(
        self, members: Sequence[Member], hasher_of: Callable[[Member], Hasher | None]
    ) -> dict[Member, Hasher | None]:
        """Begin to inflate *members* in threads; return their hashers in that order, none where threads do not help."""
        if not are_worth_threads([member.size for member in members]):
            return {}
        hashers = {member: hasher_of(member) for member in members}
        try:
            descriptor = self._file.fileno()
            self._ahead = ReadAhead(
                [
                    Ahead(
                        partial(_pieces, descriptor, self._places[member], member.compressed_size),
                        Check(member.size, member.crc, hasher),
                        member.size,
                    )
                    for member, hasher in hashers.items()
                ]
            )
        except OSError:  # no file, but bytes; or no memory for members in turns
            return {}
        return hashers

    def hash_beside(self) -> None:
        """Have a thread take ``sha256``, where others will inflate: what is no binary is hardly ever large."""
        sizes = [member.size for member in self._places if member.size >= _LARGE]
        if self._hashing is None and are_worth_threads(sizes):
            with suppress(OSError):  # no file, but bytes
                self._hashing = FileDigest(self._file.fileno(), self.size)

    def close(self) -> None:
        """End the threads."""
        for reader in (self._ahead, self._hashing):
            if reader is not None:
                reader.close()
        self._ahead = self._hashing = None

    @cached_property
    def sha256(self) -> str:
        """The digest of the whole file, read in chunks."""
        if self._hashing is not None and (digest := self._hashing.result()) is not None:
            return digest
        from hashlib import file_digest

        self._file.seek(0)
        return file_digest(self._file, "sha256").hexdigest()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the archive itself; complete once every member asked for was read."""
        return (*self._problems, *problems_of(self._faults))

    def head(self, member: Member) -> bytes:
        """Return the first 64 bytes of *member*, fewer if it has fewer, none where it cannot be read."""
        place = self._places.get(member)
        if place is None or member.is_directory:
            return b""
        wanted = min(_HEAD, member.size)
        try:
            for length in _PREFIXES if place.method in (STORED, DEFLATED) else (_LONGEST_BLOCK,):
                head = self._prefix(place, min(length, member.compressed_size))
                if len(head) >= wanted:
                    return head
        except InflateError as error:
            self._faults.append(MemberFault(ProblemKind.WRONG_CONTENT, f"cannot be inflated: {error}", member.name))
            return b""
        self._faults.append(MemberFault(ProblemKind.WRONG_CONTENT, "holds less data than it declares", member.name))
        return head

    def _prefix(self, place: DataPlace, length: int) -> bytes:
        self._file.seek(place.offset)
        data = self._file.read(length)
        if place.is_stored:
            return data[:_HEAD]
        return inflate_head(data, _HEAD) if place.method == DEFLATED else plain_head(data, place.method, _HEAD)

    def read(self, member: Member) -> bytes:
        """Return the bytes of *member*; raise ``WheelError`` where they contradict the directory or a limit."""
        return joined(self.pieces(member), member.size)

    def pieces(self, member: Member, hasher: Hasher | None = None) -> Iterator[bytes]:
        """Yield the bytes of *member* as they are inflated, each piece once *hasher* has it; raise as ``read`` does."""
        place = self._places.get(member)
        if place is None:
            raise WheelError(f"{member.name!r} cannot be read")
        chunks = self._chunks(place.offset, member.compressed_size)
        plain_pieces = plain(chunks, place.method, partial(self._note_tail, member))
        try:
            yield from checked(plain_pieces, Check(member.size, member.crc, hasher))
        except InflateError as error:
            raise self._wrong(member, error) from error

    def _taken(self, member: Member, inflated: Inflated) -> Iterator[bytes | memoryview]:
        """Yield the pieces of *member* that threads inflated; raise as ``pieces`` does."""
        try:
            yield from inflated.taken(partial(self._note_tail, member))
        except InflateError as error:
            raise self._wrong(member, error) from error

    def _wrong(self, member: Member, error: InflateError) -> WheelError:
        """Note that *member* is not what the archive declares, and return what is raised for it."""
        self._faults.append(MemberFault(ProblemKind.WRONG_CONTENT, f"cannot be inflated: {error}", member.name))
        return WheelError(f"{member.name!r} cannot be inflated: {error}")

    def _note_tail(self, member: Member) -> None:
        detail = "has bytes behind the end of its deflate stream"
        self._faults.append(MemberFault(ProblemKind.DEFLATE_TAIL, detail, member.name))

    def packed(self, member: Member) -> PackedMember:
        """Return *member* as it lies in the file; raise ``WheelError`` where it cannot be read."""
        place = self._places.get(member)
        if place is None:
            raise WheelError(f"{member.name!r} cannot be read")
        header = self._headers[member]
        data = b"".join(self._chunks(place.offset, member.compressed_size))
        return PackedMember(member, header.method, header.date_time, header.external_attributes, data)

    @cached_property
    def _headers(self) -> dict[Member, CentralHeader]:
        """The entries of the directory, read again: only who copies members needs more of them than ``members`` has."""
        directory = read_directory(self._file, self.size, self._limits)
        return dict(zip(self.members, directory.entries, strict=True))

    def _chunks(self, offset: int, remaining: int) -> Iterator[bytes]:
        """Yield *remaining* bytes of the file from *offset* on, fewer if it ends before."""
        self._file.seek(offset)
        while remaining and (chunk := self._file.read(min(CHUNK, remaining))):
            remaining -= len(chunk)
            yield chunk


def _pieces(descriptor: int, place: DataPlace, size: int, on_tail: Callable[[], None]) -> Iterator[bytes]:
    """Yield the plain pieces of *size* compressed bytes, without the position in the file that others go by."""
    return plain(_read_at(descriptor, place.offset, size), place.method, on_tail)


def _read_at(descriptor: int, offset: int, remaining: int) -> Iterator[bytes]:
    while remaining and (chunk := os.pread(descriptor, min(CHUNK, remaining), offset)):
        offset += len(chunk)
        remaining -= len(chunk)
        yield chunk
