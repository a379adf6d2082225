"""
A file needs ``libpython``.

An extension gets Python's symbols from the process that imports it. Where Python is linked statically, as in
python-build-standalone and Docker's images, there is no such library, or loading it brings a second
interpreter into the process.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, Rule, spell
from musl_audit.loader.linkage import is_libpython
from musl_audit.model import Fix, FixKind, Severity, Statement

RULE = Rule(
    "MUSL205",
    "links-libpython",
    Severity.WARNING,
    "do not link extensions with -lpython3.x",
    Fix(FixKind.DROP_NEEDED, automatic=True, command=BY_REPAIR),
    tells_releases=False,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all files."""
    users = {file.path: set(filter(is_libpython, file.needed)) for file in context.loaded}
    libraries = sorted(set().union(*users.values())) if users else []
    if libraries:
        yield RULE.states(
            f"needs {spell(libraries)}: extensions take Python's symbols from the process",
            members=(path for path, sonames in users.items() if sonames),
            libraries=libraries,
        )
