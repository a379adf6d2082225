"""From what fails on which release to the answer: releases, distributions, tags earned."""

from collections.abc import Iterable
from functools import lru_cache

from musl_audit.frozen import replace
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
    Symbol,
    Unknown,
    Unreachable,
    Verdict,
)
from musl_audit.policy import Catalog, Distribution

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
    lost = context.known.intersection(frozenset[MuslVersion]().union(*(item.fails_on for item in evidence)))
    loads_on = context.known - lost
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
        distributions=_answers(evidence, context),
        earned_tags=tuple(
            tag for tag, floor in floors.items() if is_certain and all(release < floor for release in lost)
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


def required(known: tuple[MuslVersion, ...], loads_on: Releases) -> MuslVersion | None:
    """
    Return the lowest release from which all later known ones load, None if the newest does not.

    *loads_on* are some of those that are *known*, which are ascending.

    >>> old, new = MuslVersion(1, 2, 3), MuslVersion(1, 2, 4)
    >>> str(required((old, new), frozenset({new})))
    '1.2.4'
    """
    if len(loads_on) == len(known):
        return next(iter(known), None)
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


def _answers(evidence: tuple[Evidence, ...], context: Context) -> tuple[DistributionAnswer, ...]:
    """Return the answers for all distributions of the architecture: mostly those that need no new value."""
    if context.arch is None:
        return ()
    rows = _distributions(context.catalog, context.arch.name, context.known)
    removed = {distribution.symbols_removed for distribution, _ in rows if distribution.symbols_removed}
    lacking = {symbols for symbols in removed if _needs_any(context, symbols)}
    if not evidence and not lacking:
        return tuple([works for _, works in rows])
    answers = []
    for distribution, works in rows:
        because = next((index for index, item in enumerate(evidence) if _hits(item, distribution)), None)
        is_hit = because is not None or distribution.symbols_removed in lacking
        answers.append(replace(works, loads=False, because=because) if is_hit else works)
    return tuple(answers)


@lru_cache(maxsize=16)
def _distributions(catalog: Catalog, arch: str, known: Releases) -> tuple[tuple[Distribution, DistributionAnswer], ...]:
    """Return the distributions that have something to say about *arch*, and what is said where a wheel loads."""
    return tuple(
        (
            row,
            DistributionAnswer(
                id=row.id,
                name=row.name,
                release=row.release,
                musl=row.musl,
                supported_until=row.supported_until,
                loads=True,
            ),
        )
        for row in catalog.distributions
        if row.verified and row.is_for(catalog.arches[arch]) and row.musl in known
    )


def _hits(item: Evidence, distribution: Distribution) -> bool:
    """Whether *item* holds on the distribution: its musl may have symbols backported."""
    if distribution.musl not in item.fails_on:
        return False
    return not item.symbols or not frozenset(item.symbols) <= distribution.symbols_added


def _needs_any(context: Context, symbols: frozenset[str]) -> bool:
    asked: dict[str, tuple[Symbol, ...]] = {}
    for file in context.loaded:
        if found := file.select_imported(symbols):
            asked[file.path] = found
    return bool(asked) and any(
        not symbol.is_weak and not any(symbol.name in other.defined for other in load.files)
        for load in context.loads
        for file in load.files
        for symbol in asked.get(file.path, ())
    )
