"""What a report says about one place: whether everything in the wheel loads there, and what is in the way."""

from collections.abc import Callable

from musl_audit.frozen import frozen
from musl_audit.judging.rules import rule_of
from musl_audit.judging.rules.musl101_symbol_missing_in_promised_release import RULE as MISSING_SYMBOL
from musl_audit.model import Evidence, ExternalLibrary, Finding, LibraryStatus, Loads, MuslVersion, Report, Severity


@frozen
class Obstacle:
    """What keeps a wheel from loading: the rule that says it, and what it says it of."""

    code: str
    members: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


@frozen
class Answer:
    """Whether a wheel loads at a place; ``obstacle`` if not. ``loads`` None: it cannot be told."""

    loads: bool | None
    obstacle: Obstacle | None = None


def loads_at(report: Report, release: MuslVersion, distribution: str | None = None) -> Answer:
    """
    Return whether the wheel of *report* loads on musl *release*.

    *distribution*, the id of a row of the policies, wins over its bare release: its musl may have symbols backported.
    """
    verdict = report.verdict
    if verdict.arch is None:
        return Answer(loads=True)  # nothing in it asks for a loader
    if blocked := next((item for item in report.findings if _blocks(item)), None):
        return Answer(loads=False, obstacle=Obstacle(blocked.code, blocked.members, blocked.symbols, blocked.libraries))
    row = next((item for item in verdict.distributions if item.id == distribution), None)
    evidence: tuple[Evidence, ...] = tuple(item for item in verdict.decided_by if release in item.fails_on)
    loads = release in verdict.loads_on
    if row is not None and row.loads is not None:
        loads = row.loads
        evidence = evidence if row.because is None else (verdict.decided_by[row.because], *evidence)
    if loads:
        return Answer(loads=None if verdict.loads is Loads.UNKNOWN else True)
    if release not in verdict.known:
        return Answer(loads=None)
    first = min(evidence, key=lambda item: not rule_of(item.code).crashes, default=None)
    if first is None:
        return Answer(loads=False, obstacle=Obstacle(MISSING_SYMBOL.code))
    libraries = next((item.libraries for item in report.findings if item.code == first.code), ())
    return Answer(loads=False, obstacle=Obstacle(first.code, first.members, first.symbols, libraries))


def outside_libraries(report: Report) -> tuple[str, ...]:
    """Return the libraries that neither the wheel nor musl nor the interpreter has."""
    return tuple(item.soname for item in report.external_libraries if _is_outside(item))


def missing_library(report: Report, has_library: Callable[[str], bool]) -> ExternalLibrary | None:
    """Return the first library that the system would have to have, and has not."""
    missing = (item for item in report.external_libraries if _is_outside(item) and not has_library(item.soname))
    return next(missing, None)


def _is_outside(library: ExternalLibrary) -> bool:
    return library.status in (LibraryStatus.MISSING, LibraryStatus.ALLOWED)


def _blocks(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR and not finding.fails_on and rule_of(finding.code).blocks_import
