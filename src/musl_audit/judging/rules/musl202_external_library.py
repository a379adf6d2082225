"""
A file needs a library that is not in the wheel, not musl's, and not one that every system is allowed to be
asked for.

The loader refuses the file where the library is not installed, which is the usual case. ``musl-audit repair``
copies it into the wheel on a system that has it. Where users are meant to bring it (as pyodbc's
``libodbc.so.2``), say so with ``--exclude 'libodbc.so.*'``: it becomes a note, and the symbols that it may
supply are unknown.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import MANUAL, Rule
from musl_audit.loader.libc_names import is_glibc_loader
from musl_audit.model import Excluded, Fix, FixKind, Outside, Severity, Statement

RULE = Rule(
    "MUSL202",
    "external-library",
    Severity.ERROR,
    "--exclude it if users bring it",
    Fix(FixKind.GRAFT, automatic=True, command="run `{repair}` where it is installed"),
    here="it needs {libraries}, which is not on this system",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each library."""
    missing: dict[str, set[str]] = {}
    excluded: dict[str, set[str]] = {}
    for need in (need for load in context.loads for need in load.needs):
        if isinstance(need.provider, Outside) and not is_glibc_loader(need.soname):
            missing.setdefault(need.soname, set()).add(need.path)
        if isinstance(need.provider, Excluded):
            excluded.setdefault(need.soname, set()).add(need.path)
    for soname, paths in sorted(missing.items()):
        yield RULE.states(
            f"{soname} is neither in the wheel nor part of musl",
            members=paths,
            libraries=[soname],
            fails_on=context.known,
        )
    for soname, paths in sorted(excluded.items()):
        yield RULE.states(
            f"{soname} is excluded: the user must bring it",
            members=paths,
            libraries=[soname],
            severity=Severity.NOTE,
            hint="",
            fix=MANUAL,
        )
