"""The ways in which a wheel does not work, in words: which rule leads to which."""

from collections.abc import Iterable
from enum import StrEnum

from musl_audit.judging.rules import rule_of
from musl_audit.judging.rules.base import spell
from musl_audit.model import Evidence, ExternalLibrary, LibraryStatus


class Way(StrEnum):
    """What a person sees who imports the wheel, the worst first."""

    CRASHES = "crashes"  # a signal: no exception, no message
    FOR_GLIBC = "for glibc"
    NO_LIBRARY = "no library"  # "Error loading shared library"
    NO_SYMBOL = "no symbol"  # "symbol not found"
    REFUSED = "refused"  # any other sentence of the loader


_WAYS = {
    "MUSL101": Way.NO_SYMBOL,
    "MUSL102": Way.NO_SYMBOL,
    "MUSL106": Way.NO_SYMBOL,
    "MUSL201": Way.FOR_GLIBC,
    "MUSL202": Way.NO_LIBRARY,
    "MUSL203": Way.NO_LIBRARY,
    "MUSL206": Way.NO_SYMBOL,
}
_WHY_REFUSED = {
    "MUSL301": "a file is for another architecture",
    "MUSL402": "its initial-exec TLS is for programs, not for what they load later",
    "MUSL403": "it has indirect functions (IFUNC)",
    "MUSL406": "it has relocations that musl does not apply",
    "MUSL407": "it has a segment of no length",
    "MUSL901": "a binary cannot be read",
}
_LOST = (LibraryStatus.MISSING, LibraryStatus.UNREACHABLE)
_NAMES_SHOWN = 2
_NAME_LENGTH = 60  # C++ has names of a thousand letters


def _way(code: str) -> Way:
    return Way.CRASHES if rule_of(code).crashes else _WAYS.get(code, Way.REFUSED)


def way_of(evidence: Iterable[Evidence]) -> Way:
    """Return in which way a wheel fails, of which *evidence* says why: a crash hides all else."""
    ways = {_way(item.code) for item in evidence}
    return next((way for way in Way if way in ways), Way.REFUSED)


def why(
    way: Way, evidence: Iterable[Evidence], libraries: Iterable[ExternalLibrary], *, everywhere: bool = False
) -> str:
    """Return the reason as the end of a sentence, or nothing where the way says it all."""
    items = [item for item in evidence if _way(item.code) is way]
    match way:
        case Way.CRASHES | Way.FOR_GLIBC:
            return ""
        case Way.NO_SYMBOL:
            names = sorted({_short(symbol) for item in items for symbol in item.symbols})
            lack = "which no musl has" if everywhere else "which musl there lacks"
            return f"it needs {spell(names, _NAMES_SHOWN)}, {lack}" if names else ""
        case Way.NO_LIBRARY:
            names = [_short(library.soname) for library in libraries if library.status in _LOST]
            them = "it" if len(names) == 1 else "them"
            return (
                f"it needs {spell(names, _NAMES_SHOWN)}, and does not bring {them}" if names else "a library is missing"
            )
        case Way.REFUSED:
            return next((_WHY_REFUSED[item.code] for item in items if item.code in _WHY_REFUSED), "")


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"
