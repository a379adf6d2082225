"""A system with libraries that exist as facts alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from musl_audit.errors import LibraryError
from musl_audit.model import ElfFacts
from musl_audit.wheel.ports import FoundLibrary, SearchEntry


@dataclass
class FactLibraries:
    """``ports.Libraries`` over facts; ``asked`` notes what was asked for, and where it was to be searched."""

    found: dict[str, ElfFacts]
    directory: str = "/usr/lib"
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def find(self, soname: str, entries: Sequence[SearchEntry]) -> FoundLibrary:
        """Return the library, by soname."""
        self.asked.append((soname, tuple(entry.directory for entry in entries)))
        if soname not in self.found:
            raise LibraryError("not found anywhere")
        facts = self.found[soname]
        return FoundLibrary(facts.path, sha256(facts.path.encode()).hexdigest(), facts, directory=self.directory)

    def take(self, path: str) -> FoundLibrary:
        """Return the library, by the last part of its path."""
        return self.find(path.rpartition("/")[2], ())

    def read(self, library: FoundLibrary) -> bytes:
        """Nothing is copied here."""
        raise LibraryError(library.source)
