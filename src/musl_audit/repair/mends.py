"""The changes of ELF files that are our own code, and, where one cannot be made soundly, the reason in words."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from musl_audit.elf.image import read_image
from musl_audit.elf.segments import clear_executable_stack, drop_zero_length_segments
from musl_audit.errors import ElfError, MendError, UnmendableError
from musl_audit.judging.rules.musl101_symbol_missing_in_promised_release import RULE as MISSING
from musl_audit.judging.rules.musl401_packed_relocations import RULE as PACKED
from musl_audit.judging.rules.musl402_initial_exec_tls import RULE as INITIAL_EXEC
from musl_audit.repair.actions import (
    Action,
    AddNeeded,
    ClearExecutableStack,
    DropZeroLengthSegments,
    OwnMend,
    RewriteThreadLocals,
    UnpackRelocations,
)
from musl_audit.repair.relr import unpack_relocations
from musl_audit.repair.tls import rewrite_accesses
from musl_audit.wheel.ports import Archive


def mend(data: bytes, action: OwnMend) -> bytes:
    """
    Return the ELF file *data* with *action* done.

    Raise ``MendError`` where that cannot be done soundly, and ``ElfError`` for a file that cannot be read.
    """
    match action:
        case DropZeroLengthSegments():
            return drop_zero_length_segments(data)
        case ClearExecutableStack():
            return clear_executable_stack(data)
        case UnpackRelocations():
            return unpack_relocations(data)
        case RewriteThreadLocals(variables=variables):
            return rewrite_accesses(data, frozenset(variables))
        case _:
            assert_never(action)


def spell_unmendable(action: OwnMend, error: MendError) -> str:
    """Return the reason why a wheel on which *action* was planned cannot be repaired, and the way out."""
    if isinstance(action, RewriteThreadLocals):
        what = f"{INITIAL_EXEC.code} the thread-local accesses of {action.member} cannot be rewritten"
        return f"{what}: {error}; {INITIAL_EXEC.hint}"
    what = f"{PACKED.code} the packed relocations of {action.member} cannot be unpacked"
    return f"{what}: {error}; build the library with -Wl,-z,nopack-relative-relocs"


def check_takes_needs(data: bytes, member: str) -> None:
    """Raise ``UnmendableError`` where patchelf cannot let the ELF file *data* need one library more."""
    try:
        has_sections = bool(read_image(data).sections)
    except ElfError:
        return  # the repair itself will say so
    if not has_sections:
        what = f"{MISSING.code} the functions that {member} lacks cannot be added"
        why = "it has no section headers, without which patchelf changes nothing"
        raise UnmendableError(f"{what}: {why}; build it again, without the strip that took them away", member=member)


def foreseen(archive: Archive, actions: Iterable[Action]) -> Iterator[UnmendableError]:
    """Yield what cannot be done of *actions* to files that are in *archive* already, by trying: nothing is written."""
    actions = tuple(actions)
    members = {member.name: member for member in archive.members}
    planned: dict[str, list[OwnMend]] = {}
    for action in actions:
        if isinstance(action, OwnMend) and action.member in members:
            planned.setdefault(action.member, []).append(action)
    for member in {action.member for action in actions if isinstance(action, AddNeeded)} & members.keys():
        try:
            check_takes_needs(archive.read(members[member]), member)
        except UnmendableError as error:
            yield error
    for member, mends in planned.items():
        if any(isinstance(action, UnpackRelocations | RewriteThreadLocals) for action in mends):
            yield from _refusals(archive.read(members[member]), mends)


def _refusals(data: bytes, mends: Iterable[OwnMend]) -> Iterator[UnmendableError]:
    for action in mends:
        try:
            data = mend(data, action)
        except MendError as error:
            yield UnmendableError(spell_unmendable(action, error), member=action.member)
            return
        except ElfError:
            return  # the repair itself will say so
