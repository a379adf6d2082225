"""
What the loader would die of, or refuse, in a file whose tables can be read: its steps in its order, up to the first.

Nothing is checked for sense by musl: a wrong value is used, and what follows is the processor's answer. The steps are
those of ``map_library``, ``load_library``, ``do_relocs``, ``reloc_all`` and ``do_init_fini`` in ``ldso/dynlink.c``.
"""

import struct
from array import array
from collections.abc import Iterator, Sequence
from sys import byteorder

from musl_audit.elf.lookup import Lookup
from musl_audit.elf.machines import EM_AARCH64, EM_ARM, MACHINES, UNKNOWN_MACHINE
from musl_audit.elf.memory import PAGE_SIZE, PF_R, PF_W, PF_X, Memory, page_of
from musl_audit.elf.relocations import RelocationTable
from musl_audit.elf.view import (
    BYTE_ORDER_NAMES,
    DT_FINI,
    DT_FINI_ARRAY,
    DT_FINI_ARRAYSZ,
    DT_INIT,
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_RELR,
    DT_RELRSZ,
    DT_TEXTREL,
    ET_EXEC,
    PT_GNU_RELRO,
    PT_TLS,
    ElfView,
    in_native_order,
)
from musl_audit.errors import ElfError
from musl_audit.model import Fault, FaultKind

WITHOUT_INIT = (EM_ARM, EM_AARCH64)  # NO_LEGACY_INITFINI: DT_INIT and DT_FINI are not called there
ASKED_OF_EVERY_FILE = ("__libc_start_main", "stdin")  # is it a libc?
MOST_CONSTRUCTORS = 32  # whose targets are looked at: each is looked for in every relocation
# Targets that are looked at in one table: all of most files'. What shifts them shifts whole stretches of them.
MOST_TARGETS = 2048
MOST_STRAY_HITS = 1000  # places where the bytes of an address are, and no entry begins
NOWHERE = -1
SHF_ALLOC, SHT_NOBITS = 2, 8
RELA_WORDS = 3
MOST_OVERRUN = 512  # bytes of a thread-local image beyond its memory that the allocation has room for
MOST_THREAD_LOCAL = {32: 1 << 31, 64: 1 << 46}  # bytes that an allocation may have at all


def find_faults(
    image: ElfView, dynamic: dict[int, int], lookup: Lookup, tables: Sequence[RelocationTable]
) -> tuple[Fault, ...]:
    """Return the first fault on the way to a loaded file, else the first when the process ends, if there is one."""
    walk = _Walk(image, dynamic, tables)
    first = next(walk.loading(lookup), None) or next(walk.ending(), None)
    return (first,) if first else ()


