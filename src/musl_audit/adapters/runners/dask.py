"""
Wheels on a Dask cluster: one that is started here, or somebody else's.

Items go out in batches of about equal bytes, a few for each worker. A worker that dies loses nothing: its batch is done
again, and where that kills a worker as well, its items are done one by one, so that the one which does it is a failure
alone. A batch that takes very long, whatever hangs, is given to a second worker, too. A scheduler that is started again
is waited for, and asked again for what it has forgotten.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Generic, TypeVar

from musl_audit.adapters.catalogs import policies_digest
from musl_audit.adapters.clusters import ClusterError, cluster_of, losses, quiet, require_same
from musl_audit.adapters.runners import Answer, AnyItem
from musl_audit.errors import UsageError
from musl_audit.frozen import frozen
from musl_audit.judging.rules.musl902_not_judged import RULE as NOT_JUDGED
from musl_audit.model import Failure

if TYPE_CHECKING:
    from distributed import Client, Future

Value = TypeVar("Value")
_BATCH_BYTES, _BATCH_ITEMS = 16 << 20, 32  # a quarter of a second of work: what all but one worker wait for at the end
_AHEAD = 3  # batches for each worker: one that it does, one that waits, one on the way
_WINDOW = 32  # batches for each worker that may be done behind one that takes long: their answers wait in memory
_GLANCE = 0.01  # seconds
_RETURNS = 3  # times that a scheduler may


@frozen
class Cluster:
    """Which cluster to use; *scheduler* is an address, or ``local`` for one of this machine's processes."""

    scheduler: str = "local"
    identity: Callable[[], str] = policies_digest  # what workers must have in common with this process
    patience: str = "60s"  # for the scheduler to answer, or to come back
    late: float = 300.0  # seconds that a batch may take before another worker is asked for it, too

    def run(
        self, work: Callable[[AnyItem], Answer], items: Iterable[AnyItem], jobs: int
    ) -> Generator[Answer | Failure]:
        """Yield what *work* returns for each of *items*, in their order; a local cluster has *jobs* workers."""
        pending = _Pending(items)
        order = _InOrder[Answer | Failure]()
        with quiet():
            for index, answers in self._completed(work, pending, jobs, order):
                yield from order.add(index, answers)

    def _completed(
        self,
        work: Callable[[AnyItem], Answer],
        pending: "_Pending[AnyItem]",
        jobs: int,
        order: "_InOrder[Answer | Failure]",
    ) -> Iterator[tuple[int, list[Answer | Failure]]]:
        """Yield the answers of every batch, from a scheduler that may go away and come back."""
        for left in range(_RETURNS, -1, -1):
            try:
                with cluster_of(self.scheduler, jobs, self.patience) as client:
                    require_same(client, self.identity)
                    yield from _as_completed(client, work, pending, order, self.late)
            except losses() as error:
                if self.scheduler == "local" or not left:
                    raise ClusterError(f"the scheduler at {self.scheduler} went away: {_line(error)}") from error
            if pending.first is None:
                return


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


class _Pending(Generic[AnyItem]):
    """Numbered batches that wait, of items that are taken when their turn comes, not all at once."""

    def __init__(self, items: Iterable[AnyItem]) -> None:
        self._batches = enumerate(_batches(items))
        self._waiting: deque[tuple[int, list[AnyItem]]] = deque()

    @property
    def first(self) -> int | None:
        """The number of the next batch, None where there is no more."""
        if not self._waiting:
            self._waiting.extend(islice(self._batches, 1))
        return self._waiting[0][0] if self._waiting else None

    def take(self) -> tuple[int, list[AnyItem]]:
        """Return the next batch, and its number."""
        return self._waiting.popleft()

    def give_back(self, batches: Iterable[tuple[int, list[AnyItem]]]) -> None:
        """Let *batches* wait again: nobody did them."""
        self._waiting = deque(sorted((*batches, *self._waiting), key=itemgetter(0)))


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


@frozen
class _Sent(Generic[AnyItem]):
    """A batch that is out, since a time."""

    index: int
    batch: list[AnyItem]
    since: float  # seconds, of the monotonic clock
    is_asked_twice: bool = False


def _as_completed(
    client: "Client",
    work: Callable[[AnyItem], Answer],
    pending: _Pending[AnyItem],
    order: "_InOrder[Answer | Failure]",
    late: float,
) -> Iterator[tuple[int, list[Answer | Failure]]]:
    """Yield the index and the answers of each batch when they are known; what was not done stays in *pending*."""
    from distributed import as_completed

    sent: dict[Future[list[Answer]], _Sent[AnyItem]] = {}
    waiting = as_completed(loop=client.loop)
    looked = time.monotonic()
    try:
        while pending.first is not None or sent:
            workers = max(1, len(client.nthreads()))
            while (
                len(sent) < _AHEAD * workers
                and (first := pending.first) is not None
                and first - order.wanted < _WINDOW * workers
            ):
                index, batch = pending.take()
                future = client.submit(_done, work, batch, pure=False)
                sent[future] = _Sent(index, batch, time.monotonic())
                waiting.add(future)
            while not waiting.has_ready():
                time.sleep(_GLANCE)
                if time.monotonic() - looked > late / 4:
                    looked = time.monotonic()
                    for future in _asked_again(client, work, sent, looked - late):
                        waiting.add(future)
            future = next(waiting)
            if future not in sent:  # somebody else was faster
                continue
            done = sent[future]
            answers = _answers(client, work, future, done.batch)
            for other in [other for other, its in sent.items() if its.index == done.index]:
                del sent[other]
                other.release()
            yield done.index, answers
    finally:
        pending.give_back({its.index: its.batch for its in sent.values()}.items())


def _asked_again(
    client: "Client", work: Callable[[AnyItem], Answer], sent: "dict[Future[list[Answer]], _Sent[AnyItem]]", when: float
) -> "Iterator[Future[list[Answer]]]":
    """Yield what other workers are asked in addition: batches *sent* before *when*, each once."""
    late = [future for future, its in sent.items() if its.since < when and not its.is_asked_twice]
    holders = {key: worker for worker, keys in client.processing().items() for key in keys} if late else {}
    for future in late:
        its, holder = sent[future], holders.get(future.key)
        others = [worker for worker in client.nthreads() if worker != holder]
        if holder is None or not others:  # it waits for a worker, or there is no other
            continue
        again = client.submit(_done, work, its.batch, pure=False, workers=others)
        sent[future] = sent[again] = _Sent(its.index, its.batch, its.since, is_asked_twice=True)
        yield again


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


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
