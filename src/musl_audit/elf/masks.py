"""
Sets of symbols as masks: bytes, one for each symbol of a table, 1 where it is in the set.

Whole masks are combined as numbers, at a twentieth of what a walk over the symbols takes.
"""

from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Literal, TypeVar

Item = TypeVar("Item")

_ORDER: Literal["little"] = "little"  # which does not matter, as long as it is one


def table_of(values: Iterable[int]) -> bytes:
    r"""
    Return what ``bytes.translate`` makes a mask with: of the bytes that are among *values*.

    >>> bytes([2, 0, 9]).translate(table_of({2, 9}))
    b'\x01\x00\x01'
    """
    wanted = frozenset(values)
    return bytes(value in wanted for value in range(256))


def common(mask: bytes, other: bytes) -> bytes:
    r"""
    Return what is in both masks.

    >>> list(common(b"\1\1\0", b"\1\0\0"))
    [1, 0, 0]
    """
    return (int.from_bytes(mask, _ORDER) & int.from_bytes(other, _ORDER)).to_bytes(len(mask), _ORDER)


def without(mask: bytes, others: bytes) -> bytes:
    r"""
    Return what is in *mask* and not in *others*.

    >>> list(without(b"\1\1\0", b"\1\0\0"))
    [0, 1, 0]
    """
    return (int.from_bytes(mask, _ORDER) & ~int.from_bytes(others, _ORDER)).to_bytes(len(mask), _ORDER)


def either(mask: bytes, *others: bytes) -> bytes:
    r"""
    Return what is in *mask* or in any of the *others*.

    >>> list(either(b"\1\1\0", b"\1\0\0"))
    [1, 1, 0]
    """
    found = int.from_bytes(mask, _ORDER)
    for other in others:
        found |= int.from_bytes(other, _ORDER)
    return found.to_bytes(len(mask), _ORDER)


def picked(items: Sequence[Item], mask: bytes) -> list[Item]:
    r"""
    Return those of *items*, one for each symbol, whose symbols are in *mask*: mostly they are close to each other.

    >>> picked("abcd", b"\0\1\0\1"), picked("abcd", bytes(4))
    (['b', 'd'], [])
    """
    first, end = mask.find(1), mask.rfind(1) + 1
    if mask.count(1) == end - first:
        return list(items[first:end])
    return list(compress(items[first:end], mask[first:end])) if end else []
