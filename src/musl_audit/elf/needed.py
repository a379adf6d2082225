"""The order of ``DT_NEEDED``, which is the order in which the loader looks for symbols."""

from collections.abc import Collection

from musl_audit.elf.strings import StringTable
from musl_audit.elf.view import DT_NEEDED, PT_DYNAMIC, ElfView


def needed_last(data: bytes, sonames: Collection[str]) -> bytes:
    """
    Return *data* with *sonames* behind all others that it needs, each group in the order that it has.

    Only the values of the dynamic entries change places. Raise ``ElfError`` where the file contradicts itself.
    """
    image = ElfView(data)
    entries = image.dynamic_entries()
    strings = StringTable(image, dict(entries))
    places = [index for index, (tag, _) in enumerate(entries) if tag == DT_NEEDED]
    values = [entries[index][1] for index in places]
    ordered = sorted(values, key=lambda value: strings[value] in sonames)
    if ordered == values:
        return data
    start, _ = image.file_range(image.segments_of_type(PT_DYNAMIC)[-1].address)
    layout = image.formats.dynamic
    result = bytearray(data)
    for index, value in zip(places, ordered, strict=True):
        layout.pack_into(result, start + index * layout.size, DT_NEEDED, value)
    return bytes(result)
