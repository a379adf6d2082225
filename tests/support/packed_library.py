"""
Shared libraries with packed relocations of any kind, written byte by byte, with section headers.

A segment of tables, then one of data: words, the dynamic section, and ``.bss`` where there is any, which decides
whether the last segment can grow. No code: the evaluator of relocations takes the place of a loader.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.machines import MACHINES as COMMON_MACHINES
from tests.support.machines import Machine

LOONGARCH64 = Machine(
    258,
    64,
    bytes.fromhex("04001500 2000004c"),
    {"pointer": 2, "got": 2, "plt": 5, "relative": 3, "tpoff": 11, "dtpmod": 7, "irelative": 12},
    flags=0x43,
)
MACHINES = COMMON_MACHINES | {"loongarch64": LOONGARCH64}
PAGE = 0x1000
DATA = 0x10000  # the address of the data segment, congruent to no offset but modulo PAGE
PROGBITS, SYMTAB, STRTAB, RELA, HASH, DYNAMIC, NOTE, NOBITS, REL, DYNSYM, RELR = 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 19


@dataclass(frozen=True, slots=True)
class PackedLibrary:
    """What to write; places are offsets into the data segment, in bytes, and beyond its words lies ``.bss``."""

    arch: str
    packed: tuple[int, ...] = (0,)
    relative: tuple[int, ...] = ()  # ordinary relative relocations
    pointers: tuple[int, ...] = ()  # relocations against a symbol
    jump_slots: tuple[int, ...] = ()
    words: int = 64
    zero_words: int = 0  # .bss
    notes: int = 1  # how many
    is_one_note_segment: bool = True
    has_sections: bool = True
    counts_jump_slots_twice: bool = False  # DT_RELASZ has the entries of DT_JMPREL, too
    spare_entries: int = 0  # of the dynamic section

    @property
    def machine(self) -> Machine:
        """The architecture."""
        return MACHINES[self.arch]


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    kind: int
    content: bytes
    flags: int = 2
    entry_size: int = 0
    align: int = 8


def encode_packed(addresses: Sequence[int], word_size: int) -> list[int]:
    """
    Return the words that pack *addresses*, which are even and ascending, as linkers do it.

    >>> [hex(word) for word in encode_packed([0x10, 0x18, 0x28, 0x1000], 8)]
    ['0x10', '0xb', '0x1000']
    """
    words: list[int] = []
    span = (8 * word_size - 1) * word_size
    left = list(reversed(addresses))
    while left:
        base = left.pop()
        words.append(base)
        base += word_size
        while bitmap := _pop_bitmap(left, base, span, word_size):
            words.append(bitmap << 1 | 1)
            base += span
    return words


def _pop_bitmap(left: list[int], base: int, span: int, word_size: int) -> int:
    bitmap = 0
    while left and left[-1] - base < span and (left[-1] - base) % word_size == 0:
        bitmap |= 1 << (left.pop() - base) // word_size
    return bitmap


def write_packed_library(library: PackedLibrary) -> bytes:
    """Return *library* as the bytes of an ELF file."""
    return _Writer(library).image()


class _Writer:
    def __init__(self, library: PackedLibrary) -> None:
        self._library, self._machine = library, library.machine
        self._word = self._machine.word_size
        self._wide = self._machine.bits == 64
        self._at: dict[str, int] = {}  # where each part is in the file, and in memory below DATA

    def image(self) -> bytes:
        self._tables()  # finds where everything lies; the second pass writes it down
        tables = self._tables()
        data = self._data()
        start = -(-len(tables) // PAGE) * PAGE
        content = tables.ljust(start, b"\0") + data
        if not self._library.has_sections:
            return self._header(len(tables), start, len(data), 0, 0) + content[self._header_size :]
        parts = [*self._table_parts(), *self._data_parts()]
        names = b"\0" + b"".join(part.name.encode() + b"\0" for part in parts) + b".bss\0.shstrtab\0"
        sections = self._sections(parts, names, start, len(content))
        end = -(-(len(content) + len(names)) // 8) * 8
        header = self._header(len(tables), start, len(data), end, len(sections))
        body = content[self._header_size :] + names
        return (header + body).ljust(end, b"\0") + b"".join(sections)

    # --- parts

    def _tables(self) -> bytes:
        return self._place(bytes(self._header_size), self._table_parts())

    def _data(self) -> bytes:
        offset = -(-len(self._tables()) // PAGE) * PAGE
        self._at |= {".data": offset, ".dynamic": offset + self._library.words * self._word}
        return b"".join(part.content for part in self._data_parts())

    def _place(self, start: bytes, parts: list[_Part]) -> bytes:
        image = bytearray(start)
        for part in parts:
            image += bytes(-len(image) % part.align)
            self._at[part.name] = len(image)
            image += part.content
        return bytes(image)

    def _table_parts(self) -> list[_Part]:
        library, pack = self._library, self._machine.pack
        note = pack("III", 4, 4, 7) + b"TEST" + b"note"
        relocation = RELA if self._machine.has_addends else REL
        name = ".rela" if self._machine.has_addends else ".rel"
        entry_size = self._word * (3 if self._machine.has_addends else 2)
        packed = encode_packed([DATA + place for place in sorted(library.packed)], self._word)
        symbols = self._symbol(0, 0) + self._symbol(1, 0x20) + self._symbol(9, 0x11)
        chain = pack(f"6{self._machine.hash_word}", 1, 3, 1, 0, 2, 0)
        return [
            *(_Part(f".note.{index}", NOTE, note, align=4) for index in range(library.notes)),
            _Part(".dynsym", DYNSYM, symbols, entry_size=len(symbols) // 3),
            _Part(".hash", HASH, chain),
            _Part(".dynstr", STRTAB, b"\0unknown\0known\0"),
            _Part(f"{name}.dyn", relocation, self._relocations(), entry_size=entry_size),
            _Part(f"{name}.plt", relocation, self._jump_slots(), entry_size=entry_size),
            _Part(".relr.dyn", RELR, pack(f"{len(packed)}P", *packed), entry_size=self._word),
        ]

    def _data_parts(self) -> list[_Part]:
        words = [DATA + 7 * index for index in range(self._library.words)]
        dynamic = b"".join(self._machine.pack("PP", *entry) for entry in self._dynamic())
        return [
            _Part(".data", PROGBITS, self._machine.pack(f"{len(words)}P", *words), flags=3),
            _Part(".dynamic", DYNAMIC, dynamic, flags=3, entry_size=2 * self._word),
        ]

    def _dynamic(self) -> list[tuple[int, int]]:
        parts = {part.name: part for part in self._table_parts()}
        prefix, tags = (".rela", (7, 8, 9)) if self._machine.has_addends else (".rel", (17, 18, 19))
        table, jumps = parts[f"{prefix}.dyn"], parts[f"{prefix}.plt"]
        size = len(table.content) + (len(jumps.content) if self._library.counts_jump_slots_twice else 0)
        entries = [(5, self._at[".dynstr"]), (6, self._at[".dynsym"]), (4, self._at[".hash"])]
        entries += [(10, len(parts[".dynstr"].content)), (11, parts[".dynsym"].entry_size)]
        if size:
            entries += zip(tags, (self._at[table.name], size, table.entry_size), strict=True)
        if jumps.content:
            entries += [(23, self._at[jumps.name]), (2, len(jumps.content)), (20, tags[0])]
        entries += [(36, self._at[".relr.dyn"]), (35, len(parts[".relr.dyn"].content)), (37, self._word)]
        return [*entries, *[(0, 0)] * (1 + self._library.spare_entries)]

    def _symbol(self, name: int, info: int) -> bytes:
        defined, value = (1, DATA) if name == 9 else (0, 0)
        if self._wide:
            return self._machine.pack("IBBHQQ", name, info, 0, defined, value, 0)
        return self._machine.pack("IIIBBH", name, value, 0, info, 0, defined)

    def _relocations(self) -> bytes:
        kinds = self._machine.relocations
        rows = [(place, kinds["pointer"], 1) for place in self._library.pointers]
        rows += [(place, kinds["relative"], 0) for place in self._library.relative]
        return b"".join(self._relocation(*row) for row in rows)

    def _jump_slots(self) -> bytes:
        return b"".join(
            self._relocation(place, self._machine.relocations["plt"], 2) for place in self._library.jump_slots
        )

    def _relocation(self, place: int, kind: int, symbol: int) -> bytes:
        info = symbol << 32 | kind if self._wide else symbol << 8 | kind
        addend = [DATA + place // 2] if self._machine.has_addends else []
        return self._machine.pack("P" * (2 + len(addend)), DATA + place, info, *addend)

    # --- headers

    @property
    def _segment_count(self) -> int:
        return 6 if self._library.is_one_note_segment else 5 + self._library.notes

    @property
    def _header_size(self) -> int:
        return (64 + 56 * self._segment_count) if self._wide else (52 + 32 * self._segment_count)

    def _header(self, tables: int, data: int, data_size: int, sections: int, section_count: int) -> bytes:
        machine, library = self._machine, self._library
        ident = b"\x7fELF" + bytes([2 if self._wide else 1, 1 if machine.byte_order == "little" else 2, 1]) + bytes(9)
        sizes = (64, 56, self._segment_count, 64) if self._wide else (52, 32, self._segment_count, 40)
        last = max(section_count - 1, 0)
        fixed = machine.pack(
            "HHIPPPIHHHHHH", 3, machine.number, 1, 0, sizes[0], sections, machine.flags, *sizes, section_count, last
        )
        dynamic = library.words * self._word
        size = self._header_size - sizes[0]
        segments = [(6, 4, sizes[0], sizes[0], size, size, self._word), (1, 4, 0, 0, tables, tables, PAGE)]
        segments += [(1, 6, data, DATA, data_size, data_size + library.zero_words * self._word, PAGE)]
        segments += [(2, 6, data + dynamic, DATA + dynamic, data_size - dynamic, data_size - dynamic, self._word)]
        segments += [(4, 4, at, at, length, length, 4) for at, length in self._note_spans()]
        segments += [(0x6474E551, 6, 0, 0, 0, 0, 16)]
        return ident + fixed + b"".join(self._program_header(*segment) for segment in segments)

    def _note_spans(self) -> list[tuple[int, int]]:
        starts = [self._at[f".note.{index}"] for index in range(self._library.notes)]
        if self._library.is_one_note_segment:
            return [(starts[0], 20 * len(starts))] if starts else [(0, 0)]
        return [(start, 20) for start in starts]

    def _program_header(self, kind: int, flags: int, *rest: int) -> bytes:
        offset, address, file_size, memory_size, align = rest
        if self._wide:
            return self._machine.pack("IIQQQQQQ", kind, flags, offset, address, address, file_size, memory_size, align)
        return self._machine.pack("IIIIIIII", kind, offset, address, address, file_size, memory_size, flags, align)

    def _sections(self, parts: list[_Part], names: bytes, data: int, end: int) -> list[bytes]:
        index = {part.name: at for at, part in enumerate(parts, start=1)}
        links = {DYNSYM: index[".dynstr"], DYNAMIC: index[".dynstr"], HASH: index[".dynsym"]}
        links |= {RELA: index[".dynsym"], REL: index[".dynsym"]}
        rows = [(0,) * 10]
        for part in parts:
            offset = self._at[part.name]
            address = offset if offset < data else DATA + offset - data
            name = names.index(part.name.encode() + b"\0")
            info = 1 if part.kind == DYNSYM else 0
            place = (part.flags, address, offset, len(part.content))
            rows.append((name, part.kind, *place, links.get(part.kind, 0), info, part.align, part.entry_size))
        bss = (
            names.index(b".bss"),
            NOBITS,
            3,
            DATA + end - data,
            end,
            self._library.zero_words * self._word,
            0,
            0,
            8,
            0,
        )
        rows += [bss, (names.index(b".shstrtab"), STRTAB, 0, 0, end, len(names), 0, 0, 1, 0)]
        return [self._machine.pack("IIPPPPIIPP", *row) for row in rows]
