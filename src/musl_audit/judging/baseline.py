"""
What is known already: findings that a project has seen and lives with, so that only new ones fail.

A finding is known by the wheel (without its version), the rule, the member, the symbols and the libraries, in the words
that a rebuild does not change (``judging.identity``). Of a finding whose files are known in part, the others are new.
"""

from collections.abc import Iterable, Iterator, Mapping

from musl_audit.errors import UsageError
from musl_audit.frozen import frozen, replace
from musl_audit.judging.identity import stable_name, wheel_identity
from musl_audit.model import Finding, Report

SCHEMA_VERSION = 1
Place = tuple[str, str, str]  # wheel, code, member; the member is empty where a finding names none


@frozen
class Known:
    """What was known about one member: symbols and libraries of all findings of one rule."""

    symbols: frozenset[str]
    libraries: frozenset[str]

    def covers(self, other: "Known") -> bool:
        """Whether *other* has nothing in it that is new."""
        return other.symbols <= self.symbols and other.libraries <= self.libraries


@frozen
class Baseline:
    """Every finding that is known, by its place."""

    places: Mapping[Place, Known]

    def new_of(self, report: Report) -> tuple[Report, frozenset[Place]]:
        """Return *report* with the findings that are new, and the places that were found again."""
        kept: list[Finding] = []
        found: set[Place] = set()
        for finding in report.findings:
            known = {member for member, place in _places(report, finding) if self._knows(place, finding)}
            found.update(place for member, place in _places(report, finding) if place in self.places)
            new = tuple(member for member in finding.members if member not in known)
            if not known:
                kept.append(finding)
            elif new:
                kept.append(replace(finding, members=new))
        return replace(report, findings=tuple(kept)), frozenset(found)

    def gone(self, wheels: Iterable[str], found: Iterable[Place]) -> tuple[Place, ...]:
        """Return the places of *wheels*, by identity, that were not *found* again."""
        examined = frozenset(wheels)
        return tuple(sorted(place for place in self.places.keys() - frozenset(found) if place[0] in examined))

    def _knows(self, place: Place, finding: Finding) -> bool:
        known = self.places.get(place)
        return known is not None and known.covers(_known(finding))


def baseline_of(reports: Iterable[Report]) -> Baseline:
    """Return all findings of *reports* as known."""
    places: dict[Place, Known] = {}
    for report in reports:
        for finding in report.findings:
            said = _known(finding)
            for _, place in _places(report, finding):
                before = places.get(place, said)
                places[place] = Known(before.symbols | said.symbols, before.libraries | said.libraries)
    return Baseline(places)


def _places(report: Report, finding: Finding) -> Iterator[tuple[str, Place]]:
    """Yield each member of *finding*, and its place; one without a name where the finding has none."""
    wheel = wheel_identity(report)
    for member in finding.members or ("",):
        yield member, (wheel, finding.code, stable_name(member))


def _known(finding: Finding) -> Known:
    return Known(frozenset(finding.symbols), frozenset(map(stable_name, finding.libraries)))


# --- As a document --------------------------------------------------------------------------------------------


def to_document(baseline: Baseline) -> dict[str, object]:
    """Return *baseline* as JSON: wheel → code → rows, sorted, so that a diff shows what changed."""
    wheels: dict[str, dict[str, list[dict[str, object]]]] = {}
    for (wheel, code, member), known in sorted(baseline.places.items(), key=lambda item: item[0]):
        row: dict[str, object] = {
            "member": member,
            "symbols": sorted(known.symbols),
            "libraries": sorted(known.libraries),
        }
        wheels.setdefault(wheel, {}).setdefault(code, []).append(row)
    return {"schema_version": SCHEMA_VERSION, "wheels": wheels}


def from_document(document: object) -> Baseline:
    """Return the baseline that *document* describes; raise ``UsageError`` where it describes none."""
    match document:
        case {"schema_version": int(version), "wheels": dict(wheels)} if version == SCHEMA_VERSION:
            return Baseline(dict(_read(wheels)))
        case {"schema_version": int(version)} if version != SCHEMA_VERSION:
            raise UsageError(f"has schema_version {version}, and this musl-audit reads {SCHEMA_VERSION}")
        case _:
            raise UsageError("is no baseline: --write-baseline writes one")


def _read(wheels: Mapping[str, object]) -> Iterator[tuple[Place, Known]]:
    for wheel, codes in wheels.items():
        if not isinstance(codes, dict):
            raise UsageError(f"{wheel} is no object")
        for code, rows in codes.items():
            for row in rows if isinstance(rows, list) else [rows]:
                match row:
                    case {"member": str(member), "symbols": list(symbols), "libraries": list(libraries)}:
                        yield (wheel, code, member), Known(frozenset(map(str, symbols)), frozenset(map(str, libraries)))
                    case _:
                        raise UsageError(f"a row of {wheel}, {code} is none: member, symbols, libraries")
