"""
List what the policies know: releases, tags and their floors, architectures, distributions.

for example:
  musl-audit policy list

exit code:
  0  they were listed
  2  wrong usage
"""

from argparse import ArgumentParser, Namespace

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.cli.arguments import add_color, add_json, add_policies
from musl_audit.cli.output import output_to
from musl_audit.reporters import policy_text
from musl_audit.reporters.rows import dump


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    add_policies(parser)
    add_json(parser)
    add_color(parser)


def run(options: Namespace) -> int:
    """Write the list, and return the exit code."""
    catalog = load_catalog(options.policies)
    with output_to(None, options.color) as output:
        if options.json:
            output.write(dump(policy_text.catalog_row(catalog)) + "\n")
        else:
            output.write(policy_text.listing(catalog, output.width, output.paint))
    return 0
