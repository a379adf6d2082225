"""What a run is about, and how its outcomes come to be: here, or in several processes."""

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing

from musl_audit.errors import UsageError
from musl_audit.model import Failure, Skip

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from typing import TypeVar

    Answer = TypeVar("Answer")

Input = str | Skip | Failure  # the path of a wheel, or a row

# Starting processes takes about as long as reading this much: below it, one process is faster.
_WORTH_PROCESSES = 4 << 20  # bytes of wheels


def inputs_of(references: Sequence[str], output: str | None = None) -> list[Input]:
    """Return what *references* mean; raise ``UsageError`` where there are none, or *output* would overwrite one."""
    from musl_audit.adapters.sources.files import expand

    if not references:
        raise UsageError("no wheel given: name a wheel, a directory of wheels, or a quoted glob")
    inputs = list(expand(references))
    if output is not None and any(isinstance(item, str) and _is_same(item, output) for item in inputs):
        raise UsageError(f"--output {output}: is one of the wheels to read")
    return inputs


def _is_same(path: str, output: str) -> bool:
    try:
        return os.path.samefile(path, output)
    except (OSError, ValueError):  # there is no such output yet, or never can be
        return False


def outcomes_of(
    inputs: Iterable[Input], examine: "Callable[[str], Answer]", jobs: int
) -> "Generator[Answer | Skip | Failure]":
    """Yield what *examine* returns for each wheel of *inputs*, and what else they hold, in their order."""
    inputs = list(inputs)
    paths = [item for item in inputs if isinstance(item, str)]
    with closing(_run(examine, paths, jobs)) as examined:
        for item in inputs:
            yield next(examined) if isinstance(item, str) else item


def _run(examine: "Callable[[str], Answer]", paths: Sequence[str], jobs: int) -> "Generator[Answer | Failure]":
    if min(jobs, len(paths)) > 1 and _size_of(paths) > _WORTH_PROCESSES:
        from musl_audit.adapters.runners import processes

        yield from processes.run(examine, paths, jobs)
    else:
        yield from map(examine, paths)


def _size_of(paths: Iterable[str]) -> int:
    total = 0
    for path in paths:
        try:
            total += os.stat(path).st_size
        except OSError:  # its examination will say so
            continue
    return total
