"""Processes that examine wheels: what becomes of them, and in which order they answer."""

import os
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from musl_audit.adapters.runners.processes import run
from musl_audit.frozen import frozen
from musl_audit.model import Failure

OPEN = Path("/proc/self/fd")


@frozen
class Named:
    """What a runner is given."""

    path: str
    size: int = 0


def named(*paths: str) -> list[Named]:
    """Return an item for each of *paths*."""
    return [Named(path) for path in paths]


def upper(item: Named) -> str:
    """Return the path of *item* in capitals, later for those that come earlier."""
    time.sleep(0.2 if item.path == "a" else 0)
    return item.path.upper()


def fatal(item: Named) -> str:
    """Return the path of *item*, or end the process without a word."""
    if item.path == "b":
        os.kill(os.getpid(), signal.SIGKILL)
    return item.path


def pid(_: Named) -> int:
    """Return the process."""
    return os.getpid()


def test_answers_come_in_the_order_of_the_questions() -> None:
    """Whoever is first."""
    assert list(run(upper, named("a", "b", "c", "d"), 2)) == ["A", "B", "C", "D"]


def test_there_are_no_more_processes_than_jobs() -> None:
    """Nor than questions."""
    assert len(set(run(pid, named(*"a" * 9), 3))) <= 3
    assert len(set(run(pid, named("a"), 3))) == 1


def test_a_process_that_dies_is_replaced() -> None:
    """It costs one answer."""
    answers = list(run(fatal, named("a", "b", "c", "d"), 1))

    reason = "not examined: the process that read it was killed by signal 9"
    assert answers == ["a", Failure("b", "MUSL902", reason), "c", "d"]


@pytest.mark.skipif(not OPEN.exists(), reason="there is no /proc")
def test_processes_that_died_hold_nothing_open() -> None:
    """However many wheels are too large for the machine."""
    held = [len(list(OPEN.iterdir())) for _ in run(fatal, named(*"b" * 20), 1)]

    assert max(held[10:]) <= max(held[:10])


def test_closing_ends_every_process() -> None:
    """At once, whatever they are doing."""
    with closing(run(pid, named(*"a" * 4), 2)) as answers:
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
