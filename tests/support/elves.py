"""Real ELF files: the members of the test wheels, and of whatever other wheels lie at hand."""

import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.testwheels import DIRECTORY

from musl_audit.elf import is_elf

WHEELS = DIRECTORY / "wheels"


def elves_in(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each ELF file in *wheel*; nothing out of what is no good archive."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                with archive.open(member) as opened:
                    head = opened.read(4)
                    if is_elf(head):
                        yield member.filename, head + opened.read()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, UnicodeDecodeError, OSError):
        return


@cache
def elf_of(case: str, ending: str = "") -> bytes:
    """Return the first ELF file of the test wheel *case* whose name ends so."""
    wheel = next(WHEELS.glob(f"{case}-1.0-*.whl"))
    return next(data for name, data in elves_in(wheel) if name.endswith(ending))


@cache
def distinct_elves() -> tuple[tuple[str, bytes], ...]:
    """Return every ELF file of the test wheels once, with a name to know it by."""
    found: dict[bytes, str] = {}
    for wheel in sorted(WHEELS.glob("*.whl")):
        for name, data in elves_in(wheel):
            found.setdefault(data, f"{wheel.name.partition('-')[0]}/{name.rpartition('/')[2]}")
    return tuple((name, data) for data, name in found.items())
