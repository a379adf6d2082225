"""One wheel after the other, in this process."""

from collections.abc import Callable, Generator, Iterable

from musl_audit.adapters.runners import Answer, AnyItem
from musl_audit.model import Failure


def run(work: Callable[[AnyItem], Answer], items: Iterable[AnyItem], _jobs: int) -> Generator[Answer | Failure]:
    """Yield what *work* returns for each of *items*, in their order."""
    yield from map(work, items)
