"""
Offer pip, uv and others an index on which everything loads somewhere.

Without COMMAND the URL of the index is printed, and it is served until an
interrupt. With it, COMMAND runs with the variables set from which pip
(PIP_INDEX_URL), uv (UV_DEFAULT_INDEX) and pdm (PDM_PYPI_URL) take their index,
and the exit code is its own. What was left out is told on stderr.

A file is left out where it would not load; source distributions are, too, and
all else is as the index has it. The address is of this machine alone, and a
part of it is secret: other users of the machine are refused.

With --repair, what can be mended is offered mended, under the same version and
with a build tag of ours; hash-checking modes and lock files refuse it.

for example:
  musl-audit index --on alpine-3.15 -- pip install numpy

exit code:
  0  it was interrupted; with COMMAND: whatever that exits with
  2  wrong usage
  4  it could not be served
"""

from argparse import ArgumentParser, Namespace

from musl_audit.cli import arguments
from musl_audit.cli.index_options import add_destination, add_indexes

TAKES_COMMAND = True


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    add_destination(parser)
    add_indexes(parser)
    group = parser.add_argument_group("serving")
    group.add_argument("--port", metavar="N", type=arguments.count, default=0, help="default: a free one")
    group.add_argument("--repair", action="store_true", help="offer mended what can be mended")
    group.add_argument("--allow-sdists", action="store_true", help="offer source distributions, too")
    group.add_argument("-q", "--quiet", action="store_true", help="do not tell what was left out")


def run(options: Namespace) -> int:
    """Serve the index, and return the exit code."""
    from musl_audit.cli.index_run import IndexRun

    return IndexRun(options).serve()
