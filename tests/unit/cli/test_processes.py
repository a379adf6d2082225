"""Processes that examine wheels: what becomes of them, and in which order they answer."""

import os
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from musl_audit.adapters.runners.processes import run
from musl_audit.model import Failure

OPEN = Path("/proc/self/fd")


def upper(path: str) -> str:
    """Return *path* in capitals, later for those that come earlier."""
    time.sleep(0.2 if path == "a" else 0)
    return path.upper()


def fatal(path: str) -> str:
    """Return *path*, or end the process without a word."""
    if path == "b":
        os.kill(os.getpid(), signal.SIGKILL)
    return path


def pid(_: str) -> int:
    """Return the process."""
    return os.getpid()


def test_answers_come_in_the_order_of_the_questions() -> None:
    """Whoever is first."""
    assert list(run(upper, ["a", "b", "c", "d"], 2)) == ["A", "B", "C", "D"]


def test_there_are_no_more_processes_than_jobs() -> None:
    """Nor than questions."""
    assert len(set(run(pid, ["a"] * 9, 3))) <= 3
    assert len(set(run(pid, ["a"], 3))) == 1


def test_a_process_that_dies_is_replaced() -> None:
    """It costs one answer."""
    answers = list(run(fatal, ["a", "b", "c", "d"], 1))

    reason = "not examined: the process that read it was killed by signal 9"
    assert answers == ["a", Failure("b", "MUSL902", reason), "c", "d"]


@pytest.mark.skipif(not OPEN.exists(), reason="there is no /proc")
def test_processes_that_died_hold_nothing_open() -> None:
    """However many wheels are too large for the machine."""
    held = [len(list(OPEN.iterdir())) for _ in run(fatal, ["b"] * 20, 1)]

    assert max(held[10:]) <= max(held[:10])


def test_closing_ends_every_process() -> None:
    """At once, whatever they are doing."""
    with closing(run(pid, ["a"] * 4, 2)) as answers:
        worker = next(answers)

    assert isinstance(worker, int)
    assert not is_alive(worker)


def is_alive(number: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
