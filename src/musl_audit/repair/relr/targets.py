"""The bytes that relocations change."""

from musl_audit.elf.headers import Region
from musl_audit.elf.image import Image
from musl_audit.elf.view import DT_SYMTAB
from musl_audit.repair.relr.tables import Relocation, Tables, dynamic_values, relocation_type, symbol_index


def relocated_regions(image: Image, tables: Tables) -> tuple[list[Region], list[Region]]:
    """Return what relative and what other relocations of *tables* change, leaving out the packed ones."""
    relative = [entry for entry in tables.plain if tables.is_relative(entry, image.format)]
    others = [entry for entry in tables.plain if not tables.is_relative(entry, image.format)]
    word_size = image.format.word_size
    return [Region(entry.address, word_size) for entry in relative], _regions(image, tables, [*others, *tables.rest])


def _regions(image: Image, tables: Tables, relocations: list[Relocation]) -> list[Region]:
    """Return what *relocations* change: a word, two for a TLS descriptor, a whole symbol for a copy."""
    word_size, machine = image.format.word_size, tables.machine
    sizes = {0: 0, machine.tls_descriptor: 2 * word_size}
    regions = []
    for address, info, _ in relocations:
        kind = relocation_type(info, image.format)
        if kind != machine.copy:
            regions.append(Region(address, sizes.get(kind, word_size)))
    copies = [entry for entry in relocations if relocation_type(entry.info, image.format) == machine.copy]
    return regions + _copied_regions(image, copies)


def _copied_regions(image: Image, copies: list[Relocation]) -> list[Region]:
    if not copies:
        return []
    symbol = image.format.structure("IBBHww" if image.format.bits == 64 else "IIIBBH")
    size_field = 5 if image.format.bits == 64 else 2
    table = image.offset_of(dynamic_values(image).get(DT_SYMTAB, 0), 0, "symbol table")
    regions = []
    for address, info, _ in copies:
        offset = table + symbol_index(info, image.format) * symbol.size
        row = symbol.unpack(image.slice(offset, symbol.size, "symbol of a copy relocation"))
        regions.append(Region(address, row[size_field]))
    return regions
