"""
Show where answers about wheels on indexes are kept, and how much there is.

for example:
  musl-audit cache info

exit code:
  0  it was shown
  2  wrong usage
"""

from argparse import ArgumentParser, Namespace

from musl_audit.adapters.stores.directory import cache_directory
from musl_audit.adapters.stores.kinds import stores
from musl_audit.cli.arguments import add_json
from musl_audit.cli.output import output_to
from musl_audit.reporters.rows import dump
from musl_audit.reporters.which_text import megabytes


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    add_json(parser)


def run(options: Namespace) -> int:
    """Write what is kept, and return the exit code."""
    directory = cache_directory()
    kept = {store.kind: store.usage() for store in stores(directory)}
    with output_to(None, "never") as output:
        if options.json:
            rows = [{"kind": kind, "entries": usage.entries, "bytes": usage.size} for kind, usage in kept.items()]
            output.write(dump({"schema_version": 1, "directory": str(directory), "stores": rows}) + "\n")
            return 0
        output.write(f"{directory}\n")
        for kind, usage in kept.items():
            output.write(f"  {kind}: {usage.entries}, {megabytes(usage.size)}\n")
    return 0
