"""The ways in which a wheel does not work, in words; what a rule means for its files, the rule itself says."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from musl_audit.judging.rules import rule_of
from musl_audit.judging.rules.base import DOES_NOT_LOAD, spell
from musl_audit.model import Evidence, ExternalLibrary, LibraryStatus

_LOST = (LibraryStatus.MISSING, LibraryStatus.UNREACHABLE)
_SYMBOLS = "{symbols}"  # in the phrase of a rule that speaks of them
_NAMES_SHOWN = 2
_NAME_LENGTH = 60  # C++ has names of a thousand letters


class Way(StrEnum):
    """What a person sees who imports the wheel, the worst first."""

    CRASHES = "crashes"  # a signal: no exception, no message
    FAILS = "fails"  # an ImportError with a sentence of the loader


def way_of(evidence: Iterable[Evidence]) -> Way:
    """Return in which way a wheel fails, of which *evidence* says why: a crash hides all else."""
    return Way.CRASHES if any(rule_of(item.code).crashes for item in evidence) else Way.FAILS


def why(evidence: Sequence[Evidence], libraries: Iterable[ExternalLibrary], *, everywhere: bool = False) -> str:
    """Return the reason as the end of a sentence: a missing library, a fact about a file, or missing symbols."""
    silent = [item for item in evidence if not _is_about_symbols(item)]
    lost = [_short(library.soname) for library in libraries if library.status in _LOST]
    if lost and any(rule_of(item.code).phrase is DOES_NOT_LOAD for item in silent):
        return f"it needs {spell(lost, _NAMES_SHOWN)}, and does not bring {'it' if len(lost) == 1 else 'them'}"
    if silent:
        return next((text for item in silent if (text := _fact(item))), _unsaid(silent[0]))
    names = sorted({_short(symbol) for item in evidence for symbol in item.symbols})
    if any(rule_of(item.code).phrase is DOES_NOT_LOAD for item in evidence):
        lack = "which it does not find"
    else:
        lack = "which no musl has" if everywhere else "which musl there lacks"
    return f"it needs {spell(names, _NAMES_SHOWN)}, {lack}" if names else ""


def _is_about_symbols(item: Evidence) -> bool:
    """Whether the rule speaks of symbols, which a sentence can name; others have them beside what they speak of."""
    phrase = rule_of(item.code).phrase
    return _SYMBOLS in phrase.rest or (phrase is DOES_NOT_LOAD and bool(item.symbols))


def _fact(item: Evidence) -> str:
    """Return what the rule says about the files of *item*, which are counted: names with digests help nobody here."""
    phrase = rule_of(item.code).phrase
    if phrase is DOES_NOT_LOAD:
        return ""
    number = len(item.members)
    return f"{number} files {phrase.plural} {phrase.rest}" if number > 1 else f"a file {phrase.singular} {phrase.rest}"


def _unsaid(item: Evidence) -> str:
    """Return the rule by name, which has no words for it but its message."""
    number = len(item.members)
    files = f"{number} files do" if number > 1 else "a file does"
    return f"{files} not load ({item.code} {rule_of(item.code).name})"


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"
