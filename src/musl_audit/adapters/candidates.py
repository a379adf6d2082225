"""
What a survey is pointed at: wheels of folders and all folders in them, of lists, of indexes, and facts read before.

Not a kind of source for every command: a mirror is walked whole only by who asks for it.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING

from musl_audit.adapters.facts_files import facts_lines
from musl_audit.adapters.sources import find_sources
from musl_audit.adapters.sources.binaries import Binary
from musl_audit.errors import UsageError, WheelError
from musl_audit.frozen import frozen
from musl_audit.model import Failure, Skip
from musl_audit.wheel.ports import Source

if TYPE_CHECKING:
    from musl_audit.adapters.indexes.lines import Line
    from musl_audit.adapters.indexes.projects import IndexGroup

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


def find_candidates(
    references: Iterable[str],
    requirement_files: Iterable[str] = (),
    index: "Callable[[], IndexGroup] | None" = None,
) -> Iterator[Surveyed]:
    """
    Yield what *references* mean, each wheel once.

    These are folders with all folders in them, globs, wheels, lists (``.txt``), facts (``.jsonl``), URLs, and projects
    with or without versions, of which *index* offers every musllinux wheel; so it does of what *requirement_files* ask
    for. *index* is called when it is first needed. Raise ``UsageError`` where a list or a file cannot be read.
    """
    seen: set[str] = set()
    for found in _found(references, requirement_files, index):
        if isinstance(found, Candidate):
            if found.source.identity in seen:
                continue
            seen.add(found.source.identity)
        yield found


def _found(
    references: Iterable[str], requirement_files: Iterable[str], index: "Callable[[], IndexGroup] | None"
) -> Iterator[Surveyed]:
    lines: list[Line] = []
    for reference in references:
        if reference.endswith(_DOCUMENTS) and Path(reference).is_file():
            yield from _lines(reference)
        elif reference.endswith(_LISTS) and Path(reference).is_file():
            yield from _found(_listed(reference), (), index)
        elif Path(reference).is_dir():
            yield from _walked(reference)
        elif reference.startswith(("http://", "https://")) and find_spec("httpx"):
            from musl_audit.adapters.index_candidates import at_url

            yield at_url(reference)
        elif index is not None and (line := _line(reference)):
            lines.append(line)
        else:
            yield from map(_candidate, find_sources([reference]))
    for file in requirement_files:
        from musl_audit.adapters.indexes.requirement_files import read_requirement_file

        lines += read_requirement_file(Path(file), None)
    if lines and index is not None:
        from musl_audit.adapters.index_candidates import offered_candidates

        yield from offered_candidates(lines, index())


def _line(reference: str) -> "Line | None":
    """Return what *reference* asks an index for; None where it is, or looks like, a file or a glob."""
    if lexists(reference) or any(sign in reference for sign in "*?/") or reference.endswith(".whl"):
        return None
    from musl_audit.adapters.index_candidates import requirement_line

    return requirement_line(reference)


def _walked(folder: str) -> Iterator[Surveyed]:
    """Yield the wheels below *folder*, sorted, each once; links to folders are not followed."""
    for path, folders, names in os.walk(folder):
        folders.sort()
        wheels = [str(Path(path, name)) for name in sorted(names) if name.endswith(".whl")]
        yield from map(_candidate, find_sources(wheels))


def _candidate(found: Source | Skip | Failure) -> Surveyed:
    if isinstance(found, Skip | Failure):
        return found
    if isinstance(found, Binary):
        return Skip(found.path, "not a wheel")
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
