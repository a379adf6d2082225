"""Processes of which this one is one: who does what, in which order, and what becomes of the others."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from musl_audit.adapters.runners.sharing import run
from musl_audit.frozen import frozen
from musl_audit.model import Failure

ME = os.getpid()


@frozen
class Named:
    """What a runner is given."""

    path: str
    size: int = 0


def numbered(count: int) -> list[Named]:
    """Return *count* items."""
    return [Named(str(number)) for number in range(count)]


def path(item: Named) -> str:
    """Return the path of *item*, after a while in another process."""
    time.sleep(0.01 if os.getpid() != ME else 0)
    return item.path


def pid(_: Named) -> int:
    """Return the process, after a while."""
    time.sleep(0.02)
    return os.getpid()


def fatal(item: Named) -> str:
    """Return the path of *item*, or end any other process that has an odd one."""
    if os.getpid() != ME and int(item.path) % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return item.path


def long(item: Named) -> str:
    """Return more than any pipe holds."""
    return item.path * (1 << 20)


@pytest.mark.parametrize("jobs", [1, 2, 3, 5])
def test_answers_come_in_the_order_of_the_questions(jobs: int) -> None:
    """Whoever is first."""
    assert list(run(path, numbered(30), jobs)) == [item.path for item in numbered(30)]


def test_nothing_is_asked_of_nobody() -> None:
    """No process is started for it."""
    assert list(run(path, [], 3)) == []


def test_this_process_is_one_of_them() -> None:
    """And there are no more than there may be."""
    processes = set(run(pid, numbered(20), 3))

    assert ME in processes
    assert len(processes) == 3


def test_a_process_that_dies_costs_what_it_was_doing_alone() -> None:
    """What it had at hand beside that, somebody else does."""
    answers = list(run(fatal, numbered(40), 2))

    lost = [answer for answer in answers if isinstance(answer, Failure)]
    kept = [answer for answer in answers if isinstance(answer, str)]
    assert lost
    assert {failure.message for failure in lost} == {"not examined: the process that read it was killed by signal 9"}
    assert all(int(failure.path) % 2 for failure in lost)
    assert kept == [item.path for item in numbered(40) if item.path not in {failure.path for failure in lost}]


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_large_questions_and_large_answers_do_not_wait_for_each_other(size: int) -> None:
    """Two processes that both write to a full pipe would, for ever."""
    items = [Named("x" * size), *(Named("y" * size) for _ in range(8))]

    assert [len(answer) for answer in run(long if size == 1 else path, items, 2) if isinstance(answer, str)] == [
        1 << 20
    ] * 9


def test_this_process_does_not_run_away_from_the_others() -> None:
    """What comes behind an answer that is not there yet has to be kept."""
    taken = 0

    def items() -> Iterator[Named]:
        nonlocal taken
        for item in numbered(1000):
            taken += 1
            yield item

    def slow(item: Named) -> int:
        time.sleep(0.5 if os.getpid() != ME else 0)
        return int(item.path)

    with closing(run(slow, items(), 2)) as answers:
        assert next(answers) == 0
        assert taken < 200


def test_closing_ends_every_process() -> None:
    """At once, whatever they are doing."""
    with closing(run(pid, numbered(50), 3)) as answers:
        others = {answer for answer in (next(answers) for _ in range(12)) if isinstance(answer, int)} - {ME}

    assert others
    for other in others:
        with pytest.raises(ProcessLookupError):
            os.kill(other, 0)
