"""Symbols of libraries as pyelftools reads them, for data that is derived from packages."""

import io
from collections.abc import Iterator
from pathlib import Path

from elftools.elf.elffile import ELFFile

AR_MAGIC, AR_HEADER = b"!<arch>\n", 60


def exports(library: Path) -> dict[str, str]:
    """Return the symbols that a shared library defines, each with the name of its version, or an empty string."""
    with library.open("rb") as file:
        elf = ELFFile(file)
        versions = _version_names(elf)
        table = elf.get_section_by_name(".dynsym")
        version_of = elf.get_section_by_name(".gnu.version")
        return {
            symbol.name: versions.get(_index(version_of, position), "")
            for position, symbol in enumerate(table.iter_symbols())
            if symbol.name and symbol["st_shndx"] not in ("SHN_UNDEF", "SHN_ABS")
        }


def _index(version_of: object, position: int) -> int | str:
    entry: int | str = version_of.get_symbol(position)["ndx"] if version_of else 0  # type: ignore[attr-defined]  # untyped library
    return entry & 0x7FFF if isinstance(entry, int) else entry


def _version_names(elf: ELFFile) -> dict[int | str, str]:
    section = elf.get_section_by_name(".gnu.version_d")
    if section is None:
        return {}
    return {version["vd_ndx"]: next(names).name for version, names in section.iter_versions()}


def archive_definitions(archive: Path) -> frozenset[str]:
    """Return the global symbols that the objects of a static library define."""
    return frozenset(
        symbol.name
        for elf in _members(archive.read_bytes())
        for symbol in elf.get_section_by_name(".symtab").iter_symbols()
        if symbol["st_info"]["bind"] in ("STB_GLOBAL", "STB_WEAK") and symbol["st_shndx"] != "SHN_UNDEF"
    )


def _members(data: bytes) -> Iterator[ELFFile]:
    if not data.startswith(AR_MAGIC):
        raise SystemExit("not a static library")
    offset = len(AR_MAGIC)
    while offset + AR_HEADER <= len(data):
        size = int(data[offset + 48 : offset + 58])
        offset += AR_HEADER
        member = data[offset : offset + size]
        if member.startswith(b"\x7fELF"):
            yield ELFFile(io.BytesIO(member))
        offset += size + size % 2
