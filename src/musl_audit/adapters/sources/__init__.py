"""
Where wheels come from: one file per kind of source, found by file name.

May import ``archive`` and the core.
A module here has ``RANK`` (it is asked in ascending order), ``accepts(reference)`` and ``find(reference)``: read
``files`` first.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Protocol

from musl_audit.adapters import module_names
from musl_audit.model import Failure, Skip
from musl_audit.wheel.ports import Source

Input = Source | Skip | Failure  # a wheel to open, or a row about what is none


class SourceKind(Protocol):
    """What a module of this folder offers."""

    RANK: int

    def accepts(self, reference: str) -> bool:
        """Whether *reference*, as a user writes it, is of this kind."""

    def find(self, reference: str) -> Iterator[Input]:
        """Yield the wheels that *reference* means, and a row for everything else."""


@cache
def source_kinds() -> tuple[SourceKind, ...]:
    """Return every kind of source, in the order in which they are asked."""
    modules: list[SourceKind] = [import_module(f"{__name__}.{name}") for name in module_names(__path__)]
    return tuple(sorted(modules, key=lambda kind: kind.RANK))


def find_sources(references: Iterable[str]) -> Iterator[Input]:
    """Yield the wheels that *references* mean, each once, in order; a row for everything else."""
    seen: set[str] = set()
    for reference in references:
        kind = next(kind for kind in source_kinds() if kind.accepts(reference))
        for found in kind.find(reference):
            if not isinstance(found, Skip | Failure):
                if found.identity in seen:
                    continue
                seen.add(found.identity)
            yield found
