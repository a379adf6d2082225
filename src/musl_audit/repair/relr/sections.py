"""Section headers and old bytes of relocation tables that are no longer read; loaders ignore both, tools do not."""

from dataclasses import replace

from musl_audit.elf.headers import SHF_ALLOC, Region, Section
from musl_audit.elf.image import Image
from musl_audit.repair.relr.space import Space
from musl_audit.repair.relr.tables import SHT_REL, SHT_RELA, Tables

SHT_PROGBITS, SHT_DYNSYM, SHT_RELR = 1, 11, 19
# Names are changed in place, so none is longer than ".relr.dyn". Not ".rel…" for the old table: GNU tools take a
# section of such a name for relocations.
PACKED_NAME, UNPACKED_NAME = b".relr.dyn", b".unpacked"
TABLE_NAMES = {SHT_RELA: b".rela.dyn", SHT_REL: b".rel.dyn"}


def cleared(image: Image, tables: Tables) -> Image:
    """Return *image* with the old tables zeroed, as far as a section header says that they are tables."""
    for index, region in (
        (_packed_index(image, tables), tables.packed_region),
        (_plain_index(image, tables), tables.plain_region),
    ):
        if index is None or image.sections[index].size < region.size:
            continue
        offset = image.offset_of(region.address, region.size, "relocation table")
        image = image.overwritten(offset, bytes(region.size))
    return image


def with_table_sections(space: Space, before: Image, tables: Tables, size: int) -> Image:
    """
    Return the image of *space* with section headers that tell of the new table of *size* bytes.

    The header of the old table takes the new place, and that of the packed one becomes plain bytes. Where there was no
    old table, the packed one's header is used.
    """
    sections = list(space.image.sections)
    packed, plain = _packed_index(before, tables), _plain_index(before, tables)
    image = space.image
    if packed is not None:
        name = UNPACKED_NAME if plain is not None else TABLE_NAMES[tables.tags.section_type]
        image = _renamed(image, sections[packed], name)
    if packed is not None and plain is not None:
        sections[packed] = replace(sections[packed], type=SHT_PROGBITS, entry_size=0, link=0, info=0)
    index = plain if plain is not None else packed
    if index is not None:
        sections[index] = _table_section(sections, index, space, tables, size)
    return replace(image, sections=tuple(sections))


def _table_section(sections: list[Section], index: int, space: Space, tables: Tables, size: int) -> Section:
    symbols = next((at for at, section in enumerate(sections) if section.type == SHT_DYNSYM), 0)
    form = space.image.format
    return replace(
        sections[index],
        type=tables.tags.section_type,
        flags=SHF_ALLOC,
        address=space.address,
        offset=space.offset,
        size=size,
        link=symbols,
        info=0,
        align=form.word_size,
        entry_size=tables.tags.entry(form).size,
    )


def _packed_index(image: Image, tables: Tables) -> int | None:
    return _index_at(image, SHT_RELR, tables.packed_region)


def _plain_index(image: Image, tables: Tables) -> int | None:
    """
    Return the index of the section of the table that is replaced, or of the empty one that linkers leave.

    patchelf writes into ``DT_RELA`` whatever address the first section of the usual name has, so one must be enough.
    """
    index = _index_at(image, tables.tags.section_type, tables.plain_region)
    if index is not None or tables.plain_region.size:
        return index
    name = TABLE_NAMES[tables.tags.section_type]
    return next((at for at, section in enumerate(image.sections) if image.section_name(section) == name), None)


def _index_at(image: Image, kind: int, region: Region) -> int | None:
    """Return the index of the first loaded section of type *kind* that begins where *region* does."""
    for index, section in enumerate(image.sections):
        if section.type == kind and section.is_loaded and section.address == region.address and region.size:
            return index
    return None


def _renamed(image: Image, section: Section, name: bytes) -> Image:
    if image.section_name(section) != PACKED_NAME:
        return image
    names = image.sections[image.header.names_index]
    return image.overwritten(names.offset + section.name_offset, name.ljust(len(PACKED_NAME), b"\0"))