class _Walk:
    def __init__(self, image: ElfView, dynamic: dict[int, int], tables: Sequence[RelocationTable]) -> None:
        self._image, self._dynamic, self._tables = image, dynamic, tables
        self._memory: Memory = image.memory
        self._size = image.identity.bits // 8
        self._word = struct.Struct(image.formats.order + image.formats.word)
        self._types = MACHINES.get(image.identity.machine, UNKNOWN_MACHINE)
        self._most_thread_local = MOST_THREAD_LOCAL[image.identity.bits]
        self._packed: Sequence[int] = ()  # words of the DT_RELR table
        self._raw: dict[int, bytes] = {}  # of the tables that were searched
        self._bounds: dict[int, tuple[int, int]] = {}  # the first and the last target of tables that were read whole

    def loading(self, lookup: Lookup) -> Iterator[Fault]:
        yield from self._segments()
        yield from self._symbols(lookup)
        if DT_TEXTREL in self._dynamic:
            self._memory.protect(self._memory.start, self._memory.end, PF_R | PF_W | PF_X)
        for table in self._tables:
            yield from self._targets(table)
        yield from self._packed_targets()
        yield from self._relro()
        yield from self._thread_local_image()
        if DT_INIT in self._dynamic and self._image.identity.machine not in WITHOUT_INIT:
            yield from self._code(self._dynamic[DT_INIT], FaultKind.CODE)
        yield from self._array(DT_INIT_ARRAY, DT_INIT_ARRAYSZ, FaultKind.CODE)

    def ending(self) -> Iterator[Fault]:
        yield from self._array(DT_FINI_ARRAY, DT_FINI_ARRAYSZ, FaultKind.EXIT_CODE)
        if DT_FINI in self._dynamic and self._image.identity.machine not in WITHOUT_INIT:
            yield from self._code(self._dynamic[DT_FINI], FaultKind.EXIT_CODE)

    # --- segments and symbols

    def _segments(self) -> Iterator[Fault]:
        for load in self._image.loads:
            size = min(load.file_size, load.memory_size)
            if not size or self._is_mapped(load.address, load.offset, size):
                continue
            # Offset and address may both be off and still lead to the right page: the sections know.
            known = [row for row in self._sections() if page_of(load.address) <= row[0] < load.address + size]
            if known and any(self._is_mapped(address, offset, 1) for address, offset in known):
                continue
            is_odd = (load.offset - load.address) % PAGE_SIZE
            yield Fault(FaultKind.MISPLACED_SEGMENT if is_odd else FaultKind.OVERLAPPING_SEGMENTS, load.address)

    def _is_mapped(self, address: int, offset: int, size: int) -> bool:
        """Whether the first and the last of *size* bytes at *offset* in the file are where they are said to be."""
        for distance in (0, size - 1):
            piece = self._memory.piece_at(address + distance)
            if piece is None or piece.offset is None or piece.offset + address - piece.start != offset:
                return False
        return True

    def _sections(self) -> Iterator[tuple[int, int]]:
        """Yield address and offset of each section with bytes in memory; none without a sound table."""
        image, word = self._image, self._image.formats.word
        layout = struct.Struct(f"{image.formats.order}4xI{word}{word}{word}{word}{8 + 2 * self._size}x")
        end = image.section_offset + image.section_size * image.section_count
        if image.section_size != layout.size or end > image.size:
            return
        for kind, flags, address, offset, size in layout.iter_unpack(image.bytes_at(image.section_offset, end)):
            if flags & SHF_ALLOC and kind != SHT_NOBITS and size:
                yield address, offset

    def _symbols(self, lookup: Lookup) -> Iterator[Fault]:
        try:
            for name in ASKED_OF_EVERY_FILE:
                lookup.finds(name)
        except ElfError:
            yield Fault(FaultKind.HASH_TABLE)

    # --- relocations

    def _targets(self, table: RelocationTable) -> Iterator[Fault]:
        if table.size % table.layout.size:
            yield Fault(FaultKind.ODD_TABLE_SIZE, table.size)
        count = len(table.entries) // table.layout.size
        every = -(-count // MOST_TARGETS) or 1
        targets = sorted(self._column(table, 0, every=every))  # mostly they are: that is less than to find the ends
        if every == 1:
            self._bounds[id(table)] = (targets[0], targets[-1]) if targets else (0, NOWHERE)
        if not targets or self._are_writable(targets[0], targets[-1]):
            return
        mask = 0xFFFFFFFF if self._size == 8 else 0xFF
        for target, info in zip(self._column(table, 0), self._column(table, 1), strict=True):
            if info & mask and not self._memory.allows(target, self._size, PF_W):
                yield Fault(FaultKind.RELOCATION_TARGET, target)

    def _are_writable(self, lowest: int, highest: int) -> bool:
        """Whether all words from *lowest* to *highest* lie in one stretch of writable memory, as they mostly do."""
        return self._memory.allows(lowest, highest + self._size - lowest, PF_W)

    def _column(self, table: RelocationTable, column: int, *, every: int = 1) -> Sequence[int]:
        """Return the words in one column of *table*, of *every* so manieth entry."""
        step = table.layout.size // self._size * every
        return self._words(table.entries, column, step)

    def _words(self, table: memoryview, first: int = 0, step: int = 1) -> list[int]:
        """Return every *step*-th word of *table* from the *first* on."""
        words = table.cast("Q" if self._size == 8 else "I")[first::step]
        if BYTE_ORDER_NAMES[self._image.formats.order] == byteorder:
            return words.tolist()
        return in_native_order(array(self._image.formats.word, words.tobytes()), self._image.formats.order).tolist()

    def _packed_targets(self) -> Iterator[Fault]:
        size = self._dynamic.get(DT_RELRSZ, 0)
        if DT_RELR not in self._dynamic or not size:
            return
        if size % self._size:
            yield Fault(FaultKind.ODD_TABLE_SIZE, size)
        table = self._words(self._image.span(self._dynamic[DT_RELR], size // self._size * self._size, "table"))
        self._packed = table
        ends = [_ends(first, bits, self._size) for first, bits in _packed_runs(table, self._size) if bits]
        if ends and not self._are_writable(min(ends)[0], max(last for _, last in ends)):
            for target in _unpacked(table, self._size):
                if not self._memory.allows(target, self._size, PF_W):
                    yield Fault(FaultKind.RELOCATION_TARGET, target)

    def _relro(self) -> Iterator[Fault]:
        for segment in self._image.segments_of_type(PT_GNU_RELRO)[-1:]:
            start, end = page_of(segment.address), page_of(segment.address + segment.memory_size)
            if start == end:
                return
            if not self._memory.start <= start < end <= self._memory.end:
                yield Fault(FaultKind.RELRO, segment.address)
            self._memory.protect(start, end, PF_R)

    def _thread_local_image(self) -> Iterator[Fault]:
        for segment in self._image.segments_of_type(PT_TLS)[-1:]:
            if not segment.memory_size:
                return
            is_copied = not segment.file_size or self._memory.allows(segment.address, segment.file_size, PF_R | PF_W)
            fits = segment.file_size - segment.memory_size <= MOST_OVERRUN
            size = segment.memory_size + segment.alignment
            if not (is_copied and fits and segment.alignment and size < self._most_thread_local):
                yield Fault(FaultKind.THREAD_LOCAL_IMAGE, segment.address)

    # --- code that is called

    def _code(self, address: int, kind: FaultKind) -> Iterator[Fault]:
        if address and not self._memory.allows(address, 1, PF_X):
            yield Fault(kind, address)

    def _array(self, address_tag: int, size_tag: int, kind: FaultKind) -> Iterator[Fault]:
        count = self._dynamic.get(size_tag, 0) // self._size
        if address_tag not in self._dynamic or not count:
            return
        start = self._dynamic[address_tag]
        if not self._memory.allows(start, count * self._size, PF_R | PF_W):
            yield Fault(kind, start)
            return
        end = start + min(count, MOST_CONSTRUCTORS) * self._size
        packed = _packed_between(start, end, self._packed, self._size)
        for slot in range(start, end, self._size):
            target = self._pointer(slot, packed)
            if target is not None and not self._memory.allows(target, 1, PF_X):
                yield Fault(kind, slot)

    def _pointer(self, slot: int, packed: frozenset[int]) -> int | None:
        """
        Return where the word at *slot* points once it is relocated; None where another file may decide.

        Those at *packed* are relocated by DT_RELR.
        """
        stored = int(self._word.unpack(self._image.span(slot, self._size, "array"))[0])
        if slot in packed:
            return stored
        mask, shift = (0xFFFFFFFF, 32) if self._size == 8 else (0xFF, 8)
        target = stored if self._image.type == ET_EXEC else NOWHERE
        for table in self._tables:
            entry = self._entry_for(slot, table)
            if not entry or not entry[1] & mask:
                continue
            if entry[1] >> shift:
                return None
            relocated = entry[2] if len(entry) == RELA_WORDS else stored
            target = relocated if entry[1] & mask == self._types.relative else NOWHERE
        return target

    def _entry_for(self, target: int, table: RelocationTable) -> tuple[int, ...]:
        """Return the entry for *target*, empty where *table* has none."""
        size = table.layout.size
        lowest, highest = self._bounds.get(id(table), (target, target))
        if not lowest <= target <= highest:
            return ()
        whole, wanted = self._bytes_of(table), self._word.pack(target)
        at = whole.find(wanted)
        for _ in range(MOST_STRAY_HITS):
            if at < 0 or at % size == 0:
                break
            at = whole.find(wanted, at + 1)
        if at < 0 or at % size:
            return ()
        formats = self._image.formats
        return struct.unpack_from(f"{formats.order}{size // self._size}{formats.word}", whole, at)

    def _bytes_of(self, table: RelocationTable) -> bytes:
        key = id(table)
        if key not in self._raw:
            self._raw[key] = bytes(table.entries)
        return self._raw[key]


def _packed_runs(words: Sequence[int], size: int) -> Iterator[tuple[int, int]]:
    """
    Yield the runs of a DT_RELR table as ``do_relr_relocs`` goes through it: an address, and a bit for each word there.

    Bit 0 is the word at the address itself.
    """
    following = 0
    for word in words:
        if word & 1:
            yield following, word >> 1
            following += (8 * size - 1) * size
        else:
            yield word, 1
            following = word + size


def _ends(first: int, bits: int, size: int) -> tuple[int, int]:
    """Return the first and the last address in a run that has any."""
    return first + ((bits & -bits).bit_length() - 1) * size, first + (bits.bit_length() - 1) * size


def _unpacked(words: Sequence[int], size: int) -> Iterator[int]:
    """Yield the address of each relocation in a DT_RELR table."""
    for first, bits in _packed_runs(words, size):
        yield from (first + place * size for place in range(bits.bit_length()) if bits >> place & 1)


def _packed_between(start: int, end: int, words: Sequence[int], size: int) -> frozenset[int]:
    """Return the addresses from *start* to *end* that a DT_RELR table has a relocation for."""
    near = [run for run in _packed_runs(words, size) if run[0] < end and run[0] + run[1].bit_length() * size > start]
    return frozenset([first + place * size for first, bits in near for place in range(8 * size) if bits >> place & 1])
