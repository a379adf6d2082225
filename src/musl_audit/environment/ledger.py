"""What an index left out or mended, and what it offered instead."""

import threading
from collections.abc import Iterator
from enum import StrEnum

from musl_audit.frozen import frozen
from musl_audit.wheel.offers import version_of


class Fate(StrEnum):
    """What became of a file that does not load, or cannot be told to."""

    BROKEN = "left out"
    SOURCE = "left out, a source distribution"
    MENDED = "mended"
    REFUSED = "refused"  # offered unread, and found not to load when it was asked for


@frozen
class LedgerEntry:
    """One file of a project, and what became of it."""

    fate: Fate
    project: str
    version: str
    filename: str
    reason: str = ""


class Ledger:
    """The entries of a run, each file once; written by several threads."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], LedgerEntry] = {}
        self._offered: dict[str, str] = {}
        self._with_wheels: set[str] = set()
        self._lock = threading.Lock()

    def note(self, fate: Fate, project: str, filename: str, reason: str = "") -> None:
        """Note what became of a file."""
        version = version_of(filename, project) or "?"
        with self._lock:
            self._entries[project, filename] = LedgerEntry(fate, project, version, filename, reason)

    def offer(self, project: str, version: str) -> None:
        """Note the newest version of a project that loads as it is."""
        with self._lock:
            self._offered[project] = version

    def has_wheels(self, project: str) -> None:
        """Note that a project has wheels, whatever for."""
        with self._lock:
            self._with_wheels.add(project)

    def is_bare(self, project: str) -> bool:
        """Whether nothing but source distributions of *project* was seen."""
        return project not in self._with_wheels

    def offered(self, project: str) -> str | None:
        """Return the newest version of *project* that loads as it is, None where none was found."""
        return self._offered.get(project)

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """What was noted, in order."""
        with self._lock:
            return tuple(self._entries.values())

    def of(self, *fates: Fate) -> Iterator[LedgerEntry]:
        """Yield the entries with one of *fates*."""
        return (entry for entry in self.entries if entry.fate in fates)
