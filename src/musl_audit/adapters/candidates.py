"""
What a survey is pointed at: wheels of folders and all folders in them, of lists, and facts that were read before.

Not a kind of source for every command: a mirror is walked whole only by who asks for it.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from musl_audit.adapters.facts_files import facts_lines
from musl_audit.adapters.sources import find_sources
from musl_audit.errors import UsageError, WheelError
from musl_audit.frozen import frozen
from musl_audit.model import Failure, Skip
from musl_audit.wheel.ports import Source

_DOCUMENTS = (".jsonl", ".jsonl.gz")
_LISTS = (".txt", ".list")


@frozen
class Candidate:
    """A wheel that may be read, and what is known of it without reading."""

    source: Source
    stamp: str = ""  # changes when the file does
    sha256: str | None = None  # as an index says
    uploaded: str | None = None  # ISO

    @property
    def path(self) -> str:
        """Where it is."""
        return self.source.path

    @property
    def size(self) -> int:
        """In bytes."""
        return self.source.size


@frozen
class DocumentLine:
    """A line of facts, as ``show --facts`` writes them."""

    path: str  # of the file, with the number of the line
    document: bytes
    stamp: str = ""
    sha256: str | None = None
    uploaded: str | None = None

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.document)


Surveyed = Candidate | DocumentLine | Skip | Failure


def find_candidates(references: Iterable[str]) -> Iterator[Surveyed]:
    """
    Yield what *references* mean: folders with all folders in them, globs, wheels, lists (``.txt``), facts (``.jsonl``).

    Raise ``UsageError`` where a list or a file of facts cannot be read.
    """
    for reference in references:
        if reference.endswith(_DOCUMENTS) and Path(reference).is_file():
            yield from _lines(reference)
        elif reference.endswith(_LISTS) and Path(reference).is_file():
            yield from find_candidates(_listed(reference))
        elif Path(reference).is_dir():
            yield from _walked(reference)
        else:
            yield from map(_candidate, find_sources([reference]))


def _walked(folder: str) -> Iterator[Surveyed]:
    """Yield the wheels below *folder*, sorted, each once; links to folders are not followed."""
    for path, folders, names in os.walk(folder):
        folders.sort()
        wheels = [str(Path(path, name)) for name in sorted(names) if name.endswith(".whl")]
        yield from map(_candidate, find_sources(wheels))


def _candidate(found: Source | Skip | Failure) -> Surveyed:
    if isinstance(found, Skip | Failure):
        return found
    try:
        return Candidate(found, str(Path(found.path).stat().st_mtime_ns))
    except OSError:  # no file of this machine, or its opening will say so
        return Candidate(found)


def _listed(path: str) -> list[str]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _lines(path: str) -> Iterator[Surveyed]:
    try:
        for number, line in facts_lines(path):
            yield DocumentLine(f"{path}:{number}", line.strip(), str(Path(path).stat().st_mtime_ns))
    except WheelError as error:
        yield Failure(path, error.code, str(error))
