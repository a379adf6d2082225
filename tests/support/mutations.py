"""Damage to ELF files where it hurts: in the fields that say where things are and how many."""

import random

from musl_audit.elf.view import PT_DYNAMIC, ElfView
from musl_audit.errors import ElfError

EXTREMES = (0, 1, 2, 3, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**63 - 1, 2**63, 2**64 - 1)
SMALL = 64  # bytes of a table that are damaged: its header


def mutated(data: bytes, source: random.Random) -> bytes:
    """Return *data* with a few words of its structures written over, the same for the same state of *source*."""
    changed = bytearray(data)
    places = _places(data)
    for _ in range(source.randint(1, 4)):
        start, end = source.choice(places)
        width = source.choice((1, 2, 4, 8))
        at = min(source.randrange(start, max(end, start + 1)) // width * width, max(len(changed) - width, 0))
        value = source.choice((*EXTREMES, len(data), source.getrandbits(64), at))
        changed[at : at + width] = (value % 2 ** (8 * width)).to_bytes(width, source.choice(("little", "big")))
    return bytes(changed[: source.randrange(len(changed))]) if source.random() < 0.05 else bytes(changed)


def _places(data: bytes) -> list[tuple[int, int]]:
    """Return where the structures of *data* lie: headers, the dynamic segment, the tables that it leads to."""
    places = [(16, 64), (52, 64 + 56 * 8)]
    try:
        image = ElfView(data)
        for segment in image.segments_of_type(PT_DYNAMIC):
            start, end = image.file_range(segment.address)
            places += [(start, min(start + segment.file_size, end))] * 3
        for _, value in image.dynamic_entries():
            if any(load.address < value < load.address + load.file_size for load in image.loads):
                start, end = image.file_range(value)
                places += [(start, min(start + SMALL, end)), (start, end)]
    except ElfError:
        places.append((0, len(data)))
    return [(start, end) for start, end in places if start < len(data)] or [(0, 1)]
