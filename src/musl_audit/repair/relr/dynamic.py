"""The dynamic section, rewritten in place."""

from collections.abc import Sequence

from musl_audit.elf.headers import Region
from musl_audit.elf.image import Image
from musl_audit.elf.view import DT_RELR, DT_RELRSZ
from musl_audit.errors import UnpackError
from musl_audit.repair.relr.tables import DT_RELRENT, TableTags

PACKED_TAGS = (DT_RELR, DT_RELRSZ, DT_RELRENT)


def with_dynamic_entries(image: Image, entries: Sequence[tuple[int, int]]) -> Image:
    """Return *image* with *entries* as its dynamic section, filled up with ``DT_NULL``."""
    segment = image.dynamic_segment()
    if segment is None:
        raise UnpackError("no dynamic section")
    row = image.format.dynamic_entry
    size = segment.file_size // row.size * row.size
    content = b"".join(row.pack(*entry) for entry in entries)
    if len(content) + row.size > size:
        raise UnpackError("the dynamic section has no room for the tags of the new table")
    return image.overwritten(segment.offset, content.ljust(size, b"\0"))


def without_packed_tags(image: Image) -> Image:
    """Return *image* without the tags of packed relocations."""
    return with_dynamic_entries(image, [entry for entry in image.dynamic_entries() if entry[0] not in PACKED_TAGS])


def with_table_tags(image: Image, tags: TableTags, table: Region, *, relative_count: int) -> Image:
    """
    Return *image* with the tags of packed relocations replaced by those that name *table*.

    ``DT_RELACOUNT`` is a hint: a file that has no room for it goes without, unless it has it already.
    """
    values = {
        tags.table: table.address,
        tags.size: table.size,
        tags.entry_size: tags.entry(image.format).size,
        tags.count: relative_count,
    }
    kept = [entry for entry in image.dynamic_entries() if entry[0] not in PACKED_TAGS]
    entries = [(tag, values.pop(tag, value)) for tag, value in kept]
    segment = image.dynamic_segment()
    capacity = segment.file_size // image.format.dynamic_entry.size if segment else 0
    if len(entries) + len(values) >= capacity:
        values.pop(tags.count, None)
    return with_dynamic_entries(image, [*entries, *values.items()])
