"""What ``index`` tells at its end: what it left out or mended, why, and what it offered instead."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from musl_audit.environment.ledger import Fate, Ledger, LedgerEntry
from musl_audit.reporters.visible import visible

_SHOWN = 3  # versions that are listed one by one


def ledger_lines(ledger: Ledger, place: str) -> Iterator[str]:
    """Yield a line for each project and reason."""
    for fate in (Fate.BROKEN, Fate.MENDED, Fate.REFUSED):
        entries = sorted(ledger.of(fate), key=lambda entry: (entry.project, entry.reason))
        for (project, reason), group in groupby(entries, key=lambda entry: (entry.project, entry.reason)):
            yield _line(fate, visible(project), _versions(group), visible(reason), place, ledger.offered(project))
    yield from _sources(ledger)


def _line(fate: Fate, project: str, versions: str, reason: str, place: str, offered: str | None) -> str:
    match fate:
        case Fate.MENDED:
            return f"{project} {versions}: offered mended for {place}: unmended, {reason}"
        case Fate.REFUSED:
            return f"{project} {versions}: refused when it was asked for: {reason}; the next run leaves it out"
        case _:
            instead = f"offered {visible(offered)}" if offered else "nothing else loads"
            return f"{project} {versions}: left out for {place}: {reason}; {instead}"


def _versions(entries: Iterable[LedgerEntry]) -> str:
    """Return the versions as a list, or as a range with how many there are."""
    from packaging.version import Version

    versions = sorted({entry.version for entry in entries}, key=Version, reverse=True)
    if len(versions) <= _SHOWN:
        return ", ".join(map(visible, versions))
    return f"{visible(versions[-1])}–{visible(versions[0])} ({len(versions)} versions)"


def _sources(ledger: Ledger) -> Iterator[str]:
    """Yield a line about source distributions of projects that have nothing else."""
    projects = sorted({entry.project for entry in ledger.of(Fate.SOURCE)})
    bare = [project for project in projects if ledger.is_bare(project)]
    if bare:
        yield f"{', '.join(map(visible, bare))}: only source distributions, left out: --allow-sdists offers them"
