"""Surveys on a real Dask cluster on loopback: workers that die, wheels that kill, a scheduler that comes back."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.support.cli import ROOT, environment, musl_audit
from tests.support.surveys import Named, deadly, rows, scheduler, some_wheels, wait_until, worker

from musl_audit.adapters.clusters import ClusterError, cluster_of
from musl_audit.adapters.runners.dask import Cluster
from musl_audit.adapters.stores.survey import open_store
from musl_audit.model import Failure

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def start(mirror: Path, store: Path, address: str) -> "subprocess.Popen[str]":
    """Begin a survey by way of the scheduler at *address*."""
    command = [sys.executable, "-m", "musl_audit", "survey", str(mirror), "--store", str(store), "--scheduler", address]
    return subprocess.Popen(
        command, env=environment(PYTHONPATH=str(ROOT), MUSL_AUDIT_SURVEY_ROWS="4"), text=True, stderr=subprocess.PIPE
    )


def children_of(pid: int) -> list[int]:
    """Return the processes that *pid* started: a nanny's worker."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_worker_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    """SIGKILL, midway: the rows are those of one process here."""
    mirror = some_wheels(tmp_path / "mirror", 120)
    musl_audit("survey", mirror, "--store", tmp_path / "one", "--jobs", "1")
    with scheduler() as (address, _), worker(address) as first, worker(address):
        process = start(mirror, tmp_path / "two", address)
        wait_until(lambda: (tmp_path / "two" / "parts.json").exists() and open_store(str(tmp_path / "two")).parts)
        for child in children_of(first.pid):
            os.kill(child, signal.SIGKILL)
        _, said = process.communicate(timeout=120)

    assert process.returncode == 4, said  # some of the test wheels cannot be read
    assert rows(tmp_path / "two") == rows(tmp_path / "one")


def test_what_kills_its_worker_is_a_failure_alone() -> None:
    """The batch that it came with is done one by one."""
    items = [Named(name) for name in ("a", "b", "poison", "c")]
    with scheduler() as (address, _), worker(address), worker(address):
        answers = list(Cluster(address).run(deadly, items, 2))

    reason = "not examined: it killed each process that read it"
    assert answers == ["A", "B", Failure("poison", "MUSL902", reason), "C"]


def test_a_scheduler_that_comes_back_is_asked_again(tmp_path: Path) -> None:
    """With other workers, at the same address."""
    mirror = some_wheels(tmp_path / "mirror", 120)
    musl_audit("survey", mirror, "--store", tmp_path / "one", "--jobs", "1")
    with scheduler() as (address, _), worker(address):
        process = start(mirror, tmp_path / "two", address)
        wait_until(lambda: (tmp_path / "two" / "parts.json").exists() and open_store(str(tmp_path / "two")).parts)
    with scheduler(int(address.rpartition(":")[2])) as (again, _), worker(again):
        _, said = process.communicate(timeout=180)

    assert process.returncode == 4, said
    assert rows(tmp_path / "two") == rows(tmp_path / "one")


def test_a_scheduler_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """After a while."""
    with pytest.raises(ClusterError, match="no scheduler answers"):
        list(Cluster("tcp://127.0.0.1:1", patience="1s").run(deadly, [Named("a")], 1))


def test_workers_of_another_version_are_refused() -> None:
    """Their answers would be mixed with others."""
    with (
        scheduler() as (address, _),
        worker(address),
        pytest.raises(ClusterError, match="install the same on both"),
    ):
        list(Cluster(address, identity=process_of).run(deadly, [Named("a")], 1))


def test_items_are_taken_when_their_turn_comes() -> None:
    """A store has more facts than memory; and a worker's memory is not given back each time that 64 kB are free."""
    taken: list[str] = []

    def items() -> Iterator[Named]:
        for number in range(1000):
            taken.append(str(number))
            yield Named(str(number))

    answers = Cluster("local").run(trim_threshold, items(), 1)
    assert next(answers) is None
    assert len(taken) < 500
    answers.close()


def test_two_local_clusters_do_not_meet() -> None:
    """Nor is there a port that everybody's scheduler would have, which Dask warns about where it is taken."""
    with cluster_of("local", 1, "60s") as one, cluster_of("local", 1, "60s") as other:
        addresses = {client.scheduler_info()["services"]["dashboard"] for client in (one, other)}

    assert len(addresses) == 2
    assert 8787 not in addresses


def test_a_worker_that_hangs_does_not_keep_its_batch(tmp_path: Path) -> None:
    """Another is asked for it; the first answer counts."""
    items = [Named(str(number), 16 << 20) for number in range(6)]
    with scheduler() as (address, _), worker(address), worker(address):
        answers = list(Cluster(address, late=1.0).run(partial(hanging, tmp_path / "hung"), items, 2))

    assert answers == ["0", "1", "2", "3", "4", "5"]


def hanging(hung: Path, item: Named) -> str:
    """Return the path of *item*; the first process that comes to the third never does."""
    if item.path == "2":
        try:
            hung.mkdir()
        except FileExistsError:
            return item.path
        time.sleep(600)
    return item.path


def trim_threshold(_item: Named) -> str | None:
    """Return from when on glibc gives memory back, None where it decides that itself."""
    return os.environ.get("MALLOC_TRIM_THRESHOLD_")


def process_of() -> str:
    """Return what two processes never share."""
    return str(os.getpid())
