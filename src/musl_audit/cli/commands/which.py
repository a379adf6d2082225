"""
Name the newest version on the index that loads somewhere.

REQUIREMENT is what pip takes: numpy, 'numpy>=2', numpy==2.1.3. Wheels are
looked at newest first, and as few bytes of them are fetched as can tell. Of a
lock file, the very files that it names are looked at.

for example:
  musl-audit which 'numpy>=2' --on alpine-3.15 --python 3.11

exit code:
  0  a version was found for every requirement
  1  for one of them, none loads; or a file of a lock does not
  2  wrong usage
  4  an index or a file could not be asked
"""

from argparse import ArgumentParser, Namespace

from musl_audit.cli import arguments
from musl_audit.cli.index_options import add_destination, add_indexes


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("requirements", metavar="REQUIREMENT", nargs="*", help="a project, with or without versions")
    parser.add_argument(
        "-r",
        "--requirement",
        metavar="FILE",
        action="append",
        default=[],
        help="requirements.txt, pyproject.toml, uv.lock, pylock.toml, poetry.lock or pdm.lock (repeatable)",
    )
    parser.add_argument("--all", action="store_true", help="judge every older version, too")
    parser.add_argument("--pre", action="store_true", help="count pre-releases")
    add_destination(parser)
    add_indexes(parser)
    group = parser.add_argument_group("output")
    formats = ("json", "text")
    group.add_argument(
        "--format", type=arguments.one_of(formats), metavar="FORMAT", default="text", help=", ".join(formats)
    )
    group.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    group.add_argument("-o", "--output", metavar="FILE", help="write the result to FILE")
    group.add_argument("-q", "--quiet", action="store_true", help="less: the versions, and what is in the way")
    arguments.add_color(group)


def run(options: Namespace) -> int:
    """Name the versions, and return the exit code."""
    from musl_audit.cli.which_run import WhichRun

    return WhichRun(options).report()
