"""
An RPATH or RUNPATH leads out of the wheel.

It names a directory of the machine that built the file: useless elsewhere at best. At worst, whoever can
write there decides what code is loaded; so a path relative to the working directory, or one in a directory
that everybody may write to, is an error. Where neither the file nor any that it brings in needs a library by name,
but for libc, nothing is ever looked for along the path: a note. musl ignores the whole string where it has a ``$``
other than ``$ORIGIN``.

``musl-audit repair`` removes such entries.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, Rule
from musl_audit.loader.search_paths import all_entries, is_outside
from musl_audit.model import Fix, FixKind, InWheel, Severity, Statement
from musl_audit.wheel.installed_tree import relative_to_origin

RULE = Rule(
    "MUSL204",
    "rpath-outside-wheel",
    Severity.WARNING,
    "`patchelf --set-rpath`; build with $ORIGIN only",
    Fix(FixKind.SET_RUNPATH, automatic=True, command=BY_REPAIR),
    tells_releases=False,
)
_WORLD_WRITABLE = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each distinct entry."""
    searched = _searched(context)
    users: dict[tuple[str, bool], set[str]] = {}
    for file in context.loaded:
        for entry in all_entries(file):
            if is_outside(entry, file):
                users.setdefault((entry, file.path in searched), set()).add(file.path)
    for (entry, is_searched), paths in sorted(users.items()):
        what, severity = _judge(entry)
        if is_searched:
            yield RULE.states(f"{entry}: {what}", members=paths, severity=severity)
        else:
            said = f"{entry}: {what}; nothing is looked for there"
            yield RULE.states(said, members=paths, severity=Severity.NOTE)


def _searched(context: Context) -> frozenset[str]:
    """Return the files along whose path some library is looked for by name: for themselves, or for what they need."""
    found: set[str] = set()
    for load in context.loads:
        above = {need.provider.path: need.path for need in load.needs if isinstance(need.provider, InWheel)}
        for need in load.needs:
            if context.catalog.reserved_libc_name(need.soname) or "/" in need.soname:
                continue
            path: str | None = need.path
            while path is not None and path not in found:
                found.add(path)
                path = above.get(path)
    return frozenset(found)


def _judge(entry: str) -> tuple[str, Severity]:
    if relative_to_origin(entry) is not None:
        return "leads out of the installed tree", Severity.WARNING
    if "$" in entry:
        return "musl knows only $ORIGIN, and ignores the whole path", Severity.WARNING
    if not entry.startswith("/"):
        return "relative to the working directory of whoever runs Python", Severity.ERROR
    if any(entry == path or entry.startswith(path + "/") for path in _WORLD_WRITABLE):
        return "in a directory that everybody may write to", Severity.ERROR
    return "a directory of the machine that built it", Severity.WARNING
