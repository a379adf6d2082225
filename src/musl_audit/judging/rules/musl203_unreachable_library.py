"""
A needed library is in the wheel, but no search path leads there.

musl looks in ``LD_LIBRARY_PATH``, in the RPATH or RUNPATH of the file that needs the library, then of the
file that needed that one, and so on up to the program, and in the system's directories. A library that Python
code loaded before, by its path, does not count: musl compares names only with libraries that a search found.
A file of the right name that cannot be loaded (a text file, an object file) ends the search.

``musl-audit repair`` sets the RPATH.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, Phrase, Rule, spell
from musl_audit.model import Fix, FixKind, Severity, Statement, Unreachable

RULE = Rule(
    "MUSL203",
    "unreachable-library",
    Severity.ERROR,
    "link with -Wl,-rpath,'$ORIGIN/…'",
    Fix(FixKind.SET_RUNPATH, automatic=True, command=BY_REPAIR),
    phrase=Phrase("needs", "need", "a library of the wheel that no search path leads to"),
    is_outgrown=True,
    here="it needs {libraries}, and what is found there cannot be loaded",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each library."""
    unreachable: dict[str, set[str]] = {}
    places: dict[str, set[str]] = {}
    by_runpath: dict[str, set[str]] = {}
    for need in (need for load in context.loads for need in load.needs):
        if isinstance(need.provider, Unreachable):
            unreachable.setdefault(need.soname, set()).add(need.path)
            places.setdefault(need.soname, set()).update(need.provider.paths)
        if need.is_by_runpath:
            by_runpath.setdefault(need.soname, set()).add(need.path)
    for soname, paths in sorted(unreachable.items()):
        yield RULE.states(
            f"{soname} is in the wheel as {spell(sorted(places[soname]))}, but no search path leads there",
            members=paths,
            libraries=[soname],
            fails_on=context.known,
        )
    if by_runpath and context.lacking("runpath"):
        yield RULE.states(
            f"{spell(sorted(by_runpath))}: found through DT_RUNPATH only, which musl reads from 1.1.6 on",
            members=set().union(*by_runpath.values()),
            libraries=by_runpath,
            fails_on=context.lacking("runpath"),
        )
