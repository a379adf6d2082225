"""The slots of a file: which words of it the loader would fill with a distance from the thread pointer."""

from collections.abc import Set as AbstractSet

from musl_audit.elf.headers import Segment
from musl_audit.elf.image import Image
from musl_audit.elf.symbols import STT_TLS
from musl_audit.elf.view import DT_STRTAB, DT_SYMTAB
from musl_audit.errors import AccessError
from musl_audit.repair.relr.tables import (
    RELA,
    Relocation,
    Tables,
    dynamic_values,
    relocation_type,
    symbol_index,
)
from musl_audit.repair.tls.machine import Slot, TlsMachine

PT_TLS = 7
STB_LOCAL, STV_DEFAULT = 0, 0
_WORD = 8
_LONGEST_NAME = 4096


def read_slots(image: Image, tables: Tables, machine: TlsMachine, own: AbstractSet[str]) -> dict[int, Slot]:
    """
    Return the slots of *image* by address, ascending.

    *own* are the exported variables of which nothing else that is loaded with the file has another definition. Raise
    ``AccessError`` for a slot of a variable that is not the file's own, and wherever one is not as linkers make it.
    """
    form = image.format
    kinds = tables.machine.initial_exec
    if any(relocation_type(entry.info, form) in kinds for entry in tables.rest):
        raise AccessError("a distance from the thread pointer is among the relocations of procedures, or of REL")
    if any(relocation_type(entry.info, form) in kinds - {machine.tpoff} for entry in tables.plain):
        raise AccessError("a distance from the thread pointer is no whole word")
    block, symbols = _block(image), _Symbols(image, own)
    start = image.offset_of(tables.plain_region.address, tables.plain_region.size, "relocation table")
    size = RELA.entry(form).size
    slots: dict[int, Slot] = {}
    for index, entry in enumerate(tables.plain):
        if relocation_type(entry.info, form) != machine.tpoff:
            continue
        offset = symbols.offset(entry)
        if not 0 <= offset < block.memory_size:
            raise AccessError(f"the slot at {entry.address:#x} is of a variable outside of the file's own block")
        if entry.address % _WORD:
            raise AccessError(f"the slot at {entry.address:#x} is not aligned")
        if entry.address in slots:
            raise AccessError(f"two relocations fill the slot at {entry.address:#x}")
        image.offset_of(entry.address, _WORD, "slot")
        slots[entry.address] = Slot(entry.address, offset, start + index * size)
    return dict(sorted(slots.items()))


def _block(image: Image) -> Segment:
    segments = [segment for segment in image.segments if segment.type == PT_TLS]
    if len(segments) != 1:
        raise AccessError(f"{len(segments)} blocks of thread-local storage")
    return segments[0]


class _Symbols:
    """The dynamic symbols, as far as slots refer to them."""

    def __init__(self, image: Image, own: AbstractSet[str]) -> None:
        self._image, self._own = image, own
        self._row = image.format.structure("IBBHww")
        values = dynamic_values(image)
        self._table, self._strings = values.get(DT_SYMTAB, 0), values.get(DT_STRTAB, 0)

    def offset(self, entry: Relocation) -> int:
        """Return where the variable of *entry* is in the block of the file."""
        index = symbol_index(entry.info, self._image.format)
        if not index:
            return entry.addend
        at = self._image.offset_of(self._table + index * self._row.size, self._row.size, "symbol of a slot")
        name_offset, info, other, section, value, _ = self._row.unpack_from(self._image.content, at)
        name = self._name(name_offset)
        if not section:
            raise AccessError(f"the slot at {entry.address:#x} is of {name}, a variable of another file")
        if info & 15 != STT_TLS:
            raise AccessError(f"the slot at {entry.address:#x} is of {name}, which is not thread-local")
        if info >> 4 != STB_LOCAL and other & 3 == STV_DEFAULT and name not in self._own:
            raise AccessError(f"the slot at {entry.address:#x} is of {name}, which another file may define as well")
        return int(value) + entry.addend

    def _name(self, offset: int) -> str:
        start = self._image.offset_of(self._strings + offset, 1, "name of a symbol")
        end = self._image.content.find(b"\0", start, start + _LONGEST_NAME)
        return self._image.content[start : end if end >= 0 else start].decode("utf-8", "surrogateescape")
