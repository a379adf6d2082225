"""Text in columns, as wide as the terminal and no wider where words allow it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise


def width_of(text: str) -> int:
    """
    Return how many cells of a terminal *text* takes.

    >>> width_of("a\u0301"), width_of("音")
    (1, 2)
    """
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 1 + (east_asian_width(char) in "WF") for char in text)


def wrapped(text: str, width: int) -> list[str]:
    """
    Return *text* in lines of *width* cells at most; a word that is longer, such as a path, keeps a line to itself.

    >>> wrapped("one two three", 9)
    ['one two', 'three']
    """
    lines: list[list[str]] = [[]]
    room = width
    for word in text.split():
        needed = width_of(word) + bool(lines[-1])
        if needed > room and lines[-1]:
            lines.append([])
            room, needed = width, width_of(word)
        lines[-1].append(word)
        room -= needed
    return [" ".join(words) for words in lines]


def paragraph(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """Return *text* wrapped, the first line behind *first* and the others behind *rest*."""
    lines = wrapped(text, max(width - max(width_of(first), width_of(rest)), 12))
    return [(first if index == 0 else rest) + line for index, line in enumerate(lines)]


def listed(items: Sequence[str], limit: int, more: str = "and {} more") -> list[str]:
    """
    Return *items*, the last ones as a count where there are too many; never a count of one.

    >>> listed(["a", "b", "c"], 2), listed(["a", "b", "c", "d"], 2)
    (['a', 'b', 'c'], ['a', 'b', 'and 2 more'])
    """
    if len(items) <= limit + 1:
        return list(items)
    return [*items[:limit], more.format(len(items) - limit)]


def ranges(items: Iterable[int]) -> Iterator[tuple[int, int]]:
    """
    Yield the first and last of each run of neighbours in ascending *items*.

    >>> list(ranges([1, 2, 3, 5]))
    [(1, 3), (5, 5)]
    """
    numbers = list(items)
    if not numbers:
        return
    start = numbers[0]
    for one, other in pairwise(numbers):
        if other != one + 1:
            yield start, one
            start = other
    yield start, numbers[-1]
