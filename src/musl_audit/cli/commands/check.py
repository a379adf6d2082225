"""
Check wheels in CI: what is wrong, what helps, and an exit code.

Source distributions, pure wheels and wheels of other platforms are skipped
and counted, so that dist/* can be checked whatever was built.

for example:
  musl-audit check dist/ --output sarif=musl-audit.sarif

exit code:
  0  clean
  1  findings at or above --fail-on
  2  wrong usage
  3  no wheel was examined
  4  a wheel could not be examined
"""

from argparse import ArgumentParser, Namespace

from musl_audit.adapters.configuration import FAIL_ON
from musl_audit.cli import arguments
from musl_audit.cli.audit_run import AuditRun
from musl_audit.cli.inputs import inputs_of
from musl_audit.errors import UsageError
from musl_audit.workflows.examining import outcomes_of


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    arguments.add_wheels(parser)
    parser.add_argument(
        "--from-facts",
        metavar="FILE",
        help="judge what `show --facts` wrote, also compressed by gzip, without the wheels",
    )
    parser.add_argument("--strict-inputs", action="store_true", help="exit 4 where an input is skipped")
    parser.add_argument("--allow-empty", action="store_true", help="exit 0, not 3, where no wheel is examined")
    judging = arguments.add_judging(parser)
    judging.add_argument(
        "--fail-on",
        type=arguments.one_of(FAIL_ON),
        metavar="SEVERITY",
        help="exit 1 from: error (default), warning, note, never",
    )
    judging.add_argument("--baseline", metavar="FILE", help="what FILE knows does not fail; what is new does")
    judging.add_argument("--write-baseline", metavar="FILE", help="write what is found to FILE, and exit 0")
    arguments.add_reading(parser)
    output = arguments.add_output(parser)
    output.add_argument(
        "--group-by",
        type=arguments.one_of(("wheel", "rule")),
        metavar="WHAT",
        help="wheel or rule; default: by rule where more than 5 wheels have findings",
    )
    output.add_argument("--statistics", action="store_true", help="a table instead: rules, wheels, findings")


def run(options: Namespace) -> int:
    """Check the wheels, and return the exit code."""
    if options.baseline and options.write_baseline:
        raise UsageError("--baseline goes by what is known, --write-baseline writes it anew: give one of them")
    audit = AuditRun("check", options)
    if options.from_facts is None:
        inputs = inputs_of(options.wheels, audit.files, options)
        return audit.report(outcomes_of(inputs, audit.examination, options.jobs), len(inputs))
    if options.wheels:
        raise UsageError("--from-facts judges without wheels: give one of them")
    from musl_audit.workflows.rejudging import rejudge

    return audit.report(rejudge(options.from_facts, audit.examination, options.jobs))
