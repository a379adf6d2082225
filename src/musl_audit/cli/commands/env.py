"""
Say which installed packages do not load here, and why this Python takes, or refuses, musllinux wheels.

PYTHON is an interpreter, an environment or a folder of packages, or a name to be found on PATH. Default: the active
environment; else the Python that runs `python -m musl_audit`; else the first python3 on PATH. With --root: all
interpreters below it. Nothing is executed without --run.

for example:
  musl-audit env /usr/bin/python3 --wheel wheels/*.whl

exit code:
  0  no finding at or above --fail-on
  1  an error: an installed package that does not load, a static interpreter,
     a wheel that would not install or load, a required name that is missing
  2  wrong usage
  4  something asked for could not be read, or not be run
"""

from argparse import ArgumentParser, Namespace

from musl_audit.adapters.configuration import FAIL_ON
from musl_audit.cli import arguments
from musl_audit.reporters import formats


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("python", metavar="PYTHON", nargs="?", help="the interpreter, environment or folder to look at")
    group = parser.add_argument_group("asking")
    group.add_argument(
        "--wheel",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=[],
        help="would it install and load there? Wheels, directories of wheels, quoted globs",
    )
    group.add_argument(
        "--require",
        metavar="NAME",
        type=arguments.comma_separated,
        action="extend",
        default=[],
        help="fail where the interpreter lacks it: AF_NETLINK, os.getrandom (repeatable)",
    )
    group.add_argument(
        "--path",
        metavar="DIR",
        action="append",
        default=[],
        help="judge packages and binaries in DIR, too (repeatable)",
    )
    group.add_argument(
        "--wheels", metavar="DIR", help="make wheels of the installed packages that do not load, for `repair`"
    )
    group.add_argument("--all", action="store_true", help="judge every binary of the system, by package")
    group.add_argument(
        "--verify-hashes", action="store_true", help="hold every installed file against the digest in RECORD"
    )
    group.add_argument(
        "-j",
        "--jobs",
        type=arguments.count,
        metavar="N",
        default=arguments.available_cores(),
        help="processes; default: one per core",
    )
    group.add_argument("--root", metavar="DIR", help="look into a system below DIR, or in an image (a tar)")
    group.add_argument("--run", action="store_true", help="execute the loader and the interpreter, and ask them")
    group.add_argument(
        "--fail-on",
        type=arguments.one_of(FAIL_ON),
        metavar="SEVERITY",
        help="exit 1 from: error (default), warning, note, never",
    )
    arguments.add_policies(group)
    group.add_argument("--config", metavar="FILE", help="read fail-on from FILE, not from the nearest pyproject.toml")
    group.add_argument("--isolated", action="store_true", help="read no configuration")
    _add_output(parser)


def _add_output(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    names = tuple(name for name in formats() if name != "jsonl")
    group.add_argument(
        "--format", type=arguments.one_of(names), metavar="FORMAT", default="text", help=", ".join(names)
    )
    group.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    group.add_argument("-o", "--output", metavar="FILE", help="write the result to FILE")
    group.add_argument("-q", "--quiet", action="store_true", help="less: no hints, no notes")
    group.add_argument(
        "--color", type=arguments.one_of(("auto", "always", "never")), metavar="WHEN", default="auto",
        help="auto, always, never",
    )  # fmt: skip


def run(options: Namespace) -> int:
    """Explain the interpreter, and return the exit code."""
    from musl_audit.cli.env_run import run_env

    return run_env(options)
