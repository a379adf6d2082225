"""
Where the examination of each wheel runs: one file per runner, found by file name.

May import the core. A runner takes a function and its inputs, and yields the answers in the order of the inputs; what
dies with its input is a ``Failure``. Read ``serial`` first, then ``processes``, then ``sharing``.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from importlib import import_module
from typing import Protocol, TypeVar

from musl_audit.adapters import module_names
from musl_audit.errors import UsageError, did_you_mean
from musl_audit.model import Failure

Answer = TypeVar("Answer")


class Item(Protocol):
    """What a runner is given: a value that can be sent elsewhere, and that has a name for people."""

    @property
    def path(self) -> str:
        """What it is called when it fails."""

    @property
    def size(self) -> int:
        """About how many bytes its examination reads."""


AnyItem = TypeVar("AnyItem", bound=Item)


class Runner(Protocol):
    """What a module of this folder offers."""

    def run(
        self, work: Callable[[AnyItem], Answer], items: Iterable[AnyItem], jobs: int
    ) -> Generator[Answer | Failure]:
        """Yield what *work* returns for each of *items*, in their order; take *jobs* at a time, not all at once."""


def runner_names() -> tuple[str, ...]:
    """Return the names of the runners, sorted."""
    return module_names(__path__)


def runner_named(name: str) -> Runner:
    """Return the runner in the file of that name; raise ``UsageError`` where there is none."""
    if name not in runner_names():
        raise UsageError(f"unknown runner {name!r}{did_you_mean(name, runner_names())}")
    found: Runner = import_module(f"{__name__}.{name}")
    return found


# Starting processes takes about as long as reading this much: below it, one process is faster.
_WORTH_PROCESSES = 4 << 20  # bytes of wheels


def runner_for(items: Sequence[Item], jobs: int) -> Runner:
    """Return the runner of this machine that has *items* done soonest, with at most *jobs* processes."""
    is_worth = min(jobs, len(items)) > 1 and sum(item.size for item in items) > _WORTH_PROCESSES
    return runner_named("processes" if is_worth else "serial")
