"""
Tell a person what a wheel needs: verdict, ladder of releases, findings.

for example:
  musl-audit show numpy-2.5.5-cp312-cp312-musllinux_1_2_x86_64.whl

exit code:
  0  every wheel could be read
  2  wrong usage
  3  there was no wheel to read
  4  a wheel could not be read
"""

from argparse import ArgumentParser, Namespace

from musl_audit.cli import arguments
from musl_audit.cli.audit_run import AuditRun
from musl_audit.cli.inputs import inputs_of
from musl_audit.workflows.examining import outcomes_of


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    arguments.add_wheels(parser)
    parser.add_argument("--facts", action="store_true", help="write what was read, unjudged, as JSON: a line per wheel")
    arguments.add_judging(parser)
    arguments.add_reading(parser)
    output = arguments.add_output(parser)
    output.add_argument("--oneline", action="store_true", help="a line per wheel: the verdict")
    parser.set_defaults(fail_on=None)  # show fails on nothing


def run(options: Namespace) -> int:
    """Show the wheels, and return the exit code."""
    if options.facts:
        from musl_audit.cli.facts_files import write_facts

        return write_facts(options)
    audit = AuditRun("show", options)
    inputs = inputs_of(options.wheels, audit.files, options)
    return audit.report(outcomes_of(inputs, audit.examination, options.jobs), len(inputs))
