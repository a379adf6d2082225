"""What every rule is made of: its identity, its page and its check."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum, auto
from importlib import import_module
from os import listdir  # of this package itself: pkgutil, which asks the same, imports 20 modules for it
from types import ModuleType

from musl_audit.frozen import frozen
from musl_audit.judging.context import Context
from musl_audit.model import ElfFacts, Fix, FixKind, Releases, Severity, Statement

MANUAL = Fix(FixKind.MANUAL)
BY_REPAIR = "run `{repair}`"  # the command of a fix that is automatic everywhere


class Uses:
    """Which files use which symbols, gathered for one statement."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = set(pairs)  # (symbol, path)

    def add(self, symbol: str, *paths: str) -> None:
        """Note that each file of *paths* uses *symbol*."""
        self._pairs.update((symbol, path) for path in paths)

    def __bool__(self) -> bool:
        return bool(self._pairs)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols, sorted."""
        return tuple(sorted({symbol for symbol, _ in self._pairs}))

    @property
    def members(self) -> tuple[str, ...]:
        """The files, sorted."""
        return tuple(sorted({path for _, path in self._pairs}))


@frozen
class Phrase:
    """What a rule says of files in a sentence about one interpreter: a verb for one file, one for several, the rest."""

    singular: str
    plural: str
    rest: str  # "{symbols}" stands for the symbols

    def of(self, members: Sequence[str], symbols: Sequence[str] = ()) -> str:
        """
        Return the sentence about *members* and *symbols*.

        >>> Phrase("needs", "need", "{symbols}, which is in no musl").of(["a.so"], ["backtrace"])
        'a.so needs backtrace, which is in no musl'
        """
        verb = self.singular if len(members) == 1 else self.plural
        return f"{spell(members, 2)} {verb} {self.rest.format(symbols=spell(symbols))}"


class Teller(Enum):
    """What tells people that which a rule about environments found."""

    FINDING = auto()  # nothing else: its finding
    WHEEL_ANSWER = auto()
    PACKAGE_ANSWER = auto()


DOES_NOT_LOAD = Phrase("does", "do", "not load")


@frozen
class Rule:
    """The identity of a rule; the docstring of its module is its page."""

    code: str
    name: str  # kebab-case, reads after "allow …"
    severity: Severity
    hint: str
    fix: Fix = MANUAL
    phrase: Phrase = DOES_NOT_LOAD
    crashes: bool = False  # a signal at import; all else is an ImportError
    since: str = "0.1.0"  # the release of musl-audit that brought it
    is_told_by_tags: bool = False  # a refusal of the tags says it already
    tells_releases: bool = True  # its statements may name releases on which something fails
    is_outgrown: bool = False  # what it is about loads from some later release on
    blocks_import: bool = False  # what it is about is imported on no release, though every file could be mapped
    here: str = ""  # its reason where one system is in view: {message}, {symbols}, {libraries}, {musl}; empty: phrase
    told_by: Teller = Teller.FINDING

    def states(
        self,
        message: str,
        *,
        members: Iterable[str] = (),
        symbols: Iterable[str] = (),
        uses: Uses | None = None,
        libraries: Iterable[str] = (),
        fails_on: Releases = frozenset(),
        severity: Severity | None = None,
        hint: str | None = None,
        fix: Fix | None = None,
    ) -> Statement:
        """
        Return what this rule saw; ``fails_on`` are all known releases on which the members do not load.

        *uses* stand for members and symbols.
        """
        return Statement(
            code=self.code,
            name=self.name,
            severity=severity or self.severity,
            message=message,
            hint=self.hint if hint is None else hint,
            members=uses.members if uses else tuple(sorted(set(members))),
            symbols=uses.symbols if uses else tuple(sorted(set(symbols))),
            libraries=tuple(sorted(set(libraries))),
            fails_on=fails_on,
            fix=fix or self.fix,
        )


Check = Callable[[Context], Iterable[Statement]]


def unseen_definitions(context: Context, definitions: Callable[[ElfFacts], frozenset[str]]) -> Uses:
    """Return what files of a load have among their *definitions* and nobody defines visibly, and who is involved."""
    found = Uses()
    for load, reference in context.unsatisfied:
        name = reference.symbol.name
        definers = [file.path for file in load.files if name in definitions(file)]
        if definers:
            found.add(name, reference.path, *definers)
    return found


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
    files = {name for folder in folders for name in listdir(folder) if name.endswith(".py") and name.startswith(prefix)}
    for name in sorted(files):
        yield import_module(f"{package}.{name.removesuffix('.py')}")


def find_rule(package: str, folders: Iterable[str], code: str) -> Rule:
    """Return the rule of *package* that *code* names; its file alone is imported. Raise ``KeyError`` without one."""
    rules: Iterator[Rule] = (module.RULE for module in rule_modules(package, folders, f"{code.lower()}_"))
    found = next((rule for rule in rules if rule.code == code), None)
    if found is None:
        raise KeyError(code)
    return found
