"""Lines of facts: by themselves, and by the part of a file in which they begin."""

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from musl_audit.adapters import facts_files
from musl_audit.adapters.facts_files import LineNumbers, facts_lines, lines_between
from musl_audit.errors import WheelError

PIECES = (b"{}", b"\n", b"\n\n", b" ", b"\t \n", b" {}\n", b"\r\n", b"\x0b\x0c\n", b"x" * 30, b"\n{yyyyyyyyyyyyyyyy}\n")


@pytest.mark.parametrize("seed", range(40))
def test_every_line_begins_in_one_part(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the file is cut, and with any number of blank lines; their numbers are those of the whole file."""
    chosen = random.Random(seed)  # noqa: S311
    path = tmp_path / "facts.jsonl"
    path.write_bytes(b"".join(chosen.choice(PIECES) for _ in range(chosen.randrange(60))))
    monkeypatch.setattr(facts_files, "_BUFFER", chosen.choice((1, 2, 3, 7, 16, 64, 1 << 12)))
    monkeypatch.setattr(facts_files, "_PIECE", chosen.choice((1, 2, 5, 64)))
    size = path.stat().st_size
    cuts = sorted({0, size, *(chosen.randrange(size + 1) for _ in range(chosen.randrange(20)))})
    numbers = LineNumbers(str(path))

    found = [
        (numbers.at(offset), line)
        for begin, end in pairwise(cuts)
        for offset, line in lines_between(str(path), begin, end)
        if not line.isspace()
    ]

    assert found == list(facts_lines(str(path)))


def test_a_number_is_that_of_the_first_line_from_there_on(tmp_path: Path) -> None:
    """In whichever order one asks."""
    path = tmp_path / "facts.jsonl"
    path.write_bytes(b"{}\n\nabc\nd")
    numbers = LineNumbers(str(path))

    assert [numbers.at(offset) for offset in (0, 1, 2, 3, 4, 5, 7, 8, 8, 4, 0)] == [1, 2, 2, 2, 3, 4, 4, 4, 4, 3, 1]


def by_parts(path: str) -> list[tuple[int, bytes]]:
    """Return what lies in two parts of the file at *path*."""
    return [*lines_between(path, 0, 10), *lines_between(path, 10, 200)]


@pytest.mark.parametrize("read", [lambda path: list(facts_lines(path)), by_parts], ids=["lines", "parts"])
@pytest.mark.parametrize("end", [b"", b"\n", b"\n{}\n"])
def test_a_line_may_not_be_longer_than_any_wheel_needs(
    end: bytes,
    read: Callable[[str], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However it is read."""
    path = tmp_path / "facts.jsonl"
    path.write_bytes(b"{}\n" + b"x" * 100 + end)
    monkeypatch.setattr(facts_files, "_BUFFER", 16)
    monkeypatch.setattr(facts_files, "_PIECE", 16)
    monkeypatch.setattr(facts_files, "LONGEST_LINE", 99)

    with pytest.raises(WheelError, match="line 2 is longer than 99 bytes"):
        read(str(path))


def test_a_file_that_is_gone_meanwhile_is_told(tmp_path: Path) -> None:
    """By its part, and by a number of a line."""
    gone = str(tmp_path / "gone.jsonl")

    with pytest.raises(WheelError, match="cannot be read any more: No such file"):
        list(lines_between(gone, 0, 10))
    with pytest.raises(WheelError, match="cannot be read any more: No such file"):
        LineNumbers(gone).at(7)
