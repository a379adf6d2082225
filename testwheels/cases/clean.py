"""Wheels with nothing to object to, one for each architecture."""

from testwheels.case import Case
from testwheels.parts import ARCHES, extension, suffix

CASES = [
    *(
        Case(
            f"clean_{arch}",
            f"an extension module for {arch} that needs nothing but libc and Python",
            (extension(arch=arch),),
            finds=("MUSL009",) if arch == "loongarch64" else (),
            near_miss_of="MUSL009" if arch in ("ppc64le", "riscv64", "s390x") else None,
            tags=f"cp312-cp312-musllinux_1_2_{arch}",
            arch=arch,
        )
        for arch in ARCHES
    ),
    Case(
        "clean_cp311",
        "an extension module for CPython 3.11, for tests that import it with a real interpreter",
        (extension(end=suffix(python="311")),),
        tags="cp311-cp311-musllinux_1_2_x86_64",
    ),
]
