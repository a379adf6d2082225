"""
Tell which file brings in which library, through whom, and found where.

The file is a wheel, a file of an installed package, or an ELF file alone. The
answer is that of the loader that `check` judges by; no machine is looked at.
`musl-audit lddtree` is the same.

for example:
  musl-audit tree dist/demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl

exit code:
  0  it was told
  2  wrong usage
  4  the file could not be read
"""

import json
import sys
from argparse import ArgumentParser, Namespace

from musl_audit import __version__
from musl_audit.cli import arguments
from musl_audit.cli.stderr import remark
from musl_audit.reporters.tree_text import tree_lines, tree_rows
from musl_audit.reporters.visible import visible


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("file", metavar="FILE", help="a wheel, or an ELF file")
    arguments.add_json(parser)
    parser.add_argument("--ldpaths", metavar="DIRS", help="auditwheel's; has no meaning here")


def run(options: Namespace) -> int:
    """Write the tree, and return the exit code."""
    from musl_audit.workflows.linking import linkage_of

    if options.ldpaths is not None:
        remark("--ldpaths has no meaning here: what a file needs is told from the file alone")
    linkage = linkage_of(options.file)
    if options.json:
        document = {
            "schema_version": 1,
            "tool": {"name": "musl-audit", "version": __version__},
            "file": options.file,
            "loads": tree_rows(linkage),
        }
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=True) + "\n")
    else:
        sys.stdout.writelines(f"{visible(line)}\n" for line in tree_lines(linkage))
    return 0
