"""
Write the policy file of a new musl release, from its libc.so files.

Give one file per architecture; what they all added or removed becomes common
to all architectures. Nothing is executed. Abilities of the loader, relocation
types and LFS64 names are not to be seen in a symbol table: add them by hand.

for example:
  musl-audit policy derive --libc x86_64/libc.so --libc aarch64/libc.so

exit code:
  0  it was written
  2  wrong usage, or a file that cannot be read
  4  it could not be written
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.cli.arguments import add_policies
from musl_audit.cli.output import output_to
from musl_audit.cli.stderr import remark
from musl_audit.errors import UsageError
from musl_audit.model import MuslVersion
from musl_audit.policy.derive import derive, doubts
from musl_audit.policy.render import render


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument(
        "--libc", metavar="PATH", action="append", required=True, help="a libc.so of the release (repeatable)"
    )
    parser.add_argument("--release", metavar="X.Y.Z", help="the release; default: what the files say")
    add_policies(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write the result to FILE")


def run(options: Namespace) -> int:
    """Write the file, and return the exit code."""
    try:
        release = MuslVersion.parse(options.release) if options.release else None
    except ValueError as error:
        raise UsageError(f"--release: {error}") from error
    libcs, catalog = [_read(path) for path in options.libc], load_catalog(options.policies)
    document = derive(libcs, catalog, release)
    for doubt in doubts(document, libcs, catalog):
        remark(f"warning: {doubt}")
    with output_to(options.output, "never") as output:
        output.write(render(document))
    return 0


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"--libc {path}: {error.strerror}") from error
