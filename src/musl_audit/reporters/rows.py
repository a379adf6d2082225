"""The JSON contract: outcomes as objects; ``policies/schema/report.schema.json`` describes them."""

import json
from functools import cache

from musl_audit.judging.settings import Settings
from musl_audit.model import (
    Claim,
    DistributionAnswer,
    Evidence,
    ExternalLibrary,
    Failure,
    Finding,
    MuslVersion,
    Outcome,
    Releases,
    Report,
    Skip,
)
from musl_audit.reporters.addresses import rule_address
from musl_audit.reporters.base import Heading, Summary
from musl_audit.reporters.hints import advice, repair_command
from musl_audit.reporters.sentence import summary as sentence

SCHEMA_VERSION = 1

Row = dict[str, object]


def dump(value: object) -> str:
    r"""
    Return *value* as one line of JSON in ASCII, whatever is in its strings.

    A byte that is no UTF-8 becomes visible text, since a lone surrogate is no character that every reader takes;
    ``##[`` is written as an escape, since a CI system would look for commands there.
    """
    text = json.dumps(value).replace("##", r"#\u0023")
    return text if r"\ud" not in text else json.dumps(readable(value)).replace("##", r"#\u0023")


def readable(value: object) -> object:
    """Return *value* as lists, objects and text that every reader of JSON takes: a lone surrogate is written out."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {readable(key): readable(child) for key, child in value.items()}
        case list() | tuple():
            return [readable(child) for child in value]
        case _:
            return value


def heading_row(heading: Heading) -> Row:
    """Return what every report begins with."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "musl-audit", "version": heading.version},
        "policy": heading.policy,
        "settings": settings_row(heading.settings),
    }


def settings_row(settings: Settings) -> Row:
    """Return what was asked of the judge and the gate."""
    return {
        "floor": settings.floor,
        "fail_on": settings.fail_on.value if settings.fail_on else "never",
        "select": settings.select,
        "ignore": settings.ignore,
        "exclude": settings.exclude,
        "per_file_ignores": dict(settings.per_file_ignores),
        "config_file": settings.config_file,
    }


def outcome_row(outcome: Outcome) -> tuple[str, Row]:
    """Return the list of the report that *outcome* belongs to, and its object there."""
    match outcome:
        case Report():
            return "wheels", report_row(outcome)
        case Skip(path=path, reason=reason):
            return "skipped", {"path": path, "reason": reason}
        case Failure(path=path, code=code, message=message):
            return "failures", {"path": path, "code": code, "message": message}


def to_json(report: Report) -> dict[str, object]:
    """Return *report* as ``musl-audit check --json`` has it under ``wheels``: objects, lists and plain values."""
    document: dict[str, object] = json.loads(dump(report_row(report)))
    return document


def report_row(report: Report) -> Row:
    """Return the object of one examined wheel."""
    name, verdict = report.name, report.verdict
    return {
        "path": report.path,
        "wheel": report.filename,
        "sha256": report.sha256,
        "name": name.distribution if name else None,
        "version": name.version if name else None,
        "build": name.build if name else None,
        "python_tags": name.python_tags if name else (),
        "abi_tags": name.abi_tags if name else (),
        "kind": report.kind.value,
        "arch": verdict.arch,
        "summary": sentence(report),
        "claims": [_claim(claim) for claim in report.claims],
        "earned_tags": verdict.earned_tags,
        "loads": verdict.loads.value,
        "required_musl": _release(verdict.required_musl),
        "loads_on": _releases(verdict.loads_on),
        "decided_by": [_evidence(evidence) for evidence in verdict.decided_by],
        "distributions": [_distribution(answer) for answer in verdict.distributions],
        "external_libraries": [_library(library) for library in report.external_libraries],
        "findings": [finding_row(finding, report.path) for finding in report.findings],
    }


def finding_row(finding: Finding, path: str | None = None) -> Row:
    """Return the object of one finding, of the wheel at *path* if it is one of a wheel."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "tags": finding.tags,
        "members": finding.members,
        "symbols": finding.symbols,
        "libraries": finding.libraries,
        "fails_on": _releases(finding.fails_on),
        "fixed_since": _release(finding.fixed_since),
        "message": finding.sentence,
        "impact": finding.impact,
        "hint": finding.advice if path is None else advice(finding, [path]),
        "command": repair_command(path) if path is not None and finding.is_mendable else None,
        "help": rule_address(finding.code, finding.name),
        "fix": {"kind": finding.fix.kind, "automatic": finding.fix.automatic} if finding.fix else None,
    }


def summary_row(summary: Summary) -> Row:
    """Return the counts of a run."""
    counts = ("examined", "skipped", "failed", "errors", "warnings", "notes")
    return {
        **{name: getattr(summary, name) for name in counts},
        "unused_ignores": summary.unused_ignores,
        "known": summary.known,
        "gone": summary.gone,
    }


def _claim(claim: Claim) -> Row:
    return {
        "tag": claim.tag,
        "series": claim.series,
        "arch": claim.arch,
        "floor": _release(claim.floor),
        "floor_source": claim.floor_source or None,
        "kept": claim.kept,
        "broken_on": _releases(claim.broken_on),
    }


def _evidence(evidence: Evidence) -> Row:
    return {
        "fails_on": _releases(evidence.fails_on),
        "code": evidence.code,
        "members": evidence.members,
        "symbols": evidence.symbols,
    }


def _distribution(answer: DistributionAnswer) -> Row:
    return {
        "id": answer.id,
        "name": answer.name,
        "release": answer.release,
        "musl": str(answer.musl),
        "supported_until": answer.supported_until,
        "loads": answer.loads,
        "because": answer.because,
    }


def _library(library: ExternalLibrary) -> Row:
    return {"soname": library.soname, "status": library.status.value, "needed_by": library.needed_by}


def _release(release: MuslVersion | None) -> str | None:
    return None if release is None else str(release)


@cache
def _releases(releases: Releases) -> tuple[str, ...]:
    """Return *releases*, of which a few sets are met again and again, ascending."""
    return tuple(str(release) for release in sorted(releases))
