"""
Ask the store of a survey in SQL (DuckDB's).

Views: wheels (the newest verdict of each path), findings, distributions, failures;
tables: sightings, verdicts. `DESCRIBE wheels` shows the columns.

for example:
  musl-audit survey sql "SELECT project, count(*) FROM wheels WHERE NOT kept GROUP BY ALL" --store survey

exit code:
  0  there is an answer
  2  wrong usage, or no SQL
  4  the store cannot be read
"""

from argparse import ArgumentParser, Namespace

from musl_audit.cli import arguments
from musl_audit.cli.survey_table import FORMATS


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("query", metavar="SQL", help="one SELECT")
    parser.add_argument("--store", metavar="PLACE", required=True, help="the store of a survey")
    parser.add_argument(
        "--format", type=arguments.one_of(FORMATS), metavar="FORMAT", default="text", help=", ".join(FORMATS)
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the answer to FILE")


def run(options: Namespace) -> int:
    """Write the answer, and return the exit code."""
    from musl_audit.adapters.stores.queries import StoreViews
    from musl_audit.adapters.stores.survey import open_store
    from musl_audit.cli.survey_table import write_table

    write_table(StoreViews(open_store(options.store)).table(options.query), options.format, options.output)
    return 0
