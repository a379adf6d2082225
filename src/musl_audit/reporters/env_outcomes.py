"""An explained environment as the outcomes that every report format knows: one for itself, one for each package."""

from collections.abc import Iterator, Sequence

from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.rules import rule_of
from musl_audit.judging.rules.base import Teller
from musl_audit.model import Finding, Report, Verdict, WheelKind
from musl_audit.reporters import reporter
from musl_audit.reporters.base import Heading, Tally


def in_format(
    name: str, context: EnvironmentContext, findings: Sequence[Finding], heading: Heading, *, exit_code: int
) -> str:
    """Return the environment in the format called *name*, one of those of ``check``."""
    report, tally = reporter(name, heading), Tally()
    pieces = [report.begin()]
    for outcome in outcomes(context, findings):
        tally.add(outcome)
        pieces.append(report.outcome(outcome))
    pieces.append(report.end(tally.summary(exit_code=exit_code)))
    return "".join(pieces)


def outcomes(context: EnvironmentContext, findings: Sequence[Finding]) -> Iterator[Report]:
    """Yield the report about the interpreter, or the host where there is none, then those of its packages."""
    environment = context.environment
    found = environment.interpreter
    about = found.path if found else environment.host.root
    arch = (found.arch if found else None) or environment.host.arch
    told = tuple(finding for finding in findings if rule_of(finding.code).told_by is not Teller.PACKAGE_ANSWER)
    if told:
        yield Report(about, about, "", None, WheelKind.OTHER, (), Verdict(arch), told)
    for answer in (answer for item in environment.installations for answer in item.answers):
        if answer.binaries:
            yield answer.report
