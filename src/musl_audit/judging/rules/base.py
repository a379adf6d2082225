"""What every rule is made of: its identity, its page and its check."""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from musl_audit.frozen import frozen
from musl_audit.judging.context import Context
from musl_audit.model import Fix, FixKind, Releases, Severity, Statement

MANUAL = Fix(FixKind.MANUAL)
BY_REPAIR = "run `musl-audit repair`"  # the command of a fix that is automatic everywhere


@frozen
class Rule:
    """The identity of a rule; the docstring of its module is its page."""

    code: str
    name: str  # kebab-case, reads after "allow …"
    severity: Severity
    hint: str
    fix: Fix = MANUAL

    def states(
        self,
        message: str,
        *,
        members: Iterable[str] = (),
        symbols: Iterable[str] = (),
        libraries: Iterable[str] = (),
        fails_on: Releases = frozenset(),
        severity: Severity | None = None,
        hint: str | None = None,
        fix: Fix | None = None,
    ) -> Statement:
        """Return what this rule saw; ``fails_on`` are all known releases on which the members do not load."""
        return Statement(
            code=self.code,
            name=self.name,
            severity=severity or self.severity,
            message=message,
            hint=self.hint if hint is None else hint,
            members=tuple(sorted(set(members))),
            symbols=tuple(sorted(set(symbols))),
            libraries=tuple(sorted(set(libraries))),
            fails_on=fails_on,
            fix=fix or self.fix,
        )


Check = Callable[[Context], Iterable[Statement]]


def spell(names: Iterable[str], limit: int = 4) -> str:
    """
    Return *names* as a list for a message, shortened.

    >>> spell(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    shown = list(names)
    if len(shown) <= limit:
        return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))
    return f"{', '.join(shown[:limit])} and {len(shown) - limit} more"


def rule_modules(package: str, folders: Iterable[str], prefix: str) -> Iterator[ModuleType]:
    """Yield the modules of *package*, which lies in *folders*, whose names begin with *prefix*, by name."""
    names = sorted(found.name for found in iter_modules(folders) if found.name.startswith(prefix))
    for name in names:
        yield import_module(f"{package}.{name}")
