"""
Shared libraries written byte by byte, without a compiler: whole enough that musl's own loader maps and links them.

Two segments (tables with code, dynamic section with data), hash tables, symbol versions, relocations, TLS, packed
relocations, a constructor. There are no section headers: no loader looks at them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from tests.support.machines import MACHINES, Machine

PAGE = 0x10000  # the largest page size of any machine here
TYPES = {"notype": 0, "object": 1, "func": 2, "common": 5, "tls": 6, "ifunc": 10}
BINDINGS = {"local": 0, "global": 1, "weak": 2, "unique": 10}
PT_LOAD, PT_DYNAMIC, PT_TLS, PT_GNU_STACK = 1, 2, 7, 0x6474E551
IS_HIDDEN = 0x8000


@dataclass(frozen=True, slots=True)
class Definition:
    """A symbol that the library exports."""

    name: str
    type: str = "func"
    binding: str = "global"
    version: str | None = None
    is_hidden: bool = False  # foo@V1: not the default version
    has_value: bool = True  # False: its value is 0


@dataclass(frozen=True, slots=True)
class Reference:
    """
    What the library asks for: a symbol, and the relocations that refer to it.

    A name that the library defines as well is looked up all the same. No relocation: nothing looks it up.
    """

    name: str
    relocations: tuple[str, ...] = ("got",)
    type: str = "notype"
    is_weak: bool = False
    version: tuple[str, str] | None = None  # (library, version)


@dataclass(frozen=True, slots=True)
class Library:
    """What to write; ``relocation_types`` are the numbers of relocations without a symbol to add."""

    arch: str
    soname: str | None = None
    needed: tuple[str, ...] = ()
    rpath: str | None = None
    runpath: str | None = None
    definitions: tuple[Definition, ...] = ()
    references: tuple[Reference, ...] = ()
    hash_tables: tuple[str, ...] = ("gnu", "sysv")
    relocation_types: tuple[int, ...] = ()
    has_constructor: bool = True
    is_packed: bool = False  # the constructor's pointer has a packed relocation
    has_local_initial_exec: bool = False  # an initial-exec relocation against the library's own TLS, no symbol
    has_zero_length_segment: bool = False


def write_library(library: Library) -> bytes:
    """Return *library* as the bytes of an ELF file."""
    return _Writer(library, MACHINES[library.arch]).image()


class _Writer:
    def __init__(self, library: Library, machine: Machine) -> None:
        self._library, self._machine = library, machine
        self._strings = bytearray(b"\0")
        self._offsets: dict[str, int] = {}
        defined = {definition.name for definition in library.definitions}
        self._undefined = [reference for reference in library.references if reference.name not in defined]
        self._names = ["", *(r.name for r in self._undefined), *(d.name for d in library.definitions)]
        self._first_defined = 1 + len(self._undefined)
        self._needs = sorted({r.version for r in self._undefined if r.version})
        self._versions = sorted({d.version for d in library.definitions if d.version})
        self._has_tls = library.has_local_initial_exec or any(d.type == "tls" for d in library.definitions)
        self._uses = [(reference.name, use) for reference in library.references for use in reference.relocations]
        self._at: dict[str, int] = {}

    # --- the whole

    def image(self) -> bytes:
        # The first pass finds the strings, the second where everything lies, the third writes it down.
        for _ in range(3):
            header = bytes(self._header_size())
            text = self._place(header, 0, self._text_parts())
            shift = 2 * PAGE if self._library.has_zero_length_segment else PAGE
            self._at["data segment"] = -(-len(text) // PAGE) * PAGE + shift + len(text) % PAGE
            data = self._place(b"", self._at["data segment"], self._data_parts())
        return self._header(len(text), len(data)) + text[len(header) :] + data

    def _place(self, start: bytes, address: int, parts: Iterable[tuple[str, bytes]]) -> bytes:
        """Return *parts* behind *start*, each aligned to 16 bytes of the address space, and note where each lies."""
        image = bytearray(start)
        for name, content in parts:
            image += bytes(-(address + len(image)) % 16)
            self._at[name] = address + len(image)
            self._at[f"size of {name}"] = len(content)
            image += content
        return bytes(image)

    def _text_parts(self) -> list[tuple[str, bytes]]:
        parts = [("symbols", self._symbol_table()), ("versym", self._version_indices())]
        parts += [("verdef", self._version_definitions()), ("verneed", self._version_needs())]
        parts += [("relocations", self._relocations("got")), ("plt relocations", self._relocations("plt"))]
        parts += [("packed", self._packed()), ("gnu hash", self._gnu_hash()), ("sysv hash", self._sysv_hash())]
        return [*parts, ("strings", bytes(self._strings)), ("code", self._machine.code)]

    def _data_parts(self) -> list[tuple[str, bytes]]:
        dynamic = b"".join(self._machine.pack("PP", tag, value) for tag, value in self._dynamic())
        count = len(self._uses) + len(self._library.relocation_types) + 1
        constructor = self._machine.pack("P", self._at.get("code", 0)) if self._library.has_constructor else b""
        parts = [("dynamic", dynamic), ("constructor", constructor)]
        return [*parts, ("slots", bytes(count * self._machine.word_size)), ("variables", bytes(64)), ("tls", bytes(16))]

    # --- headers

    def _header_size(self) -> int:
        return (64 + 56 * 5) if self._machine.bits == 64 else (52 + 32 * 5)

    def _header(self, text_size: int, data_size: int) -> bytes:
        machine, wide = self._machine, self._machine.bits == 64
        ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if machine.byte_order == "little" else 2, 1]) + bytes(9)
        sizes = (64, 56, 5, 64) if wide else (52, 32, 5, 40)
        fixed = machine.pack("HHIPPPIHHHHHH", 3, machine.number, 1, 0, sizes[0], 0, machine.flags, *sizes, 0, 0)
        data = self._at["data segment"]
        segments = [(PT_LOAD, 5, 0, 0, text_size, PAGE)]
        if self._library.has_zero_length_segment:
            segments.append((PT_LOAD, 4, 0, data // PAGE * PAGE - PAGE, 0, PAGE))
        segments.append((PT_LOAD, 6, text_size, data, data_size, PAGE))
        dynamic = self._at["dynamic"]
        segments.append((PT_DYNAMIC, 6, dynamic - data + text_size, dynamic, self._at["size of dynamic"], 8))
        if self._has_tls:
            segments.append((PT_TLS, 4, self._at["tls"] - data + text_size, self._at["tls"], 16, 16))
        segments += [(PT_GNU_STACK, 6, 0, 0, 0, 16)] * (5 - len(segments))
        return ident + fixed + b"".join(self._program_header(*segment) for segment in segments)

    def _program_header(self, kind: int, flags: int, offset: int, address: int, size: int, align: int) -> bytes:
        if self._machine.bits == 64:
            return self._machine.pack("IIQQQQQQ", kind, flags, offset, address, address, size, size, align)
        return self._machine.pack("IIIIIIII", kind, offset, address, address, size, size, flags, align)

    def _dynamic(self) -> list[tuple[int, int]]:
        library, at = self._library, self._at
        entries = [(1, self._string(name)) for name in library.needed]
        texts = ((14, library.soname), (15, library.rpath), (29, library.runpath))
        entries += [(tag, self._string(text)) for tag, text in texts if text is not None]
        tables = {5: "strings", 6: "symbols"}
        tables |= {0x6FFFFEF5: "gnu hash"} if "gnu" in library.hash_tables else {}
        tables |= {4: "sysv hash"} if "sysv" in library.hash_tables else {}
        tables |= {0x6FFFFFF0: "versym"} if self._versions or self._needs else {}
        entries += [(tag, at.get(name, 0)) for tag, name in tables.items()]
        entries += [(10, at.get("size of strings", 0)), (11, 24 if self._machine.bits == 64 else 16)]
        if self._versions:
            entries += [(0x6FFFFFFC, at.get("verdef", 0)), (0x6FFFFFFD, len(self._versions) + 1)]
        if self._needs:
            entries += [(0x6FFFFFFE, at.get("verneed", 0)), (0x6FFFFFFF, len({name for name, _ in self._needs}))]
        return [*entries, *self._relocation_entries(), (0, 0)]

    def _relocation_entries(self) -> list[tuple[int, int]]:
        at, machine = self._at, self._machine
        table = (7, 8, 9) if machine.has_addends else (17, 18, 19)
        entry_size = machine.word_size * (3 if machine.has_addends else 2)
        entries = list(
            zip(table, (at.get("relocations", 0), at.get("size of relocations", 0), entry_size), strict=True)
        )
        if any(use == "plt" for _, use in self._uses):
            entries += [(23, at.get("plt relocations", 0)), (2, at.get("size of plt relocations", 0)), (20, table[0])]
        if self._library.is_packed:
            entries += [(36, at.get("packed", 0)), (35, machine.word_size), (37, machine.word_size)]
        if self._library.has_constructor:
            entries += [(25, at.get("constructor", 0)), (27, machine.word_size)]
        return entries

    # --- symbols

    def _string(self, text: str) -> int:
        """Return where *text* lies in the string table, which grows by it once."""
        if text not in self._offsets:
            self._offsets[text] = len(self._strings)
            self._strings += text.encode("utf-8", "surrogateescape") + b"\0"
        return self._offsets[text]

    def _symbol_table(self) -> bytes:
        rows = [self._symbol("", 0, 0, 0)]
        for reference in self._undefined:
            info = BINDINGS["weak" if reference.is_weak else "global"] << 4 | TYPES[reference.type]
            rows.append(self._symbol(reference.name, info, 0, 0))
        for definition in self._library.definitions:
            info = BINDINGS[definition.binding] << 4 | TYPES[definition.type]
            rows.append(self._symbol(definition.name, info, 1, self._value(definition)))
        return b"".join(rows)

    def _symbol(self, name: str, info: int, section: int, value: int) -> bytes:
        if self._machine.bits == 64:
            return self._machine.pack("IBBHQQ", self._string(name), info, 0, section, value, 8 if section else 0)
        return self._machine.pack("IIIBBH", self._string(name), value, 8 if section else 0, info, 0, section)

    def _value(self, definition: Definition) -> int:
        if not definition.has_value:
            return 0
        if definition.type == "tls":
            return 8
        return self._at.get("code" if definition.type in ("func", "ifunc") else "variables", 0)

    def _gnu_hash(self) -> bytes:
        # One bucket and a filter that lets everything pass: correct, and no symbol needs to be sorted.
        hashes = [_gnu_hash(name) for name in self._names[self._first_defined :]]
        chain = [value & ~1 for value in hashes[:-1]] + [value | 1 for value in hashes[-1:]]
        bucket = self._first_defined if chain else 0
        head = self._machine.pack("IIIIPI", 1, self._first_defined, 1, 0, (1 << self._machine.bits) - 1, bucket)
        return head + self._machine.pack(f"{len(chain)}I", *chain)

    def _sysv_hash(self) -> bytes:
        count, first = len(self._names), self._first_defined
        chain = [*[0] * first, *range(first + 1, count), 0][:count]
        words = [1, count, first if first < count else 0, *chain]
        return self._machine.pack(f"{len(words)}{self._machine.hash_word}", *words)

    # --- versions

    def _version_indices(self) -> bytes:
        indices = [0, *(self._need_index(reference.version) for reference in self._undefined)]
        for definition in self._library.definitions:
            index = 2 + self._versions.index(definition.version) if definition.version else 1
            indices.append(index | (IS_HIDDEN if definition.is_hidden else 0))
        return self._machine.pack(f"{len(indices)}H", *indices)

    def _need_index(self, need: tuple[str, str] | None) -> int:
        return 2 + len(self._versions) + self._needs.index(need) if need else 1

    def _version_definitions(self) -> bytes:
        names = [self._library.soname or "library", *self._versions]
        rows = []
        for index, name in enumerate(names, start=1):
            following = 28 if index < len(names) else 0
            row = (1, 1 if index == 1 else 0, index, 1, _sysv_hash(name), 20, following, self._string(name), 0)
            rows.append(self._machine.pack("HHHHIIIII", *row))
        return b"".join(rows) if self._versions else b""

    def _version_needs(self) -> bytes:
        libraries = sorted({library for library, _ in self._needs})
        rows = []
        for library in libraries:
            needs = [need for need in self._needs if need[0] == library]
            following = 16 + 16 * len(needs) if library != libraries[-1] else 0
            rows.append(self._machine.pack("HHIII", 1, len(needs), self._string(library), 16, following))
            for need in needs:
                last = need == needs[-1]
                row = (_sysv_hash(need[1]), 0, self._need_index(need), self._string(need[1]), 0 if last else 16)
                rows.append(self._machine.pack("IHHII", *row))
        return b"".join(rows)

    # --- relocations

    def _relocations(self, table: str) -> bytes:
        numbers, library, slot = self._machine.relocations, self._library, self._at.get("slots", 0)
        size = self._machine.word_size
        rows = []
        for index, (name, use) in enumerate(self._uses):
            if (use == "plt") == (table == "plt"):
                rows.append((slot + index * size, numbers[use], self._names.index(name), 0))
        slot += len(self._uses) * size
        if table == "got":
            rows += [(slot + index * size, number, 0, 0) for index, number in enumerate(library.relocation_types)]
            if library.has_local_initial_exec:
                rows.append((slot + len(library.relocation_types) * size, numbers["tpoff"], 0, 0))
            if library.has_constructor and not library.is_packed:
                rows.append((self._at.get("constructor", 0), numbers["relative"], 0, self._at.get("code", 0)))
        return b"".join(self._relocation(*row) for row in rows)

    def _relocation(self, address: int, number: int, symbol: int, addend: int) -> bytes:
        information = symbol << 32 | number if self._machine.bits == 64 else symbol << 8 | number
        if self._machine.has_addends:
            return self._machine.pack("PPP", address, information, addend)
        return self._machine.pack("PP", address, information)

    def _packed(self) -> bytes:
        return self._machine.pack("P", self._at.get("constructor", 0)) if self._library.is_packed else b""


def _gnu_hash(name: str) -> int:
    return reduce(lambda value, byte: (value * 33 + byte) & 0xFFFFFFFF, name.encode("utf-8", "surrogateescape"), 5381)


def _sysv_hash(name: str) -> int:
    value = 0
    for byte in name.encode("utf-8", "surrogateescape"):
        value = (value << 4) + byte
        value = (value ^ (value & 0xF0000000) >> 24) & 0xFFFFFFF
    return value
