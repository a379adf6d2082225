"""Which version: of what indexes offer, the newest that loads at a destination. The installer resolves; this tells."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from musl_audit.adapters.indexes.asking import AT_ONCE
from musl_audit.adapters.indexes.projects import IndexGroup
from musl_audit.adapters.indexes.verdicts import Verdicts
from musl_audit.environment.choices import Choice, FileAnswer, Rung, Status
from musl_audit.errors import IndexAccessError
from musl_audit.wheel.names import normalized_project
from musl_audit.wheel.offers import OfferedVersion, Wanted, admitted, offered_versions

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from packaging.requirements import Requirement


Watch = Callable[[Rung], None]


def choose(
    requirement: "Requirement",
    group: IndexGroup,
    verdicts: Verdicts,
    wanted: Wanted,
    *,
    looks_at_all: bool = False,
    with_prereleases: bool = False,
    watch: Watch = lambda _: None,
) -> Choice:
    """
    Return the newest version that *requirement* admits and that loads.

    With *looks_at_all*, every older version is judged as well. A server that cannot be asked makes the choice fail,
    whatever else it offers: the newest is not known then.
    """
    project, said = normalized_project(requirement.name), str(requirement)
    rungs: list[Rung] = []
    try:
        page = group.project(project)
        if not page.is_known:
            return Choice(said, project, Status.MISSING)
        versions = offered_versions(project, page.files, wanted)
        admitted_ones = list(admitted(versions, requirement.specifier, with_prereleases=with_prereleases))
        for rung in climb(admitted_ones, verdicts):
            rungs.append(rung)
            watch(rung)
            if rung.chosen is not None and not looks_at_all:
                break
    except IndexAccessError as error:
        return Choice(said, project, Status.FAILED, tuple(rungs), message=str(error))
    unfit = tuple(_unfit(versions.values(), admitted_ones, requirement))
    status = Status.FOUND if any(rung.chosen for rung in rungs) else Status.NONE
    return Choice(said, project, status, tuple(rungs), unfit)


def climb(versions: Sequence[OfferedVersion], verdicts: Verdicts) -> Iterator[Rung]:
    """
    Yield a rung for each of *versions*, in their order; the next few are probed while one is looked at.

    Raise ``IndexAccessError`` where a file cannot be had.
    """
    if not versions:
        return
    ahead: dict[int, Future[FileAnswer | None]] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for index, offered in enumerate(versions):
                for later in range(index, min(index + AT_ONCE, len(versions))):
                    if later not in ahead:
                        ahead[later] = pool.submit(verdicts.probed, versions[later].offers[0])
                yield _rung(offered, ahead.pop(index), verdicts)
        finally:
            for future in ahead.values():
                future.cancel()


def _rung(offered: OfferedVersion, first: "Future[FileAnswer | None]", verdicts: Verdicts) -> Rung:
    answers: list[FileAnswer] = []
    for offer in offered.offers:
        probed = first.result() if offer is offered.offers[0] else verdicts.probed(offer)
        answers.append(probed or verdicts.read(offer))
        if answers[-1].is_good:
            break
    return Rung(offered.version, tuple(answers))


def _unfit(
    versions: Iterable[OfferedVersion],
    fitting: Sequence[OfferedVersion],
    requirement: "Requirement",
) -> Iterator[str]:
    """Yield the versions that are newer than the newest that fits, and that the requirement admits."""
    newest = fitting[0].version if fitting else None
    for offered in versions:
        if offered.version == newest:
            return
        if not offered.offers and requirement.specifier.contains(offered.version):
            yield offered.version
