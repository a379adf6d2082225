"""From what fails on which release to the answer: releases, distributions, tags earned."""

from collections.abc import Iterable

from musl_audit.judging.context import Context
from musl_audit.loader.linkage import Linkage
from musl_audit.model import (
    Allowed,
    DistributionAnswer,
    Evidence,
    Excluded,
    ExternalLibrary,
    FromInterpreter,
    FromLibc,
    InWheel,
    LibraryStatus,
    Loads,
    MuslVersion,
    Outside,
    Provider,
    Releases,
    Severity,
    Statement,
    Unknown,
    Unreachable,
    Verdict,
)
from musl_audit.policy import Distribution

_STATUS: dict[type[Provider], LibraryStatus] = {
    Allowed: LibraryStatus.ALLOWED,
    Excluded: LibraryStatus.EXCLUDED,
    FromInterpreter: LibraryStatus.INTERPRETER,
    FromLibc: LibraryStatus.LIBC,
    Outside: LibraryStatus.MISSING,
    Unknown: LibraryStatus.UNKNOWN,
    Unreachable: LibraryStatus.UNREACHABLE,
}


def decide(context: Context, stated: Iterable[Statement], *, floors: dict[str, MuslVersion]) -> Verdict:
    """
    Return the verdict that what the rules *stated* makes together.

    ``floors`` maps each musllinux tag that could be earned to the oldest release it promises.
    """
    if context.arch is None:
        return Verdict(arch=None)
    stated = tuple(stated)
    evidence = _evidence(stated)
    loads_on = context.known.difference(*(item.fails_on for item in evidence))
    loads = _loads(context, loads_on)
    is_broken = any(finding.severity is Severity.ERROR and not finding.fails_on for finding in stated)
    is_certain = not is_broken and loads is not Loads.UNKNOWN
    return Verdict(
        arch=context.arch.name,
        known=context.releases,
        loads=loads,
        loads_on=loads_on,
        required_musl=required(context.releases, loads_on),
        decided_by=evidence,
        distributions=tuple(
            _answer(distribution, evidence, context)
            for distribution in context.catalog.distributions
            if distribution.verified and distribution.is_for(context.arch) and distribution.musl in context.known
        ),
        earned_tags=tuple(
            tag for tag, floor in floors.items() if is_certain and keeps(floor, context.releases, loads_on)
        ),
    )


def _evidence(stated: Iterable[Statement]) -> tuple[Evidence, ...]:
    """Return why the wheel fails where it fails, the widest reason first."""
    failing = sorted(
        (finding for finding in stated if finding.fails_on),
        key=lambda finding: (-len(finding.fails_on), finding.code, finding.members),
    )
    return tuple(Evidence(item.fails_on, item.code, item.members, item.symbols) for item in failing)


def external_libraries(linkage: Linkage) -> tuple[ExternalLibrary, ...]:
    """Return every library that some file needs and the wheel does not provide, by soname."""
    status: dict[str, LibraryStatus] = {}
    needed_by: dict[str, set[str]] = {}
    excluded_by: dict[str, str] = {}
    for need in (need for load in linkage.loads for need in load.needs):
        if not isinstance(need.provider, InWheel):
            status[need.soname] = _STATUS[type(need.provider)]
            needed_by.setdefault(need.soname, set()).add(need.path)
        if isinstance(need.provider, Excluded):
            excluded_by[need.soname] = need.provider.glob
    return tuple(
        ExternalLibrary(soname, status[soname], tuple(sorted(needed_by[soname])), excluded_by.get(soname))
        for soname in sorted(status)
    )


def keeps(floor: MuslVersion, known: Iterable[MuslVersion], loads_on: Releases) -> bool:
    """Whether every known release from *floor* on is in *loads_on*."""
    return all(release in loads_on for release in known if release >= floor)


def required(known: tuple[MuslVersion, ...], loads_on: Releases) -> MuslVersion | None:
    """
    Return the lowest release from which all later known ones load, None if the newest does not.

    >>> old, new = MuslVersion(1, 2, 3), MuslVersion(1, 2, 4)
    >>> str(required((old, new), frozenset({new})))
    '1.2.4'
    """
    lowest = None
    for release in reversed(known):
        if release not in loads_on:
            break
        lowest = release
    return lowest


def _loads(context: Context, loads_on: Releases) -> Loads:
    if not loads_on:
        return Loads.NONE
    if context.facts.unread or any(isinstance(need.provider, Unknown) for load in context.loads for need in load.needs):
        return Loads.UNKNOWN
    return Loads.ALL if loads_on == context.known else Loads.SOME


def _answer(distribution: Distribution, evidence: tuple[Evidence, ...], context: Context) -> DistributionAnswer:
    because = next(
        (index for index, item in enumerate(evidence) if _hits(item, distribution)),
        None,
    )
    lacks = bool(distribution.symbols_removed) and _needs_any(context, distribution.symbols_removed)
    return DistributionAnswer(
        id=distribution.id,
        name=distribution.name,
        release=distribution.release,
        musl=distribution.musl,
        supported_until=distribution.supported_until,
        loads=because is None and not lacks,
        because=because,
    )


def _hits(item: Evidence, distribution: Distribution) -> bool:
    """Whether *item* holds on the distribution: its musl may have symbols backported."""
    if distribution.musl not in item.fails_on:
        return False
    return not item.symbols or not frozenset(item.symbols) <= distribution.symbols_added


def _needs_any(context: Context, symbols: frozenset[str]) -> bool:
    return any(
        not symbol.is_weak and not any(symbol.name in other.defined for other in load.files)
        for load in context.loads
        for file in load.files
        if not symbols.isdisjoint(context.imported(file))
        for symbol in file.undefined
        if symbol.name in symbols and symbol.is_referenced
    )
