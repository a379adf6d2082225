"""Which version: of what indexes offer, the newest that loads at a destination. The installer resolves; this tells."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from musl_audit.adapters.indexes.asking import AT_ONCE
from musl_audit.adapters.indexes.projects import IndexGroup
from musl_audit.adapters.indexes.verdicts import Verdicts
from musl_audit.environment.choices import Choice, OfferAnswer, Status, VersionRung
from musl_audit.errors import IndexAccessError
from musl_audit.wheel.names import musllinux_series, normalized_project
from musl_audit.wheel.offers import Offer, OfferedFile, OfferedVersion, Wanted, admitted, offered_versions

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.version import Version


_BEFORE_PACKING = "1.1"  # the series of musl whose images have no linker that packs relocations
Watch = Callable[[VersionRung], None]


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
    rungs: list[VersionRung] = []
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
    unfit = tuple(_unfit(versions, admitted_ones, requirement, with_prereleases=with_prereleases))
    status = Status.FOUND if any(rung.chosen for rung in rungs) else Status.NONE
    return Choice(said, project, status, tuple(rungs), unfit)


def choose_locked(
    requirement: "Requirement", files: Sequence[OfferedFile], verdicts: Verdicts, wanted: Wanted
) -> Choice:
    """Return whether the one of *files*, those that a lock names, loads that an installer takes."""
    project, said = normalized_project(requirement.name), str(requirement)
    offers = [offer for item in offered_versions(project, files, wanted).values() for offer in item.offers]
    if not offers:
        return Choice(
            said, project, Status.SKIPPED, message="no wheel in the lock fits: it would be built", is_locked=True
        )
    try:
        answer = verdicts.probed(offers[0]) or verdicts.read(offers[0])
    except IndexAccessError as error:
        return Choice(said, project, Status.FAILED, message=str(error), is_locked=True)
    status = Status.FOUND if answer.is_good else Status.NONE
    return Choice(said, project, status, (VersionRung(offers[0].name.version, (answer,)),), is_locked=True)


def climb(
    versions: Sequence[OfferedVersion], verdicts: Verdicts, read: Callable[[Offer], OfferAnswer] | None = None
) -> Iterator[VersionRung]:
    """
    Yield a rung for each of *versions*, in their order; the next few are probed while one is looked at.

    *read* answers about a file that no probe refuses; by default all of it is read.

    Raise ``IndexAccessError`` where a file cannot be had.
    """
    if not versions:
        return
    ahead: dict[int, Future[OfferAnswer | None]] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for index, offered in enumerate(versions):
                for later in range(index, min(index + AT_ONCE, len(versions))):
                    if later not in ahead:
                        ahead[later] = pool.submit(_glanced, versions[later].offers[0], verdicts)
                yield _rung(offered, ahead.pop(index), verdicts, read or verdicts.read)
        finally:
            for future in ahead.values():
                future.cancel()


def _rung(
    offered: OfferedVersion,
    first: "Future[OfferAnswer | None]",
    verdicts: Verdicts,
    read: Callable[[Offer], OfferAnswer],
) -> VersionRung:
    answers: list[OfferAnswer] = []
    for offer in offered.offers:
        probed = first.result() if offer is offered.offers[0] else _glanced(offer, verdicts)
        answers.append(probed or read(offer))
        if answers[-1].is_good:
            break
    return VersionRung(offered.version, tuple(answers))


def _glanced(offer: Offer, verdicts: Verdicts) -> OfferAnswer | None:
    """Return what is known of a file without reading all of it; of one for musl 1.1 a probe would find nothing."""
    tags = map(musllinux_series, offer.name.platform_tags)
    is_old = all(tag is not None and tag[0] == _BEFORE_PACKING for tag in tags)
    return verdicts.kept(offer) if is_old else verdicts.probed(offer)


def _unfit(
    versions: "Mapping[Version, OfferedVersion]",
    fitting: Sequence[OfferedVersion],
    requirement: "Requirement",
    *,
    with_prereleases: bool,
) -> Iterator[str]:
    """Yield the versions that are newer than the newest that fits, and that the requirement admits."""
    if not fitting:
        return
    for version, offered in versions.items():
        if offered.version == fitting[0].version:
            return
        is_meant = with_prereleases or not version.is_prerelease
        if is_meant and not offered.offers and requirement.specifier.contains(version, prereleases=True):
            yield offered.version
