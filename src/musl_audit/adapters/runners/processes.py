"""Several wheels at once, each in one of a few processes."""

import gc
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic

from musl_audit.adapters.allocator import keep_memory
from musl_audit.adapters.runners import Answer, AnyItem
from musl_audit.judging.rules.musl902_not_judged import RULE as NOT_JUDGED
from musl_audit.model import Failure


def run(work: Callable[[AnyItem], Answer], items: Iterable[AnyItem], jobs: int) -> Generator[Answer | Failure]:
    """
    Yield what *work* returns for each of *items*, in their order, from *jobs* processes.

    A process that dies, for want of memory say, is a failure of one wheel and is replaced. Closing the iterator, as an
    interrupt does, ends them all at once.
    """
    yield from in_order(_as_completed(work, items, jobs))


def in_order(completed: Generator[tuple[int, Answer | Failure]]) -> Generator[Answer | Failure]:
    """Yield the answers of *completed* in the order of their indices, each as soon as all before it are known."""
    done: dict[int, Answer | Failure] = {}
    wanted = 0
    with closing(completed):
        for index, answer in completed:
            done[index] = answer
            while wanted in done:
                yield done.pop(wanted)
                wanted += 1


def _as_completed(
    work: Callable[[AnyItem], Answer], items: Iterable[AnyItem], jobs: int
) -> Generator[tuple[int, Answer | Failure]]:
    """Yield the index and the answer for each of *items* when it is known; none is taken before it can be begun."""
    pending = enumerate(items)
    hired: list[Worker[AnyItem, Answer]] = []
    idle: list[Worker[AnyItem, Answer]] = []
    busy: dict[int, tuple[Worker[AnyItem, Answer], AnyItem]] = {}
    answers: list[tuple[int, Answer | Failure]] = []
    try:
        while True:
            for index, item in islice(pending, jobs - len(busy)):
                worker = idle.pop() if idle else hire(work, hired)
                worker.ask(item)
                busy[index] = worker, item
            yield from answers  # what is done with them takes its time: all processes have work meanwhile
            if not busy:
                return
            ready = wait([worker.pipe for worker, _ in busy.values()])
            answers = []
            for index in [index for index, (worker, _) in busy.items() if worker.pipe in ready]:
                worker, item = busy.pop(index)
                answer = worker.answer()
                if answer is None:
                    hired.remove(worker)
                    answers.append((index, worker.epitaph(item)))
                else:
                    idle.append(worker)
                    answers.append((index, answer))
    finally:
        with interrupts_held():
            for worker in hired:
                worker.stop()


class Worker(Generic[AnyItem, Answer]):
    """A process that examines one wheel after the other."""

    __slots__ = ("pipe", "process")

    def __init__(self, process: BaseProcess, pipe: "Connection[AnyItem, Answer]") -> None:
        self.process, self.pipe = process, pipe

    def ask(self, item: AnyItem) -> None:
        """Have the process examine *item*."""
        with suppress(BrokenPipeError):  # it died; there will be no answer
            self.pipe.send(item)

    def answer(self) -> Answer | None:
        """Return what the process found; None where it died instead."""
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionResetError):
            return None

    def epitaph(self, item: AnyItem) -> Failure:
        """Return how the process died over *item*."""
        self.stop()
        code = self.process.exitcode or 0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return Failure(item.path, NOT_JUDGED.code, f"not examined: the process that read it {how}")

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.process.join(0)
        self.process.kill()
        self.process.join()
        self.pipe.close()


def hire(work: Callable[[AnyItem], Answer], hired: list[Worker[AnyItem, Answer]]) -> Worker[AnyItem, Answer]:
    """Start a process and list it in *hired*; no interrupt comes between the two."""
    keep_memory()  # items and answers come and go in both
    # Python 3.14 would start a server there that forks: it knows nothing of interrupts, and imports everything anew.
    context = get_context("fork") if sys.platform == "linux" else get_context()
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(work, theirs), daemon=True)
    with interrupts_held():
        process.start()
        theirs.close()
        hired.append(Worker(process, ours))
    return hired[-1]


@contextmanager
def interrupts_held() -> Iterator[None]:
    """
    Let an interrupt wait for the end of the block.

    A process that starts in the block holds them, too, so that none comes before it ignores them.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(work: Callable[[AnyItem], Answer], pipe: "Connection[Answer, AnyItem]") -> None:
    """Examine what *pipe* asks for, until the process at the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells every process; the parent alone decides
    gc.freeze()  # what is inherited is shared as long as nobody touches it, and would be looked through for nothing
    parent = parent_process()
    while pipe in wait([pipe, *([parent.sentinel] if parent else [])]):
        try:
            item = pipe.recv()
        except EOFError:
            return
        pipe.send(work(item))
