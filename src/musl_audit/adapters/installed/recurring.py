"""
Libraries that several packages bring along: what was read of one need not be read out of the next.

What ``read_elf`` says follows from the name and the size of a file and from the bytes that it looks at. Where these are
the same, so are the facts; nobody takes a digest of bytes that are not looked at.
"""

from musl_audit.adapters.partial_file import PartialFile
from musl_audit.elf import read_elf
from musl_audit.frozen import frozen, replace
from musl_audit.model import ElfFacts, ElfKind

_MOST_BYTES = 8 << 20  # of files that are kept, as far as they were read


@frozen
class _Known:
    facts: ElfFacts
    blocks: tuple[tuple[int, bytes], ...]  # the bytes that they follow from
    size: int  # of these


class RecurringFiles:
    """The libraries that were read last, by name and size."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], _Known] = {}
        self._size = 0

    def read(self, contents: bytes | PartialFile, path: str) -> ElfFacts:
        """Return the facts of the file at *path*, the names of its symbols deferred; raise ``ElfError``."""
        if isinstance(contents, bytes):
            return read_elf(contents, path, are_names_deferred=True)
        key = path.rpartition("/")[2], len(contents)
        known = self._known.pop(key, None)
        if known is not None and contents.has(known.blocks):
            self._known[key] = known  # the last one now
            return replace(known.facts, path=path)
        facts = read_elf(contents, path, are_names_deferred=True)
        if known is not None:
            self._size -= known.size
        if facts.kind is ElfKind.LIBRARY:
            self._keep(key, _Known(facts, contents.blocks, contents.fetched))
        return facts

    def _keep(self, key: tuple[str, int], known: _Known) -> None:
        self._known[key] = known
        self._size += known.size
        while self._size > _MOST_BYTES:
            oldest = next(iter(self._known))
            self._size -= self._known.pop(oldest).size
