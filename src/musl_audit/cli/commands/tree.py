"""
Tell which file brings in which library, through whom, and found where.

The file is a wheel, a file of an installed package, or an ELF file alone; with
the extra index also NAME, NAME==VERSION or a URL. The answer is that of the
loader that `check` judges by; no machine is looked at.
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
from pathlib import Path

from musl_audit import __version__
from musl_audit.cli import arguments
from musl_audit.cli.inputs import inputs_of
from musl_audit.cli.stderr import remark
from musl_audit.errors import MuslAuditError
from musl_audit.model import Failure
from musl_audit.reporters.tree_text import tree_lines, tree_rows
from musl_audit.reporters.visible import visible


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument(
        "file", metavar="FILE", help="a wheel, or an ELF file; with the extra index also NAME, NAME==VERSION, a URL"
    )
    arguments.add_names(parser)
    arguments.add_json(parser)
    parser.add_argument("--ldpaths", metavar="DIRS", help="auditwheel's; has no meaning here")


def run(options: Namespace) -> int:
    """Write the tree, and return the exit code."""
    from musl_audit.workflows.linking import linkage_of

    if options.ldpaths is not None:
        remark("--ldpaths has no meaning here: what a file needs is told from the file alone")
    rows = []
    for path in _paths(options):
        linkage = linkage_of(path)
        if options.json:
            rows.append({"file": path, "loads": tree_rows(linkage)})
            continue
        if path != options.file:
            sys.stdout.write(f"{visible(Path(path).name)}\n")
        sys.stdout.writelines(f"{visible(line)}\n" for line in tree_lines(linkage))
    if options.json:
        document = {
            "schema_version": 1,
            "tool": {"name": "musl-audit", "version": __version__},
            **rows[0],
            **({"files": rows} if len(rows) > 1 else {}),
        }
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=True) + "\n")
    return 0


def _paths(options: Namespace) -> list[str]:
    """Return the file that was named, or those on an index that its name means, fetched."""
    from musl_audit.adapters.sources import remote

    if not remote.accepts(options.file):
        return [options.file]
    found = inputs_of([options.file], options=options)
    if failure := next((item for item in found if isinstance(item, Failure)), None):
        raise MuslAuditError(f"{failure.path}: {failure.message}")
    return [item.path for item in found]
