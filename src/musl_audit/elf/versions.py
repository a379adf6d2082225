"""Symbol versions: which ones a file asks of others, and which it defines."""

import struct
from collections.abc import Callable, Iterator
from typing import TypeVar

from musl_audit.elf.strings import StringTable
from musl_audit.elf.view import DT_VERDEF, DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM, ElfView
from musl_audit.errors import ElfError
from musl_audit.model import VersionNeed

Version = TypeVar("Version")

WINDOW = 4096  # bytes that hold the records of nearly every file
VER_FLG_BASE = 1  # the entry that names the file itself, not a version


def read_version_needs(image: ElfView, dynamic: dict[int, int], strings: StringTable) -> tuple[VersionNeed, ...]:
    """Return the versions that the file needs, in file order; raise ``ElfError`` if their chain is broken."""
    if DT_VERNEED not in dynamic:
        return ()
    count = dynamic.get(DT_VERNEEDNUM, 0)
    return _read(image, dynamic[DT_VERNEED], lambda table: _needs(table, image.formats.order, count, strings))


def _needs(table: memoryview, order: str, records: int, strings: StringTable) -> tuple[VersionNeed, ...]:
    need, auxiliary = struct.Struct(f"{order}2x H I I I"), struct.Struct(f"{order}8x I I")
    found = []
    budget = len(table) // auxiliary.size
    for at in _chain(table, need, 0, records):
        count, library, first, _ = need.unpack_from(table, at)
        for entry in _chain(table, auxiliary, at + first, count):
            name, _ = auxiliary.unpack_from(table, entry)
            found.append(VersionNeed(strings[library], strings[name]))
            if len(found) > budget:
                raise ElfError("version needs overlap without end")
    return tuple(found)


def read_version_definitions(image: ElfView, dynamic: dict[int, int], strings: StringTable) -> tuple[str, ...]:
    """Return the versions that the file defines, in file order, without the entry that names the file itself."""
    if DT_VERDEF not in dynamic:
        return ()
    count = dynamic.get(DT_VERDEFNUM, 0)
    return _read(image, dynamic[DT_VERDEF], lambda table: _definitions(table, image.formats.order, count, strings))


def _definitions(table: memoryview, order: str, records: int, strings: StringTable) -> tuple[str, ...]:
    definition = struct.Struct(f"{order}2x H 8x I I")
    name = struct.Struct(f"{order}I")
    found = []
    for at in _chain(table, definition, 0, records):
        flags, first, _ = definition.unpack_from(table, at)
        if flags & VER_FLG_BASE:
            continue
        if at + first + name.size > len(table):
            raise ElfError("version definition runs past the end of its segment")
        found.append(strings[name.unpack_from(table, at + first)[0]])
    return tuple(found)


def _read(image: ElfView, address: int, read: Callable[[memoryview], tuple[Version, ...]]) -> tuple[Version, ...]:
    """Return what *read* finds in the records at *address*: mostly few, which say nothing about how many bytes."""
    try:
        return read(image.window(address, WINDOW))
    except ElfError:
        return read(image.rest(address))


def _chain(table: memoryview, layout: struct.Struct, start: int, count: int) -> Iterator[int]:
    """
    Yield the offset of each of *count* records, whose last field says how far away the next one is, 0 for none.

    The distance is unsigned, so a chain cannot turn back; nor may it linger.
    """
    at = start
    for _ in range(count):
        if at + layout.size > len(table):
            raise ElfError("version record runs past the end of its segment")
        yield at
        distance = layout.unpack_from(table, at)[-1]
        if not distance:
            return
        if distance < layout.size:
            raise ElfError("version records overlap")
        at += distance
