"""
Look at a whole mirror: read what is new, judge again what is known, keep it all.

SOURCE is a folder (with all folders in it), a glob, a wheel, a URL, a list of such
in a file (.txt), facts that `show --facts` wrote (.jsonl, .jsonl.gz), or a project
of an index, with or without versions: numpy, 'numpy>=2'; of its versions every
musllinux wheel is looked at. The store is a folder, or s3://BUCKET/FOLDER.
`survey report`, `survey sql` and `survey diff` answer questions about it.

for example:
  musl-audit survey mirror/ --store survey && musl-audit survey report --store survey

exit code:
  0  everything was looked at
  1  a wheel breaks its promise (only with --fail-on-broken)
  2  wrong usage
  3  there was nothing to look at
  4  a wheel could not be read, or the store or the cluster failed
"""

from argparse import ArgumentParser, Namespace

from musl_audit.cli import arguments
from musl_audit.cli.index_options import seconds


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("sources", metavar="SOURCE", nargs="*", help="what to look at")
    parser.add_argument("--store", metavar="PLACE", required=True, help="where everything is kept")
    group = parser.add_argument_group("what to look at")
    group.add_argument("--limit", type=arguments.count, metavar="N", help="read no more than N wheels")
    group.add_argument("--since", metavar="DATE", help="only wheels uploaded, or written, on that day or later (ISO)")
    group.add_argument("--dry-run", action="store_true", help="say what would be read, and read nothing")
    arguments.add_policies(group)
    group = parser.add_argument_group("indexes")
    group.add_argument(
        "--index",
        "--index-url",
        "-i",
        metavar="URL",
        help="where projects are; default: as pip and uv are configured, else pip's own default",
    )
    group.add_argument("--extra-index-url", metavar="URL", action="append", default=[], help="one more (repeatable)")
    group.add_argument(
        "-r",
        "--requirements",
        metavar="FILE",
        action="append",
        default=[],
        help="projects of a requirements.txt, a pyproject.toml or a lock, whatever its markers say (repeatable)",
    )
    group.add_argument("--timeout", metavar="SECONDS", type=seconds, default=15.0, help="default: 15")
    group = parser.add_argument_group("who does it")
    group.add_argument(
        "-j", "--jobs", type=arguments.count, metavar="N", default=arguments.available_cores(),
        help="processes, or workers of a local cluster; default: one per core",
    )  # fmt: skip
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="a Dask cluster: its scheduler's address (tcp://…), or local; default: DASK_SCHEDULER_ADDRESS, else none",
    )
    group.add_argument(
        "--scheduler-timeout", type=seconds, metavar="SECONDS", default=60.0,
        help="how long it may not answer, at first and when it is started again; default: 60",
    )  # fmt: skip
    group = parser.add_argument_group("the store")
    group.add_argument("--check", action="store_true", help="verify every part of the store, and do nothing else")
    group.add_argument("--compact", action="store_true", help="merge the parts of the store, after everything else")
    arguments.add_limits(parser)
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="write what was done as JSON")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress, no summary")
    group.add_argument("--fail-on-broken", action="store_true", help="exit 1 where a wheel breaks its promise")


def run(options: Namespace) -> int:
    """Look, keep, and return the exit code."""
    from musl_audit.cli.survey_run import run_survey

    return run_survey(options)
