"""Packed relocations (DT_RELR) made ordinary ones, so that every release of musl applies the same."""

from musl_audit.elf.headers import Region
from musl_audit.elf.image import Image, read_image
from musl_audit.elf.view import DT_RELR
from musl_audit.repair.relr.dynamic import with_table_tags, without_packed_tags
from musl_audit.repair.relr.room import make_room
from musl_audit.repair.relr.sections import cleared, with_table_sections
from musl_audit.repair.relr.soundness import require_sound
from musl_audit.repair.relr.space import can_extend, extend
from musl_audit.repair.relr.tables import Tables, read_tables, unpacked_table
from musl_audit.repair.relr.verify import verify


def unpack_relocations(data: bytes) -> bytes:
    """
    Return the ELF file *data* with ordinary relative relocations in place of packed ones; *data* itself without any.

    musl applies packed relocations from 1.2.4 on; older releases ignore them without a word, and the file crashes.
    The result is checked before it is returned. Raises ``UnpackError``, whose message is the reason, for a file that
    cannot be converted soundly, and ``ElfError`` for one that cannot be read.
    """
    image = read_image(data)
    if all(tag != DT_RELR for tag, _ in image.dynamic_entries()):
        return data
    tables = read_tables(image)
    require_sound(image, tables)
    result = (_unpacked(image, tables) if tables.packed else without_packed_tags(image)).to_bytes()
    verify(data, result)
    return result


def _unpacked(image: Image, tables: Tables) -> Image:
    table, relative_count = unpacked_table(image, tables)
    emptied = cleared(image, tables)
    space = extend(emptied, len(table)) if can_extend(emptied) else make_room(emptied, tables, len(table))
    placed = with_table_sections(space, image, tables, len(table)).overwritten(space.offset, table)
    return with_table_tags(placed, tables.tags, Region(space.address, len(table)), relative_count=relative_count)
