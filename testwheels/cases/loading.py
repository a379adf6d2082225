"""What the loader can do since which release: packed relocations, TLS models, IFUNC, segments."""

from testwheels.case import Case, since
from testwheels.parts import ARCHES, BUNDLED, extension, libc, library

_RELR = ("--pack-dyn-relocs=relr",)

CASES = [
    *(
        Case(
            f"packed_relocations_{arch}",
            f"a library of the wheel has packed relocations, which musl applies since 1.2.4 ({arch})",
            (
                extension("calls.c", arch=arch, needed=("libpointers.so", libc(arch)), rpath=BUNDLED),
                library("libpointers.so", "pointers.c", arch=arch, link_flags=_RELR),
            ),
            finds=("MUSL009",) if arch == "loongarch64" else ("MUSL401",),
            near_miss_of="MUSL401" if arch == "loongarch64" else None,
            loads_on=since("1.2.4"),
            tags=f"cp312-cp312-musllinux_1_2_{arch}",
            arch=arch,
        )
        for arch in ARCHES
    ),
]
