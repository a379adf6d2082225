"""Several wheels through ``repair``: in processes where that is worth it, and answered in their order."""

from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from musl_audit.adapters.runners import Runner, runner_for, runner_named
from musl_audit.errors import MuslAuditError, UsageError, WheelError
from musl_audit.frozen import frozen
from musl_audit.model import Failure
from musl_audit.wheel.names import parse_wheel_name
from musl_audit.workflows.repairing import Repaired, RepairStatus, Workshop


@frozen
class WheelToRepair:
    """A wheel, as a runner takes it."""

    path: str
    size: int  # bytes


@frozen
class _Work:
    """What a process does with a wheel; an error that ends the run is an answer, too."""

    workshop: Workshop

    def __call__(self, item: WheelToRepair) -> Repaired | UsageError:
        """Return what became of the wheel."""
        try:
            return self.workshop.repaired(Path(item.path))
        except UsageError as error:
            return error
        except MuslAuditError as error:
            return _failed(item.path, str(error))


def repair_each(workshop: Workshop, paths: Sequence[Path], jobs: int = 1) -> Generator[Repaired]:
    """
    Yield what became of each wheel of *paths*, in their order, from at most *jobs* processes.

    A process that dies is a failure of its wheel alone. Raise ``UsageError`` as the workshop does. Closing the iterator
    stops the work; what was published stays.
    """
    items = [WheelToRepair(str(path), _size(path)) for path in paths]
    runner: Runner = runner_named("serial") if may_collide(path.name for path in paths) else runner_for(items, jobs)
    with closing(runner.run(_Work(workshop), items, jobs)) as answers:
        for answer in answers:
            if isinstance(answer, UsageError):
                raise answer
            yield _failed(answer.path, answer.message) if isinstance(answer, Failure) else answer


def may_collide(filenames: Sequence[str] | Generator[str]) -> bool:
    """
    Whether two results might have one name: only the tags of one architecture, or none, tell the wheels apart.

    Which of the two is written, and which is refused, must not depend on which process is faster.

    >>> may_collide(["a-1-cp312-cp312-linux_x86_64.whl", "a-1-cp312-cp312-musllinux_1_2_x86_64.whl"])
    True
    >>> may_collide(["a-1-cp312-cp312-musllinux_1_2_aarch64.whl", "a-1-cp312-cp312-musllinux_1_2_x86_64.whl"])
    False
    """
    seen: dict[tuple[object, ...], set[str]] = {}
    for filename in filenames:
        try:
            name = parse_wheel_name(filename)
        except WheelError:
            continue
        key = name.distribution.lower().replace("_", "-"), name.version, name.python_tags, name.abi_tags
        arches = seen.setdefault(key, set())
        arch = _arch_of(name.platform_tags[0])
        if arch in arches or (arches and "any" in (arch, *arches)):
            return True
        arches.add(arch)
    return False


def _arch_of(tag: str) -> str:
    """
    Return what of *tag* names the architecture.

    >>> [_arch_of(tag) for tag in ("musllinux_1_2_x86_64", "linux_aarch64", "any")]
    ['x86_64', 'aarch64', 'any']
    """
    words = tag.split("_")
    while len(words) > 1 and (words[0].isdigit() or words[0] in ("musllinux", "manylinux", "linux")):
        words.pop(0)
    return "_".join(words)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # gone meanwhile: the workshop says so


def _failed(path: str, reason: str) -> Repaired:
    return Repaired(path, RepairStatus.FAILED, reasons=(reason,), exit_code=4)
