"""Dask clusters: one of this machine's processes, or somebody else's, and whether its workers can be trusted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from musl_audit.errors import MuslAuditError

if TYPE_CHECKING:
    from distributed import Client

_LOOPBACK = "127.0.0.1"
_QUIET = {"distributed.scheduler.allowed-failures": 1}  # a batch is tried twice
_LOCAL = {
    # Dask has glibc give memory back whenever 64 kB are free: a wheel's members would be mapped anew again and again.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
    # Nobody looks at these profiles, which take a twentieth of a worker's time.
    "distributed.worker.profile.enabled": False,
    # Nor at what workers, nannies and the scheduler measure of themselves, up to 70 times a second, beside the work.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.worker.memory.monitor-interval": "1s",
}


class ClusterError(MuslAuditError):
    """A cluster that is not there, went away, or is not made of the same musl-audit."""


@contextmanager
def cluster_of(scheduler: str, jobs: int, patience: str) -> "Iterator[Client]":
    """Connect to *scheduler*, an address, or to a cluster of *jobs* processes that lives as long: ``local``."""
    with _local(jobs) if scheduler == "local" else _remote(scheduler, patience) as client:
        client.wait_for_workers(1, timeout=60)
        yield client


@contextmanager
def _local(jobs: int) -> "Iterator[Client]":
    import dask
    from distributed import Client, LocalCluster

    with (
        dask.config.set(_LOCAL),
        LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            host=_LOOPBACK,
            dashboard_address=None,
            # Without a dashboard, too, a scheduler answers by HTTP: at 8787, where somebody else's may be.
            scheduler_kwargs={"dashboard_address": f"{_LOOPBACK}:0"},
            memory_limit="2GiB",
        ) as cluster,
        Client(cluster, set_as_default=False, direct_to_workers=True) as client,
    ):
        yield client


@contextmanager
def _remote(scheduler: str, patience: str) -> "Iterator[Client]":
    from distributed import Client

    try:
        client = Client(scheduler, timeout=patience, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(f"--scheduler {scheduler}: no scheduler answers: {_line(error)}") from error
    with client:
        yield client


def require_same(client: "Client", identity: Callable[[], str]) -> None:
    """Raise ``ClusterError`` where a worker has another musl-audit, or other policies, than this process."""
    try:
        found = client.run(identity)
    except Exception as error:  # whatever the other side raises comes through here
        raise ClusterError(f"the workers cannot run this musl-audit: {_line(error)}") from error
    ours = identity()
    for worker, theirs in found.items():
        if theirs != ours:
            raise ClusterError(f"the worker {worker} has {theirs}, this process has {ours}: install the same on both")


def losses() -> tuple[type[BaseException], ...]:
    """Return what is raised when a scheduler goes away."""
    from concurrent.futures import CancelledError

    from distributed import TimeoutError as DaskTimeoutError
    from distributed.comm.core import CommClosedError

    return CancelledError, CommClosedError, DaskTimeoutError


@contextmanager
def quiet() -> Iterator[None]:
    """Let a batch be tried twice, and Dask say nothing on the terminal: what matters is in the answers."""
    import logging

    import dask
    import distributed  # noqa: F401  # its defaults must be there before one of them is set

    names = ["distributed", *(name for name in logging.root.manager.loggerDict if name.startswith("distributed."))]
    before = {name: logging.getLogger(name).level for name in names}  # Dask's configuration gives some their own
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with dask.config.set(_QUIET):
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
