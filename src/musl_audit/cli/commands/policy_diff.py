"""
Show what one musl release has and another has not.

That is symbols, abilities of the loader, and the relocation types it applies.

for example:
  musl-audit policy diff 1.2.2 1.2.5

exit code:
  0  it was shown
  2  wrong usage, or a release that is not known
"""

from argparse import ArgumentParser, Namespace

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.cli.arguments import add_color, add_json, add_policies
from musl_audit.cli.output import output_to
from musl_audit.errors import UsageError, did_you_mean
from musl_audit.model import MuslVersion
from musl_audit.policy import Catalog
from musl_audit.policy.derive import difference
from musl_audit.reporters import policy_text
from musl_audit.reporters.rows import dump


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("old", metavar="OLD", help="a musl release, such as 1.2.2")
    parser.add_argument("new", metavar="NEW", help="another one, such as 1.2.3")
    parser.add_argument("--arch", metavar="ARCH", default="x86_64", help="default: x86_64")
    add_policies(parser)
    add_json(parser)
    add_color(parser)


def run(options: Namespace) -> int:
    """Write the difference, and return the exit code."""
    catalog = load_catalog(options.policies)
    if options.arch not in catalog.arches:
        raise UsageError(f"unknown architecture {options.arch!r}{did_you_mean(options.arch, catalog.arches)}")
    old, new = (known_release(text, options.arch, catalog) for text in (options.old, options.new))
    change = difference(old, new, options.arch, catalog)
    with output_to(None, options.color) as output:
        if options.json:
            output.write(
                dump({"old": str(old), "new": str(new), "arch": options.arch, **policy_text.change_row(change)}) + "\n"
            )
        else:
            title = f"From musl {old} to {new} on {options.arch}"
            output.write(policy_text.change_text(title, change, output.width, output.paint))
    return 0


def known_release(text: str, arch: str, catalog: Catalog) -> MuslVersion:
    """Return the release that *text* names; raise ``UsageError`` where *arch* has none of that name."""
    known = {str(release): release for release in catalog.releases_of(arch)}
    if text not in known:
        raise UsageError(f"unknown musl release {text!r} on {arch}{did_you_mean(text, known)}")
    return known[text]
