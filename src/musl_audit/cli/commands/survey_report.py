"""
Write the page of a survey: one HTML file, to open without a network.

for example:
  musl-audit survey report --store survey

exit code:
  0  the page was written
  2  wrong usage
  4  the store cannot be read
"""

from argparse import ArgumentParser, Namespace

from musl_audit import __version__
from musl_audit.cli.arguments import add_policies
from musl_audit.cli.output import output_to


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("--store", metavar="PLACE", required=True, help="the store of a survey")
    parser.add_argument(
        "-o", "--output", metavar="FILE", default="survey.html", help="default: survey.html; - is stdout"
    )
    parser.add_argument("--arch", metavar="ARCH", help="of the matrix; default: that of most wheels")
    parser.add_argument("--distribution", metavar="NAME", default="Alpine", help="of the matrix; default: Alpine")
    add_policies(parser)


def run(options: Namespace) -> int:
    """Write the page, and return the exit code."""
    import sys

    from musl_audit.adapters.catalogs import load_catalog
    from musl_audit.adapters.stores.survey import open_store
    from musl_audit.errors import UsageError, did_you_mean
    from musl_audit.reporters.survey_html import survey_html
    from musl_audit.workflows.survey_page import survey_page

    catalog = load_catalog(options.policies)
    names = sorted({item.name for item in catalog.distributions})
    if options.distribution not in names:
        raise UsageError(f"--distribution {options.distribution}: unknown{did_you_mean(options.distribution, names)}")
    if options.arch is not None and options.arch not in catalog.arches:
        raise UsageError(f"--arch {options.arch}: unknown{did_you_mean(options.arch, catalog.arches)}")
    page = survey_page(open_store(options.store), catalog, arch=options.arch, name=options.distribution)
    text = survey_html(page, version=__version__)
    target = None if options.output == "-" else options.output
    with output_to(target, "never") as output:
        output.write(text)
    if target:
        sys.stdout.write(f"{target}\n")
    return 0
