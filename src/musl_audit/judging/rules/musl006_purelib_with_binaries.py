"""
``Root-Is-Purelib: true``, and there are extension modules.

The field of ``WHEEL`` says into which of the two site-packages directories the root of the archive is
installed. Where they differ (``lib`` and ``lib64`` on some distributions), binaries of one architecture end
up in the directory that is shared by all. Build backends set it right once they know that the project has
extension modules.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, Rule, spell
from musl_audit.model import ElfKind, Fix, FixKind, Severity, Statement
from musl_audit.wheel.installed_tree import SITE_PACKAGES, place_of

RULE = Rule(
    "MUSL006",
    "purelib-with-binaries",
    Severity.WARNING,
    "tell the build backend that the project has extension modules, so that it writes Root-Is-Purelib: false",
    Fix(FixKind.CORRECT_ROOT, automatic=True, command=BY_REPAIR),
    tells_releases=False,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all extension modules that would land in purelib."""
    if not context.facts.metadata.root_is_purelib:
        return
    extensions = [elf.path for elf in context.facts.elves if elf.kind is ElfKind.EXTENSION and _is_in_purelib(elf.path)]
    if extensions:
        yield RULE.states(
            f"Root-Is-Purelib: true, with extension modules: {spell(extensions)}",
            members=extensions,
        )


def _is_in_purelib(path: str) -> bool:
    """
    Whether *path* is installed to purelib if the root of the archive is.

    >>> [_is_in_purelib(path) for path in ("a.so", "a-1.data/purelib/a.so", "a-1.data/platlib/a.so")]
    [True, True, False]
    """
    tree = path.split("/", 2)[1] if path.partition("/")[0].endswith(".data") and path.count("/") > 1 else "purelib"
    return tree == "purelib" and place_of(path)[0] == SITE_PACKAGES
