"""
Wheels on a Dask cluster: one that is started here, or somebody else's.

Items go out in batches of about equal bytes, a few for each worker. A worker that dies loses nothing: its batch is done
again, and where that kills a worker as well, its items are done one by one, so that the one which does it is a failure
alone. A scheduler that is started again is waited for, and asked again for what it has forgotten.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from musl_audit.adapters.catalogs import policies_digest
from musl_audit.adapters.runners import Answer, AnyItem
from musl_audit.errors import MuslAuditError, UsageError
from musl_audit.frozen import frozen
from musl_audit.judging.rules.musl902_not_judged import RULE as NOT_JUDGED
from musl_audit.model import Failure

if TYPE_CHECKING:
    from distributed import Client, Future

Value = TypeVar("Value")
_BATCH_BYTES, _BATCH_ITEMS = 64 << 20, 32
_AHEAD = 3  # batches for each worker: one that it does, one that waits, one on the way
_WINDOW = 16  # batches for each worker that may be done behind one that takes long: their answers wait in memory
_RETURNS = 3  # times that a scheduler may


class ClusterError(MuslAuditError):
    """A cluster that is not there, went away, or is not made of the same musl-audit."""


@frozen
class Cluster:
    """Which cluster to use; *scheduler* is an address, or ``local`` for one of this machine's processes."""

    scheduler: str = "local"
    identity: Callable[[], str] = policies_digest  # what workers must have in common with this process
    patience: str = "60s"  # for the scheduler to answer, or to come back

    def run(
        self, work: Callable[[AnyItem], Answer], items: Iterable[AnyItem], jobs: int
    ) -> Generator[Answer | Failure]:
        """Yield what *work* returns for each of *items*, in their order; a local cluster has *jobs* workers."""
        pending = deque(enumerate(_batches(items)))
        order = _InOrder[Answer | Failure]()
        with _quiet():
            for index, answers in self._completed(work, pending, jobs, order):
                yield from order.add(index, answers)

    def _completed(
        self,
        work: Callable[[AnyItem], Answer],
        pending: deque[tuple[int, list[AnyItem]]],
        jobs: int,
        order: "_InOrder[Answer | Failure]",
    ) -> Iterator[tuple[int, list[Answer | Failure]]]:
        """Yield the answers of every batch, from a scheduler that may go away and come back."""
        for left in range(_RETURNS, -1, -1):
            try:
                with self._client(jobs) as client:
                    yield from _as_completed(client, work, pending, order)
            except _lost() as error:
                if self.scheduler == "local" or not left:
                    raise ClusterError(f"the scheduler at {self.scheduler} went away: {_line(error)}") from error
            if not pending:
                return

    @contextmanager
    def _client(self, jobs: int) -> "Iterator[Client]":
        with self._connected(jobs) as client:
            client.wait_for_workers(1, timeout=60)
            _require_same(client, self.identity)
            yield client

    @contextmanager
    def _connected(self, jobs: int) -> "Iterator[Client]":
        from distributed import Client, LocalCluster

        if self.scheduler != "local":
            try:
                client = Client(self.scheduler, timeout=self.patience, set_as_default=False)
            except (OSError, ValueError, TimeoutError) as error:
                raise ClusterError(f"--scheduler {self.scheduler}: no scheduler answers: {_line(error)}") from error
            with client:
                yield client
            return
        with (
            LocalCluster(
                n_workers=jobs, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, memory_limit="2GiB"
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield client


def run(work: Callable[[AnyItem], Answer], items: Iterable[AnyItem], jobs: int) -> Generator[Answer | Failure]:
    """Yield what *work* returns for each of *items*, from the cluster of ``DASK_SCHEDULER_ADDRESS``, or one here."""
    return Cluster(os.environ.get("DASK_SCHEDULER_ADDRESS") or "local").run(work, items, jobs)


def require_extra() -> None:
    """Raise ``UsageError`` where Dask is not installed."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise UsageError(f"--scheduler needs {error.name}: pip install 'musl-audit[survey]'") from error


class _InOrder(Generic[Value]):
    """Answers of batches that come in any order."""

    def __init__(self) -> None:
        self.wanted = 0  # the batch whose answers nobody has yet, and all before it have been given away
        self._done: dict[int, list[Value]] = {}

    def add(self, index: int, answers: list[Value]) -> Iterator[Value]:
        """Yield the answers whose turn it is, now that those of the batch *index* are there."""
        self._done[index] = answers
        while self.wanted in self._done:
            yield from self._done.pop(self.wanted)
            self.wanted += 1


def _batches(items: Iterable[AnyItem]) -> Iterator[list[AnyItem]]:
    """Yield *items* in runs that are worth being sent, and small enough to be done again."""
    batch: list[AnyItem] = []
    size = 0
    for item in items:
        if batch and (size + item.size > _BATCH_BYTES or len(batch) == _BATCH_ITEMS):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield batch


def _as_completed(
    client: "Client",
    work: Callable[[AnyItem], Answer],
    pending: deque[tuple[int, list[AnyItem]]],
    order: "_InOrder[Answer | Failure]",
) -> Iterator[tuple[int, list[Answer | Failure]]]:
    """Yield the index and the answers of each batch when they are known; what was not done stays in *pending*."""
    from distributed import as_completed

    sent: dict[Future[list[Answer]], tuple[int, list[AnyItem]]] = {}
    waiting = as_completed(loop=client.loop)
    try:
        while pending or sent:
            workers = max(1, len(client.nthreads()))
            while pending and len(sent) < _AHEAD * workers and pending[0][0] - order.wanted < _WINDOW * workers:
                index, batch = pending.popleft()
                future = client.submit(_done, work, batch, pure=False)
                sent[future] = index, batch
                waiting.add(future)
            future = next(waiting)
            answers = _answers(client, work, future, sent[future][1])
            index, _ = sent.pop(future)
            future.release()
            yield index, answers
    finally:
        pending.extendleft(sorted(sent.values(), key=lambda item: -item[0]))


def _answers(
    client: "Client", work: Callable[[AnyItem], Answer], future: "Future[list[Answer]]", batch: Sequence[AnyItem]
) -> list[Answer | Failure]:
    """Return the answers of a batch, item by item where it killed whoever did it."""
    from distributed import KilledWorker

    try:
        return list(future.result())
    except KilledWorker:
        return [_alone(client, work, item) for item in batch]


def _alone(client: "Client", work: Callable[[AnyItem], Answer], item: AnyItem) -> Answer | Failure:
    """
    Return the answer for *item*, or that it kills.

    One at a time, and asked twice: what waits at a worker that dies is under suspicion, too.
    """
    from distributed import KilledWorker

    for _ in range(2):
        try:
            answers: list[Answer] = client.submit(_done, work, [item], pure=False).result()
            return answers[0]
        except KilledWorker:
            continue
    return Failure(item.path, NOT_JUDGED.code, "not examined: it killed each process that read it")


def _done(work: Callable[[AnyItem], Answer], batch: Sequence[AnyItem]) -> list[Answer]:
    """Return what *work* returns for each of *batch*: what a worker does."""
    return [work(item) for item in batch]


# --- Whom to trust with it ------------------------------------------------------------------------------------


def _require_same(client: "Client", identity: Callable[[], str]) -> None:
    """Raise ``ClusterError`` where a worker has another musl-audit, or other policies, than this process."""
    try:
        found = client.run(identity)
    except Exception as error:  # whatever the other side raises comes through here
        raise ClusterError(f"the workers cannot run this musl-audit: {_line(error)}") from error
    ours = identity()
    for worker, theirs in found.items():
        if theirs != ours:
            raise ClusterError(f"the worker {worker} has {theirs}, this process has {ours}: install the same on both")


def _lost() -> tuple[type[BaseException], ...]:
    """Return what is raised when a scheduler goes away."""
    from concurrent.futures import CancelledError

    from distributed import TimeoutError as DaskTimeoutError
    from distributed.comm.core import CommClosedError

    return CancelledError, CommClosedError, DaskTimeoutError


@contextmanager
def _quiet() -> Iterator[None]:
    """Let a batch be tried twice, and Dask say nothing on the terminal: what matters is in the answers."""
    import logging

    import dask
    import distributed  # noqa: F401  # its defaults must be there before one of them is set

    names = ["distributed", *(name for name in logging.root.manager.loggerDict if name.startswith("distributed."))]
    before = {name: logging.getLogger(name).level for name in names}  # Dask's configuration gives some their own
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
