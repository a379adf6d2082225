"""A wheel installed with its packed relocations unpacked."""

from pathlib import Path

from tests.support.installed_wheels import Binary, binaries, install

from musl_audit.repair.relr import unpack_relocations


def install_unpacked(wheel: Path, arch: str, prefix: Path) -> tuple[list[Binary], int]:
    """Install *wheel* below *prefix*, unpack every file of it, and return its files for *arch* and how many changed."""
    install(wheel, prefix)
    changed = 0
    for binary in binaries(prefix, arch):
        before = binary.path.read_bytes()
        after = unpack_relocations(before)
        if after is not before:
            binary.path.write_bytes(after)
            changed += 1
    return binaries(prefix, arch), changed
