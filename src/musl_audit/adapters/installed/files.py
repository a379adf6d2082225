"""The files of a system as the loader meets them: found without links, read once."""

from functools import lru_cache

from musl_audit.adapters.tree import PathError, Tree
from musl_audit.elf import read_elf
from musl_audit.errors import ElfError
from musl_audit.model import ElfFacts

MAGIC = b"\x7fELF"
LARGEST_FILE = 4 << 30  # bytes; as the largest member of a wheel
_KEPT = 64  # libraries of the system whose facts are kept: those of one project need a handful
_FOUND = 4096


class SystemFiles:
    """``environment.installed.linkage.Files`` over a tree; the facts of the last few files are kept."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.found = lru_cache(_FOUND)(self._found)
        self.facts = lru_cache(_KEPT)(self._facts)

    def _found(self, path: str) -> str | None:
        try:
            return self.tree.resolve(path)
        except PathError:
            return None

    def _facts(self, path: str) -> ElfFacts | None:
        try:
            with self.tree.contents_if(path, MAGIC, most=LARGEST_FILE) as data:
                return read_elf(data, path) if data is not None else None
        except (PathError, ElfError):
            return None
