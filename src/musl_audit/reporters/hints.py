"""What to do about a finding: commands and moves for this wheel, not for any."""

from collections.abc import Iterable, Iterator, Sequence

from musl_audit.model import DistributionAnswer, Finding, MuslVersion, Report
from musl_audit.reporters.base import Heading
from musl_audit.reporters.groups import Group
from musl_audit.reporters.text_layout import paragraph
from musl_audit.reporters.visible import visible

_UNQUOTED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-")
_WHEELS_SPELLED = 1


def repair_command(*paths: str) -> str:
    """
    Return the command that mends the wheels at *paths*.

    >>> repair_command("dist/a.whl")
    'musl-audit repair dist/a.whl'
    """
    return f"musl-audit repair {spell_paths(paths)}"


def advice(finding: Finding, paths: Sequence[str]) -> str:
    """Return what helps against *finding* of the wheels at *paths* in one line: the command for them, then the hint."""
    return finding.fix.advice(finding.hint, repair_command(*paths)) if finding.fix else finding.hint


def ways_out(report: Report, finding: Finding, heading: Heading) -> list[str]:
    """Return what helps against *finding*, the best first."""
    return list(_ways(finding, heading, [report.path], report.verdict.distributions))


def group_ways_out(group: Group, heading: Heading) -> list[str]:
    """Return what helps against all findings of *group*: what is the same for each is said once."""
    common: list[str] | None = None
    for report, finding in group.found:
        ways = list(_ways(finding, heading, list(group.paths), report.verdict.distributions))
        common = ways if common is None else [way for way in common if way in ways]
    return common or []


def _ways(
    finding: Finding, heading: Heading, paths: Sequence[str], distributions: Sequence[DistributionAnswer]
) -> Iterator[str]:
    if finding.is_mendable:
        yield repair_command(*paths)
    if finding.hint:
        yield finding.hint
    if only_dead(finding, heading.supported) and heading.settings.floor is None and "--floor" not in finding.hint:
        yield "--floor supported: only distributions out of support fail"
    first = first_good(finding, distributions)
    if first is not None:
        yield f"move to {first.name} {first.release} or later"


def hint_lines(ways: Iterable[str], width: int, indent: str) -> Iterator[str]:
    """Yield the lines of *ways*; a command is never broken, so that it can be copied."""
    for index, way in enumerate(ways):
        first = f"{indent}hint: " if index == 0 else f"{indent}  or: "
        if way.startswith("musl-audit "):
            yield f"{first}{visible(way)}"
        else:
            yield from paragraph(visible(way), width, first=first, rest=f"{indent}      ")


def only_dead(finding: Finding, supported: MuslVersion | None) -> bool:
    """Whether *finding* concerns only releases older than *supported*, the oldest that a supported distribution has."""
    return supported is not None and bool(finding.fails_on) and max(finding.fails_on) < supported


def first_good(finding: Finding, distributions: Sequence[DistributionAnswer]) -> DistributionAnswer | None:
    """Return the oldest Alpine from which on nothing of *finding* is in the way, if there is one and it loads."""
    since = finding.fixed_since
    if since is None:
        return None
    return next((item for item in distributions if item.name == "Alpine" and item.musl >= since and item.loads), None)


def spell_paths(paths: Sequence[str]) -> str:
    """
    Return *paths* as words of a command line, one of them as it is.

    >>> spell_paths(["my dist/a.whl"]), spell_paths(["dist/a.whl"] * 4)
    ("'my dist/a.whl'", 'WHEEL… (4 wheels)')
    """
    if len(paths) > _WHEELS_SPELLED:
        return f"WHEEL… ({len(paths)} wheels)"
    return " ".join(map(_quoted, paths))


def _quoted(path: str) -> str:
    if path and _UNQUOTED.issuperset(path):
        return path
    return "'" + path.replace("'", "'\"'\"'") + "'"
