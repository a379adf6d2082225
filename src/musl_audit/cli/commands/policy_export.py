"""
Write what is known about musl's symbols as another tool's policy file.

For auditwheel: its own musllinux-policy.json, with the symbols that a tag's
promised releases lack as "blacklist" of libc. What such a file cannot say:
symbols that a bundled library provides, packed relocations, TLS, IFUNCs.

for example:
  musl-audit policy export --for auditwheel -o musllinux-policy.json

exit code:
  0  it was written
  2  wrong usage, or a file that cannot be read
  4  it could not be written
"""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from musl_audit.adapters.auditwheel import policy_file
from musl_audit.adapters.catalogs import load_catalog
from musl_audit.cli.arguments import add_policies
from musl_audit.cli.output import output_to
from musl_audit.errors import UsageError
from musl_audit.policy.export import for_auditwheel


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("--for", dest="tool", choices=["auditwheel"], required=True, help="whose file it is")
    parser.add_argument("--base", metavar="FILE", help="the file to add to; default: that of the installed auditwheel")
    add_policies(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write the result to FILE")


def run(options: Namespace) -> int:
    """Write the file, and return the exit code."""
    base = Path(options.base) if options.base else policy_file()
    try:
        policies = json.loads(base.read_bytes())
    except OSError as error:
        raise UsageError(f"--base {base}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"--base {base}: {error}") from error
    document = for_auditwheel(policies, load_catalog(options.policies))
    with output_to(options.output, "never") as output:
        output.write(json.dumps(document, indent=2) + "\n")
    return 0
