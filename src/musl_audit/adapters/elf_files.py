"""An ELF file on disk with what its search paths lead to, as the facts of a wheel that was installed around it."""

import os
from collections.abc import Iterator
from pathlib import Path

from musl_audit.elf import read_elf
from musl_audit.loader.search_paths import effective_entries
from musl_audit.model import ElfFacts, Member, WheelFacts
from musl_audit.wheel.installed_tree import relative_to_origin

_MAGIC = b"\x7fELF"


def is_elf(path: Path) -> bool:
    """Whether the file at *path* begins as ELF files do; raise ``OSError`` where it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def facts_around(path: Path) -> WheelFacts:
    """
    Return the facts of the file at *path*, and of each file beside it that the loader may reach from there.

    Members are named from the site-packages that it was installed in, else from its own directory. Raise ``ElfError``
    or ``OSError`` where the file cannot be read.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100  # $ORIGIN is where the file was opened, links and all
    root = next((parent for parent in path.parents if any(parent.glob("*.dist-info"))), path.parent)
    elves = {path: _read(path, root)}
    directories: dict[str, None] = {}
    while True:
        for file, elf in elves.items():
            directories.update(dict.fromkeys(_directories(file, elf)))
        sonames = {soname for elf in elves.values() for soname in elf.needed if "/" not in soname}
        found = {Path(directory, soname) for directory in directories for soname in sonames}
        new = sorted(file for file in found - set(elves) if file.is_relative_to(root) and _is_file(file))
        if not new:
            break
        elves.update((file, _read(file, root)) for file in new)
    facts = sorted(elves.values(), key=lambda elf: elf.path)
    members = tuple(Member(elf.path, size=0, compressed_size=0, crc=0) for elf in facts)
    size = path.stat().st_size
    return WheelFacts(path.name, None, _digest(path), size, members, tuple(facts), is_alone=True)


def _digest(path: Path) -> str:
    from hashlib import file_digest

    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _read(path: Path, root: Path) -> ElfFacts:
    return read_elf(path.read_bytes(), path.relative_to(root).as_posix())


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() and is_elf(path)
    except OSError:
        return False


def _directories(path: Path, elf: ElfFacts) -> Iterator[str]:
    for entry in effective_entries(elf):
        rest = relative_to_origin(entry)
        if rest is not None:
            yield os.path.normpath(f"{path.parent}{rest}")
