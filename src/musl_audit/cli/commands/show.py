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
from musl_audit.cli.stderr import remark
from musl_audit.judging.rules.musl302_isa_above_baseline import RULE as ABOVE_BASELINE
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
    group = parser.add_argument_group("as auditwheel has them")
    group.add_argument("--disable-isa-ext-check", action="store_true", help="the same as --ignore MUSL302")
    group.add_argument("--allow-pure-python-wheel", action="store_true", help="exit 0 where there are only pure wheels")
    group.add_argument("--ldpaths", metavar="DIRS", help="has no meaning here: no machine is looked at")


def run(options: Namespace) -> int:
    """Show the wheels, and return the exit code."""
    if options.facts:
        from musl_audit.cli.facts_files import write_facts

        return write_facts(options)
    if options.ldpaths is not None:
        remark("--ldpaths has no meaning here: what a wheel needs is told from the wheel alone")
    if options.disable_isa_ext_check:
        options.ignore = [*(options.ignore or ()), ABOVE_BASELINE.code]
    audit = AuditRun("show", options)
    inputs = inputs_of(options.wheels, audit.files, options)
    return audit.report(outcomes_of(inputs, audit.examination, options.jobs), len(inputs))
