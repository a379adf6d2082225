"""Facts that are judged by several processes: what is wrong with a file is told as by one."""

import random
from pathlib import Path

import pytest

from musl_audit.adapters import facts_files
from musl_audit.model import Failure, Outcome
from musl_audit.workflows import rejudging
from musl_audit.workflows.examining import Examination
from musl_audit.workflows.rejudging import rejudge

LONG = b"x" * 100_000 + b"\n"
LINES = (b"\n", b" \n", b"null\n", b"{}\n", b'{"facts_version": 1}\n', b"[" * 1000 + b"\n", b"\xff\n", b"y" * 40_000)


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of 3 MB in which a line is too long, with lines before it and behind it that are no facts."""
    monkeypatch.setattr(facts_files, "LONGEST_LINE", 90_000)
    monkeypatch.setattr(rejudging, "_LEAST", 1 << 14)
    chosen = random.Random(2)  # noqa: S311
    before, behind = ([chosen.choice(LINES) + b"\n" for _ in range(number)] for number in (400, 200))
    path = tmp_path / "facts.jsonl"
    path.write_bytes(b"".join([*before, LONG, *behind]))
    return path


def outcomes(path: Path, jobs: int) -> list[Outcome]:
    """Return what *jobs* processes say about the facts at *path*."""
    return list(rejudge(str(path), Examination(), jobs))


@pytest.mark.parametrize("jobs", [2, 3])
def test_what_cannot_be_judged_is_told_in_the_same_words(jobs: int, hostile: Path) -> None:
    """Its lines are numbered as if one process had read them all, and nothing follows what is too long."""
    said = outcomes(hostile, jobs)

    assert said == outcomes(hostile, 1)
    assert len(said) > 100
    last = said[-1]
    assert isinstance(last, Failure)
    assert (last.path, "is longer than 90000 bytes" in last.message) == (str(hostile), True)


def test_a_part_over_which_a_process_died_has_the_number_of_its_first_line(hostile: Path) -> None:
    """The line in which it was cut belongs to the part before."""
    data = hostile.read_bytes()
    begin = data.index(b"null\n", 10_000) + 2

    number = data[:begin].count(b"\n") + 2

    assert rejudging.FilePart(str(hostile), begin, begin + 100).path == f"{hostile}:{number}"
    assert rejudging.FilePart(f"{hostile}.gone", begin, begin + 100).path == f"{hostile}.gone"


def test_a_file_that_vanishes_is_told_once(hostile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for each part of it."""
    parts = rejudging._parts(str(hostile), hostile.stat().st_size, 2)
    hostile.unlink()
    monkeypatch.setattr(rejudging, "_parts", lambda *_: parts)
    monkeypatch.setattr(rejudging, "size_of", lambda _: 3 << 20)

    assert [getattr(one, "message", "") for one in outcomes(hostile, 2)] == [
        "cannot be read any more: No such file or directory"
    ]
