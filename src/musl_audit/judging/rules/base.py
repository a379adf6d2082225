"""What every rule is made of: its identity, its page and its check."""

from collections.abc import Callable, Iterable

from musl_audit.frozen import frozen
from musl_audit.judging.context import Context
from musl_audit.model import Finding, Fix, Releases, Severity

MANUAL = Fix("manual")


@frozen
class Rule:
    """The identity of a rule; the docstring of its module is its page."""

    code: str
    name: str  # kebab-case, reads after "allow …"
    severity: Severity
    hint: str
    fix: Fix = MANUAL

    def finding(
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
    ) -> Finding:
        """Return a finding of this rule; ``fails_on`` are all known releases on which the members do not load."""
        return Finding(
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


Check = Callable[[Context], Iterable[Finding]]


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
