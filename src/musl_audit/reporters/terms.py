"""The verdict in the terms of the policies: what is needed, which promises are kept and which are broken."""

from musl_audit.judging.impact import spell_releases
from musl_audit.model import Claim, Loads, Report, Severity, Verdict


def headline(report: Report) -> str:
    """Return who the wheel is, what it needs, and which promises it keeps and breaks, without a period."""
    clauses = [_needs(report.verdict), *filter(None, (_promise(claim, report) for claim in report.claims))]
    return f"{subject(report)}: {'; '.join(clauses)}"


def subject(report: Report) -> str:
    """Return the project, its version, and what it is built for."""
    if report.name is None:
        return report.filename
    abis = [abi for abi in report.name.abi_tags if abi not in (*report.name.python_tags, "none")]
    pythons = "/".join(report.name.python_tags) + (f" {'/'.join(abis)}" if abis else "")
    build = f" build {report.name.build}" if report.name.build else ""
    arch = f", {report.verdict.arch}" if report.verdict.arch else ""
    return f"{report.name.distribution} {report.name.version}{build} for {pythons}{arch}"


def _needs(verdict: Verdict) -> str:
    if verdict.arch is None:
        return "no binary in it that can be judged"
    if not verdict.loads_on:
        return "loads on no known musl"
    if verdict.loads is Loads.UNKNOWN:
        return f"as far as the wheel can tell, loads on musl {spell_releases(verdict.loads_on, verdict.known)}"
    if verdict.loads is Loads.ALL:
        return f"loads on every known musl ({verdict.known[0]}–{verdict.known[-1]})"
    if verdict.required_musl is None:
        return f"loads on musl {spell_releases(verdict.loads_on, verdict.known)} only"
    earlier = [release for release in verdict.loads_on if release < verdict.required_musl]
    also = f", or {spell_releases(earlier, verdict.known)}" if earlier else ""
    return f"needs musl {verdict.required_musl} or later{also}"


def _promise(claim: Claim, report: Report) -> str:
    """Return what became of a claim; nothing where the tag is not about musl."""
    if claim.series is None:
        return ""
    tag = claim.tag.removesuffix(f"_{claim.arch}")
    if claim.floor is None and (claim.kept is None or not claim.exists):
        is_unknown = "cannot be judged: the policies know nothing of it"
        return f"{tag} {is_unknown if claim.exists else 'promises a musl that never was'}"
    promise = tag if claim.floor is None else f"{tag} (floor {claim.floor}, {claim.floor_source})"
    if claim.kept is None:
        return f"whether it keeps its promise {promise} cannot be told"
    if claim.kept:
        return f"keeps its promise {promise}"
    if claim.broken_on:
        return f"breaks its promise {promise} on musl {spell_releases(claim.broken_on, report.verdict.known)}"
    errors = sorted({finding.code for finding in report.findings if finding.severity is Severity.ERROR})
    return f"breaks its promise {promise}" + (f": {', '.join(errors)}" if errors else "")
