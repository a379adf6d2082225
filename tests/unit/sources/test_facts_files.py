"""Lines of facts: by themselves, and by where they lie."""

import random
from pathlib import Path

import pytest

from musl_audit.adapters import facts_files
from musl_audit.adapters.facts_files import facts_lines, facts_spans, lines_at
from musl_audit.errors import WheelError

PIECES = (b"{}", b"\n", b"\n\n", b" ", b"\t \n", b" {}\n", b"\r\n", b"\x0b\x0c\n", b"x" * 30, b"\n{yyyyyyyyyyyyyyyy}\n")


@pytest.mark.parametrize("seed", range(40))
def test_places_are_those_of_the_lines(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However they fall into what is read at once, and with any number of blank ones between them."""
    chosen = random.Random(seed)  # noqa: S311
    path = tmp_path / "facts.jsonl"
    path.write_bytes(b"".join(chosen.choice(PIECES) for _ in range(chosen.randrange(60))))
    monkeypatch.setattr(facts_files, "_BUFFER", chosen.choice((1, 2, 3, 7, 16, 64, 1 << 12)))

    assert lines_at(str(path), facts_spans(str(path))) == list(facts_lines(str(path)))


@pytest.mark.parametrize("end", [b"", b"\n", b"\n{}\n"])
def test_a_line_may_not_be_longer_than_any_wheel_needs(
    end: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its place tells as much as its bytes."""
    path = tmp_path / "facts.jsonl"
    path.write_bytes(b"{}\n" + b"x" * 100 + end)
    monkeypatch.setattr(facts_files, "_BUFFER", 16)
    monkeypatch.setattr(facts_files, "LONGEST_LINE", 99)

    for read in (facts_lines, facts_spans):
        with pytest.raises(WheelError, match="line 2 is longer than 99 bytes"):
            list(read(str(path)))
