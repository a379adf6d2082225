"""
The verdict in the reader's words: what every report begins with.

The one place that makes it, for every case and every format; ``docs/reference/verdicts.md`` has the table of cases.
"""

from collections.abc import Iterable, Iterator, Sequence

from musl_audit.judging.impact import spell_releases
from musl_audit.judging.rules.base import spell
from musl_audit.model import Brings, Evidence, Finding, Loads, Report, Severity, WheelKind
from musl_audit.reporters.places import Place, is_shipped, places, spell_places
from musl_audit.reporters.ways import Way, way_of, why

_NOTHING = "Has nothing for musl in it: no binary that musl's loader would load."


def summary(report: Report) -> str:
    """Return where the wheel works, where it does not and how it looks there, and whether ``repair`` mends it."""
    return " ".join(_sentences(report))


def _sentences(report: Report) -> Iterator[str]:
    verdict = report.verdict
    if verdict.arch is None or not verdict.known:
        yield _unjudged(report)
        return
    found = places(report)
    if report.brings is Brings.NOTHING and verdict.loads is Loads.ALL:
        yield _NOTHING
        yield from _errors(report)
    elif not verdict.loads_on:
        yield _nowhere(report)
    else:
        yield from _somewhere(report, found)
        if report.brings is Brings.STATIC:
            yield "Its programs are static and need no musl."
    if report.kind is WheelKind.FILE:
        yield "A file by itself, no wheel: its tags are unknown, and so is what it promises."
    yield from _mending(report, found)


def _unjudged(report: Report) -> str:
    unknown = [claim.tag for claim in report.claims if claim.series and claim.floor is None and claim.kept is None]
    if unknown:
        return f"Cannot be judged: musl-audit knows nothing of {spell(unknown)}."
    return _NOTHING


# --- Where it works, and where not ------------------------------------------------------------------------


def _nowhere(report: Report) -> str:
    evidence = [item for item in report.verdict.decided_by if item.fails_on.issuperset(report.verdict.known)]
    evidence = evidence or list(report.verdict.decided_by)
    if way_of(evidence) is Way.CRASHES:
        return "Crashes on every musl."
    reason = why(evidence, report.external_libraries, everywhere=True)
    return f"Loads on no musl at all: {reason}." if reason else "Loads on no musl at all."


def _somewhere(report: Report, found: Sequence[Place]) -> Iterator[str]:
    failing = [place for place in found if not place.loads]
    working = [place for place in found if place.loads]
    is_exception = bool(working) and all(place.answer.name != working[0].answer.name for place in failing)
    if not is_exception:
        yield from _failures(report, failing)
    yield _success(report, working, but=failing if is_exception else ())
    if not failing:
        yield from _unshipped(report)
    yield from _errors(report)


def _failures(report: Report, failing: Sequence[Place]) -> Iterator[str]:
    """Yield a sentence for each way to fail, in the order of the releases."""
    groups: dict[tuple[Way, str], list[Place]] = {}
    for place in failing:
        way = way_of(place.evidence)
        reason = "" if way is Way.CRASHES else why(place.evidence, report.external_libraries)
        groups.setdefault((way, reason), []).append(place)
    for (way, reason), group in groups.items():
        where = spell_places((place.answer for place in group), report.verdict.distributions)
        if way is Way.CRASHES:
            yield f"Crashes on {where}."
        else:
            yield f"Fails to load on {where}" + (f": {reason}." if reason else ".")


def _success(report: Report, working: Sequence[Place], but: Sequence[Place]) -> str:
    verdict = report.verdict
    verb = "Loads" if _other_errors(report) else "Works"
    where = spell_places((place.answer for place in working), verdict.distributions)
    where = where or f"musl {spell_releases(verdict.loads_on, verdict.known)}"
    if verdict.loads is Loads.UNKNOWN:
        return f"{verb} on {where}, as far as the wheel alone can tell."
    if verdict.loads is Loads.ALL and not but:
        return f"{verb} on every known musl: {where}."
    if but:
        where += f", but not on {spell_places((place.answer for place in but), verdict.distributions)}"
    return f"{verb} on {where}."


def _unshipped(report: Report) -> Iterator[str]:
    """Yield the promised releases on which it fails and that no distribution ships, which nothing else would say."""
    verdict = report.verdict
    broken = {release for claim in report.claims for release in claim.broken_on}
    lost = [release for release in sorted(broken) if not is_shipped(release, verdict.distributions)]
    if lost:
        yield f"Fails to load on musl {spell_releases(lost, verdict.known)}."


# --- What else is wrong, and what helps -------------------------------------------------------------------


def _errors(report: Report) -> Iterator[str]:
    """Yield what breaks the promise though everything loads: a suffix that no Python imports, a wrong tag."""
    errors = sorted({f"{finding.code} {finding.name}" for finding in _other_errors(report)})
    if errors:
        yield f"Its promise is broken all the same: {spell(errors, 2)}."


def _other_errors(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.severity is Severity.ERROR and not finding.fails_on]


def _mending(report: Report, found: Sequence[Place]) -> Iterator[str]:
    """Yield whether ``repair`` helps: against all that is in the way, or against some of it."""
    evidence = {item: None for place in found for item in place.evidence}
    evidence.update({item: None for item in report.verdict.decided_by if _breaks_a_promise(item, report)})
    answers = [_is_mended(item, report.findings) for item in evidence]
    answers += [finding.is_mendable for finding in _other_errors(report)]
    if answers and all(answers):
        yield "`musl-audit repair` mends it."
    elif any(answers):
        yield "`musl-audit repair` mends a part of it."


def _breaks_a_promise(item: Evidence, report: Report) -> bool:
    return any(not item.fails_on.isdisjoint(claim.broken_on) for claim in report.claims)


def _is_mended(item: Evidence, findings: Iterable[Finding]) -> bool:
    same = [finding for finding in findings if finding.code == item.code and finding.members == item.members]
    return bool(same) and all(finding.is_mendable for finding in same)
