"""The way from an opened wheel to its facts: what the bytes say, and nothing about any policy or host."""

from collections import deque
from collections.abc import Container, Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType

from musl_audit.elf import is_elf, read_elf
from musl_audit.errors import ElfError, WheelError
from musl_audit.frozen import replace
from musl_audit.model import ElfFacts, Member, Problem, ProblemKind, WheelFacts, WheelName
from musl_audit.wheel.chunks import gathered
from musl_audit.wheel.dist_info import dist_infos_of, main_dist_info, parse_wheel_file
from musl_audit.wheel.names import parse_wheel_name
from musl_audit.wheel.ports import Archive, Hasher
from musl_audit.wheel.record import LARGEST_RECORD, Record, compare, parse_record

_LARGEST_WHEEL_FILE = 1 << 20


def extract(
    archive: Archive,
    *,
    verify_hashes: bool = False,
    with_digests: bool = True,
    known: Mapping[str, ElfFacts | None] = MappingProxyType({}),
) -> WheelFacts:
    """
    Return the facts of the wheel in *archive*.

    A member is an ELF file if its first bytes say so; each is inflated once, and held against its digest in ``RECORD``;
    with *verify_hashes*, so are all other members. One that cannot be read is a problem of the archive, not the end.
    Without digests, neither is the wheel's own taken, nor are members held against theirs. *known* are members, by
    name, that were read before, with their facts, or None for one that is no ELF file: these are not inflated.
    """
    if with_digests:
        archive.hash_beside()
    name = _name(archive.filename)
    files = {member.name: member for member in archive.members if not member.is_directory}  # the last of a name counts
    dist_infos = dist_infos_of(files)
    own = main_dist_info(dist_infos, name)
    wheel_file = _read(archive, files.get(f"{own}/WHEEL"), most=_LARGEST_WHEEL_FILE)
    record = _record(archive, files.get(f"{own}/RECORD"), files)
    elves: list[ElfFacts] = []
    elf_problems: list[Problem] = []
    contradicted: list[str] = []
    unread: list[str] = []
    elves += filter(None, (known.get(name) for name in files))
    wanted = dict(_wanted(archive, files, known, unread, takes_all=verify_hashes))
    held_against = record if with_digests else Record()
    each = archive.each(wanted, lambda member: held_against.hasher(member.name))
    found_in = {
        member: tuple(_examine(pieces, member, held_against, hasher, is_binary=wanted[member]))
        for member, hasher, pieces in each
    }
    for member, is_binary in wanted.items():
        for found in found_in[member]:
            match found:
                case ElfFacts():
                    elves.append(found)
                case Problem():
                    elf_problems.append(found)
                case str():
                    contradicted.append(found)
                case None:
                    unread += [member.name] if is_binary else []
    return WheelFacts(
        filename=archive.filename,
        name=name,
        sha256=archive.sha256 if with_digests else "",
        size=archive.size,
        members=archive.members,
        elves=tuple(sorted(elves, key=attrgetter("path"))),
        metadata=replace(parse_wheel_file(dist_infos, wheel_file), has_metadata_file=f"{own}/METADATA" in files),
        unread=tuple(unread),
        archive_problems=archive.problems,
        record_problems=tuple(compare(record, files.values(), contradicted, own or "")),
        elf_problems=tuple(elf_problems),
    )


def _wanted(
    archive: Archive,
    files: Mapping[str, Member],
    known: Mapping[str, ElfFacts | None],
    unread: list[str],
    *,
    takes_all: bool,
) -> Iterator[tuple[Member, bool]]:
    """Yield each member that is to be inflated, and whether it is a binary; of who cannot be told, add to *unread*."""
    for member in files.values():
        if member.name in known:
            continue
        head = archive.head(member)
        if member.size and not head:
            unread.append(member.name)
        if takes_all or is_elf(head):
            yield member, is_elf(head)


def _name(filename: str) -> WheelName | None:
    try:
        return parse_wheel_name(filename)
    except WheelError:
        return None


def _record(archive: Archive, member: Member | None, members: Container[str]) -> Record:
    if member is None:
        return Record(exists=False)
    data = _read(archive, member, most=LARGEST_RECORD)
    if data is None:
        reason = f"cannot be read, or has more than {LARGEST_RECORD} bytes"
        problem = Problem(ProblemKind.MALFORMED_RECORD, (member.name,), reason)
        return Record(problems=(problem,), is_readable=False)
    return parse_record(data, members)


def _read(archive: Archive, member: Member | None, *, most: int) -> bytes | None:
    """Return the bytes of *member*; None where there is none, it is too large, or the archive noted a problem."""
    if member is None or member.size > most:
        return None
    try:
        return archive.read(member)
    except WheelError:
        return None


_Found = ElfFacts | Problem | str | None


def _examine(
    pieces: Iterator[bytes | memoryview], member: Member, record: Record, hasher: Hasher | None, *, is_binary: bool
) -> Iterator[_Found]:
    """Yield the path if the digest of *pieces* is wrong, facts or problem of a binary, None if they are unread."""
    found, path = None, member.name
    try:
        if is_binary:
            found = _found(pieces, path, member.size)
        else:
            deque(pieces, 0)
    except WheelError:
        yield None
        return
    if hasher and record.contradicts(path, hasher):
        yield path
    if found is not None:
        yield found


def _found(pieces: Iterator[bytes | memoryview], name: str, size: int) -> ElfFacts | Problem:
    try:
        return read_elf(gathered(pieces, size), name)  # no name for what is gathered: it goes when it was read
    except ElfError as error:
        return Problem(ProblemKind.UNREADABLE_ELF, (name,), str(error))
