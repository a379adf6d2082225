"""The library with packed relocations that a test wheel of each architecture has; made by LLVM's linker."""

import zipfile
from pathlib import Path

WHEELS = Path(__file__).resolve().parents[2] / "testwheels" / "wheels"
ARCHES = ("x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64", "loongarch64")


def packed_fixture(arch: str) -> bytes:
    """Return the library of *arch*; its constructor crashes unless its pointers are relocated."""
    (wheel,) = WHEELS.glob(f"packed_relocations_{arch}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(f"packed_relocations_{arch}.libs/libpointers.so")
