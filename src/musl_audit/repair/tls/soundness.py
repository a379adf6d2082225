"""What must hold before accesses can be rewritten without changing what else the file does."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise

from musl_audit.elf.headers import PF_X, Region, Segment
from musl_audit.elf.image import Image
from musl_audit.errors import AccessError
from musl_audit.repair.relr.room import referenced_addresses
from musl_audit.repair.relr.tables import Tables
from musl_audit.repair.relr.targets import relocated_regions
from musl_audit.repair.tls.machine import Access, Code, Slot, TlsMachine

_WORD = 8


def executable_loads(image: Image) -> tuple[Segment, ...]:
    """Return the segments that hold code."""
    return tuple(load for load in image.loads if load.flags & PF_X)


def read_accesses(image: Image, machine: TlsMachine, slots: Mapping[int, Slot]) -> tuple[Access, ...]:
    """Return every access to *slots*, ascending; raise ``AccessError`` where not all that use them are known."""
    accesses: list[Access] = []
    for load in executable_loads(image):
        content = image.slice(load.offset, load.file_size, "executable segment")
        accesses += machine.accesses(Code(load.address, content), slots)
    unread = set(slots) - {access.slot for access in accesses}
    if unread:
        raise AccessError(f"no instruction that is known reads the slot at {min(unread):#x}")
    for access, following in pairwise(accesses):
        if access.end > following.address:
            raise AccessError(f"two accesses overlap at {following.address:#x}")
    return tuple(accesses)


def require_unshared(image: Image, tables: Tables, slots: Mapping[int, Slot], accesses: Sequence[Access]) -> None:
    """
    Raise ``AccessError`` where anything but *accesses* reads or changes one of *slots*, or changes an access.

    That is: another relocation of the slot, a pointer to it, a relocation of the instructions.
    """
    words = sorted(slots)
    relative, others = relocated_regions(image, tables)
    packed = [Region(address, _WORD) for address in tables.packed]
    changed = [*packed, *relative, *others]
    own = [region for region in changed if region.address in slots and region.size == _WORD]
    if len(own) != len(slots):
        raise AccessError("two relocations fill one slot")
    for region in changed:
        slot = _touched(words, _WORD, region)
        if slot is not None and region.address != slot:
            raise AccessError(f"a relocation at {region.address:#x} overlaps the slot at {slot:#x}")
    for value in referenced_addresses(image, tables):
        slot = _touched(words, _WORD, Region(value, 1))
        if slot is not None:
            raise AccessError(f"a pointer leads to the slot at {slot:#x}")
    if not accesses:
        return
    starts, size = [access.address for access in accesses], accesses[0].size
    for region in changed:
        start = _touched(starts, size, region)
        if start is not None:
            raise AccessError(f"a relocation changes the instructions at {start:#x}")


def _touched(starts: Sequence[int], size: int, region: Region) -> int | None:
    """Return the first of *starts*, each of *size* bytes, ascending, that shares a byte with *region*."""
    if not region.size or region.end <= starts[0] or region.address >= starts[-1] + size:  # as nearly all
        return None
    index = bisect_right(starts, region.address - size)
    if index < len(starts) and starts[index] < region.end:
        return starts[index]
    return None
