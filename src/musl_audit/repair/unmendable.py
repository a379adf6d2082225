"""What cannot be unpacked, in words: the reason why a wheel is refused, and the way out for who builds it."""

from collections.abc import Iterable, Iterator

from musl_audit.errors import ElfError, UnmendableError, UnpackError
from musl_audit.judging.rules.musl401_packed_relocations import RULE
from musl_audit.repair.actions import Action, UnpackRelocations
from musl_audit.repair.relr import unpack_relocations
from musl_audit.wheel.ports import Archive

WAY_OUT = "build the library with -Wl,-z,nopack-relative-relocs"


def spell_unpackable(member: str, error: UnpackError) -> str:
    """Return the reason why a wheel with *member* cannot be repaired."""
    return f"{RULE.code} the packed relocations of {member} cannot be unpacked: {error}; {WAY_OUT}"


def foreseen(archive: Archive, actions: Iterable[Action]) -> Iterator[UnmendableError]:
    """Yield what cannot be done of *actions* to files that are in *archive* already, by trying: nothing is written."""
    members = {member.name: member for member in archive.members}
    for action in actions:
        if not isinstance(action, UnpackRelocations) or action.member not in members:
            continue
        try:
            unpack_relocations(archive.read(members[action.member]))
        except UnpackError as error:
            yield UnmendableError(spell_unpackable(action.member, error), member=action.member)
        except ElfError:
            continue  # the repair itself will say so
