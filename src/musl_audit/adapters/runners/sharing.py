"""
Several small inputs at once, in a few processes of which this one is one.

Where there are as many processes as cores, one that only waits and hands out takes time from those that work. For
inputs that cannot hurt it: one that ends the process ends all.
"""

import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from multiprocessing.connection import wait
from typing import Generic

from musl_audit.adapters.runners import Answer, AnyItem
from musl_audit.adapters.runners.processes import Worker, hire, in_order, interrupts_held
from musl_audit.model import Failure

_AT_HAND = 3  # items that another process has, so that it need not wait until this one looks up from its own
_SMALL = 4096  # bytes: what is sent to a process that is busy must fit into any pipe, or both wait for each other
_MOST_AHEAD = 64  # items that this process does beyond one that another has not answered: their answers are kept


def run(work: Callable[[AnyItem], Answer], items: Iterable[AnyItem], jobs: int) -> Generator[Answer | Failure]:
    """
    Yield what *work* returns for each of *items*, in their order, from this process and *jobs* - 1 others.

    One of these that dies is a failure of one item and is replaced. Closing the iterator, as an interrupt does, ends
    them all at once.
    """
    yield from in_order(_Team(work, items, jobs - 1).answers())


class _Hand(Generic[AnyItem, Answer]):
    """Another process, and what it has been asked, oldest first."""

    def __init__(self, worker: Worker[AnyItem, Answer]) -> None:
        self.worker = worker
        self.asked: deque[tuple[int, AnyItem]] = deque()

    def may_be_asked(self, item: AnyItem) -> bool:
        """Whether *item* can be sent now: anything where it waits, else what is sure to fit into the pipe."""
        return not self.asked or len(pickle.dumps(item)) <= _SMALL

    def ask(self, index: int, item: AnyItem) -> None:
        """Have it do *item*."""
        self.worker.ask(item)
        self.asked.append((index, item))


class _Team(Generic[AnyItem, Answer]):
    """The others, and what this process does beside them."""

    def __init__(self, work: Callable[[AnyItem], Answer], items: Iterable[AnyItem], others: int) -> None:
        self._work = work
        self._pending = enumerate(items)
        self._returned: deque[tuple[int, AnyItem]] = deque()  # taken, and not done
        self._others = others
        self._hired: list[Worker[AnyItem, Answer]] = []
        self._hands: list[_Hand[AnyItem, Answer]] = []

    def answers(self) -> Generator[tuple[int, Answer | Failure]]:
        """Yield the index and the answer for each item when it is known."""
        try:
            while True:
                self._hand_out()
                if found := list(self._collected(is_waiting=False)):
                    self._hand_out()  # before anything is done with the answers, which takes its time
                    yield from found
                elif (own := self._own()) is not None:
                    yield own[0], self._work(own[1])
                elif found := list(self._collected(is_waiting=True)):
                    yield from found
                else:
                    return
        finally:
            with interrupts_held():
                for worker in self._hired:
                    worker.stop()

    def _take(self) -> tuple[int, AnyItem] | None:
        return self._returned.popleft() if self._returned else next(self._pending, None)

    def _hand_out(self) -> None:
        """Give every other process something to do, and something to go on with."""
        for depth in range(1, _AT_HAND + 1):
            for number in range(self._others):
                if number < len(self._hands) and len(self._hands[number].asked) >= depth:
                    continue
                entry = self._take()
                if entry is None:
                    return
                if number >= len(self._hands):
                    self._hands.append(_Hand(hire(self._work, self._hired)))
                if not self._hands[number].may_be_asked(entry[1]):
                    self._returned.appendleft(entry)
                    return
                self._hands[number].ask(*entry)

    def _own(self) -> tuple[int, AnyItem] | None:
        """Return what this process does next, None where nothing is left or it is far ahead of the others."""
        entry = self._take()
        if entry is None:
            return None
        oldest = min((hand.asked[0][0] for hand in self._hands if hand.asked), default=entry[0])
        if entry[0] - oldest <= _MOST_AHEAD:
            return entry
        self._returned.appendleft(entry)
        return None

    def _collected(self, *, is_waiting: bool) -> Iterator[tuple[int, Answer | Failure]]:
        """Yield what the others have answered meanwhile, or next if this process *is_waiting*; none: nobody is busy."""
        busy = [hand for hand in self._hands if hand.asked]
        ready = wait([hand.worker.pipe for hand in busy], None if is_waiting else 0) if busy else []
        for hand in [hand for hand in busy if hand.worker.pipe in ready]:
            index, item = hand.asked.popleft()
            answer = hand.worker.answer()
            if answer is not None:
                yield index, answer
                continue
            self._hired.remove(hand.worker)
            self._hands.remove(hand)
            self._returned.extendleft(reversed(hand.asked))
            yield index, hand.worker.epitaph(item)
