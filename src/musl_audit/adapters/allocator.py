"""What the C library does with memory that is gone."""

from functools import cache

_LARGER = 16 << 20  # bytes; than what comes and goes all the time


@cache
def keep_memory() -> None:
    """
    Have glibc keep the memory of what is gone for what comes: to take it anew costs a third of inflating into it.

    It gives back what is free beyond twice the largest block that it had apart and was freed (mallopt(3),
    M_MMAP_THRESHOLD); nobody touches the memory of this one. Processes that are forked have it, too.
    """
    bytes(_LARGER)
