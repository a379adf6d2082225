"""Symbols: newer than the floor, removed, in no musl, of another time ABI, or taken from the wrong library."""

from testwheels.case import Case, since
from testwheels.parts import extension, refers

CASES = [
    Case(
        "missing_qsort_r",
        "needs qsort_r, which came in 1.2.3, while the tag promises 1.2.2",
        (extension("refers.c", compile_flags=refers("qsort_r")),),
        finds=("MUSL101",),
        loads_on=since("1.2.3"),
    ),
]
