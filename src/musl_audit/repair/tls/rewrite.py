"""Initial-exec accesses rewritten: the whole story, from the slots of a file to the proof of the result."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from musl_audit.elf.image import Image, align_up, read_image
from musl_audit.elf.machines import EM_AARCH64, EM_X86_64
from musl_audit.elf.mark import MARK
from musl_audit.elf.view import BYTE_ORDER_NAMES
from musl_audit.errors import AccessError
from musl_audit.repair.relr.dynamic import with_dynamic_entries
from musl_audit.repair.relr.soundness import require_changeable
from musl_audit.repair.relr.tables import RELA, read_tables
from musl_audit.repair.tls.aarch64 import AArch64
from musl_audit.repair.tls.machine import Access, Slot, TlsMachine, machine_code
from musl_audit.repair.tls.place import ALIGN, make_place
from musl_audit.repair.tls.sections import section_names, with_code_section
from musl_audit.repair.tls.slots import read_slots
from musl_audit.repair.tls.soundness import read_accesses, require_unshared
from musl_audit.repair.tls.verify import verify
from musl_audit.repair.tls.x86_64 import X8664

MACHINES: Mapping[tuple[int, int, str], TlsMachine] = {(EM_X86_64, 64, "<"): X8664(), (EM_AARCH64, 64, "<"): AArch64()}
REWRITABLE = frozenset((number, bits, BYTE_ORDER_NAMES[order]) for number, bits, order in MACHINES)  # as facts say it
DT_FLAGS, DF_STATIC_TLS = 30, 0x10
Edits = Iterable[tuple[int, bytes]]  # an offset, and what stands there


def rewrite_accesses(data: bytes, own: AbstractSet[str] = frozenset()) -> bytes:
    """
    Return the ELF file *data* with its initial-exec accesses rewritten; *data* itself where there are none.

    Each slot gets the number of the file's module in place of the distance that musl refuses to give, and each access
    computes that distance for the thread that runs. *own* are the exported variables that no other file defines.

    All of it or nothing: raises ``MendError``, whose message is the reason, where that cannot be proven right, and
    ``ElfError`` for a file that cannot be read.
    """
    image = read_image(data)
    machine = MACHINES.get((image.header.machine, image.format.bits, image.format.order))
    if machine is None:
        raise AccessError("initial-exec accesses of this architecture are not rewritten, only of x86_64 and aarch64")
    tables = read_tables(image)
    slots = read_slots(image, tables, machine, own)
    if not slots:
        return data
    require_changeable(image)
    accesses = read_accesses(image, machine, slots)
    require_unshared(image, tables, slots, accesses)
    changed = _with_modules(image, machine, slots.values())
    places, size = _layout(machine, slots, accesses)
    space = make_place(changed, tables, size)
    area = _area(machine, slots, accesses, [space.address + place for place in places], size)
    jumps = _jumps(image, machine, accesses, [space.address + place for place in places])
    content = _edited(space.image.content, [*jumps, (space.offset, area)])
    placed = replace(space, image=replace(space.image, content=content))
    result = with_code_section(placed, section_names(image), size, ALIGN).to_bytes()
    verify(data, result, machine, slots, accesses)
    return result


def _with_modules(image: Image, machine: TlsMachine, slots: Iterable[Slot]) -> Image:
    """Return *image* whose loader puts the number of its module into *slots*, and no longer says "static TLS"."""
    entry = RELA.entry(image.format)
    edits = [(slot.entry, entry.pack(slot.address, machine.dtpmod, 0)) for slot in slots]
    entries = [(tag, value & ~DF_STATIC_TLS if tag == DT_FLAGS else value) for tag, value in image.dynamic_entries()]
    return with_dynamic_entries(replace(image, content=_edited(image.content, edits)), entries)


def _layout(machine: TlsMachine, slots: Mapping[int, Slot], accesses: Sequence[Access]) -> tuple[list[int], int]:
    """Return where in the new code each thunk begins, and how long it is with the mark at its end."""
    places, size = [], 0
    for access in accesses:
        places.append(size)
        code = machine_code(machine.thunk(access, slots[access.slot], access.address))
        size += align_up(len(code), machine.alignment)
    return places, align_up(size, ALIGN) + len(MARK)


def _area(
    machine: TlsMachine, slots: Mapping[int, Slot], accesses: Sequence[Access], addresses: Sequence[int], size: int
) -> bytes:
    """Return the new code."""
    start = addresses[0]
    area = bytearray(machine.filler * (size // len(machine.filler)))
    for access, address in zip(accesses, addresses, strict=True):
        code = machine_code(machine.thunk(access, slots[access.slot], address))
        area[address - start : address - start + len(code)] = code
    area[-len(MARK) :] = MARK
    return bytes(area)


def _jumps(
    image: Image, machine: TlsMachine, accesses: Sequence[Access], addresses: Sequence[int]
) -> Iterator[tuple[int, bytes]]:
    """Yield where each access is in the file, and the jump that stands there."""
    starts = [load.address for load in image.loads]
    for access, address in zip(accesses, addresses, strict=True):
        load = image.loads[bisect_right(starts, access.address) - 1]
        yield load.offset + access.address - load.address, machine_code(machine.jump(access, address))


def _edited(content: bytes, edits: Edits) -> bytes:
    edited = bytearray(content)
    for offset, new in edits:
        edited[offset : offset + len(new)] = new
    return bytes(edited)
