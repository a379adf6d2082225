"""What the dynamic symbol table asks for and offers, as musl's loader sees it; names are made when somebody asks."""

import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import TypeVar

from musl_audit.elf.lookup import Lookup
from musl_audit.elf.relocations import Relocations
from musl_audit.elf.strings import StringTable
from musl_audit.elf.symbols import STT_GNU_IFUNC, STT_TLS, SymbolColumns
from musl_audit.errors import ElfError
from musl_audit.model import Symbol

STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE = 1, 2, 10
BINDINGS = (STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE)
TYPE_NAMES = {0: "notype", 1: "object", 2: "func", 3: "section", 4: "file", 5: "common", 6: "tls", 10: "ifunc"}

MOST_OWN = 24  # definitions of a file that are looked up as the loader does: a handful in an extension module
WORTH_A_SET = 8  # definitions by which one name is looked up as fast as a set is made of all

# Values of st_info. find_sym of the loader takes these as definitions and passes over all others.
ACCEPTED = frozenset(binding << 4 | kind for binding in BINDINGS for kind in (0, 1, 2, 5, 6))
TLS = frozenset(binding << 4 | STT_TLS for binding in BINDINGS)
IFUNCS = frozenset(binding << 4 | STT_GNU_IFUNC for binding in BINDINGS)
FIELDS = ("undefined", "defined", "referenced_definitions", "hidden_versions", "ifuncs")  # of ``ElfFacts``, deferred


@lru_cache(maxsize=8192)  # the files of a wheel ask for the same libc and Python symbols
def _symbol(name: str, is_weak: bool, kind: str, is_referenced: bool) -> Symbol:  # noqa: FBT001  # called for each
    return Symbol(name, is_weak, kind, is_referenced)


Item = TypeVar("Item", int, str)


class SymbolFacts:
    """
    What the symbol table says, in the words of ``ElfFacts``, whose fields and derived properties the attributes are.

    Names are cut out when somebody asks, only those that it takes: an answer about an extension module needs a hundred
    of what may be 50,000. Those that overlap without end raise ``ElfError`` then.
    """

    def __init__(
        self, table: SymbolColumns, strings: StringTable, relocations: Relocations, lookup: Lookup | None
    ) -> None:
        self._table, self._strings, self._relocations = table, strings, relocations
        self._made: Sequence[str] | None = None
        self.lost: frozenset[str] = frozenset()  # definitions that the hash table does not lead to
        self._lookup = lookup  # where the hash table is sound
        self._selected = 0  # names that were looked up

    def keep_lookup(self) -> None:
        """Keep what names are looked up with, once the bytes of the file are gone."""
        if self._lookup is not None:
            self._lookup.keep()

    def make_names(self) -> None:
        """Make all names at once, which is cheaper where all are asked for; nothing is looked up then."""
        self._lookup = None  # with it the bytes of the file go, before there are names
        self._made = self._strings.many(self._table.names)

    def first_own(self) -> Iterator[str]:
        """Yield some of the definitions that the file itself refers to."""
        own = (index for index in self._own if self._is_accepted(index))
        return (self._strings[self._table.names[index]] for index in islice(own, MOST_OWN))

    def beginning(self, *words: str) -> frozenset[str]:
        """Return the definitions that begin with one of *words*."""
        return frozenset(self._names(self._accepted_at(self._strings.places(*words))))

    def looks_up(self, name: str) -> bool:
        """Whether the hash table leads to a definition of *name*; never where it is not sound."""
        try:
            return self._lookup is not None and any(map(self._is_accepted, self._lookup.matches(name)))
        except (ElfError, struct.error):
            self._lookup = None  # there is no table, or it leads out of itself
            return False

    def _defines(self, name: str) -> bool:
        """Whether *name* is in ``defined``."""
        is_found = self.looks_up(name)
        if is_found or self._lookup is not None:
            return is_found
        return bool(self._accepted_at(self._strings.places(name, is_whole=True)))

    # --- fields

    @cached_property
    def undefined(self) -> tuple[Symbol, ...]:
        """In the order of the table."""
        kinds, referenced = self._table.kinds, frozenset(self._table.referenced)
        open_ = [index for index, section in enumerate(self._table.sections) if not section]
        # Without a relocation, what no linker binds is nothing; with one, all but local ones are looked up by name.
        found = [
            index for index in open_ if kinds[index] >> 4 in BINDINGS or (kinds[index] >> 4 and index in referenced)
        ]
        rows = zip(self._names(found), [kinds[index] for index in found], found, strict=True)
        return tuple(
            [
                _symbol(name, kind >> 4 == STB_WEAK, TYPE_NAMES.get(kind & 15, "other"), index in referenced)
                for name, kind, index in rows
            ]
        )

    @cached_property
    def defined(self) -> frozenset[str]:
        """What the loader accepts as a definition, and its hash table leads to."""
        made = self._made
        found = self._strings.many(self._accepted(self._table.names)) if made is None else self._accepted(made)
        return frozenset(found) - self.lost if self.lost else frozenset(found)

    @cached_property
    def referenced_definitions(self) -> frozenset[str]:
        """What is defined here, in whatever form, and referred to here."""
        return frozenset(self._names(self._own))

    @cached_property
    def hidden_versions(self) -> frozenset[str]:
        """What is defined only with the hidden bit of its version set."""
        hidden = self._exported([index for index in self._table.hidden if self._table.sections[index]])
        return hidden - self.defined - self.lost if hidden else hidden

    @cached_property
    def ifuncs(self) -> frozenset[str]:
        """What an indirect function defines."""
        table = self._table
        if IFUNCS.isdisjoint(table.kinds):
            return frozenset()
        found = [index for index, kind in enumerate(table.kinds) if kind in IFUNCS and table.sections[index]]
        return self._exported([index for index in found if index not in table.hidden])

    @cached_property
    def copied(self) -> frozenset[str]:
        """The targets of COPY relocations."""
        return self._exported(self._relocations.copied)

    @cached_property
    def initial_exec(self) -> frozenset[str]:
        """Those of initial-exec relocations, ``""`` for what only the file itself knows."""
        found, kinds = self._relocations.initial_exec, self._table.kinds  # kinds of nothing, where 0 is all there is
        if not found:
            return frozenset()
        named = [index for index in found if index < len(kinds) and kinds[index] >> 4 in BINDINGS]
        return frozenset([*self._names(named), *([""] if len(named) < len(found) else [])])

    @cached_property
    def thread_local(self) -> frozenset[str]:
        """Those of all thread-local relocations."""
        return self._exported(self._relocations.thread_local)

    # --- what follows from them

    @cached_property
    def imported(self) -> frozenset[str]:
        """The undefined symbols that a relocation refers to."""
        return frozenset(self._asked_names)

    @cached_property
    def unaccepted(self) -> frozenset[str]:
        """What is in ``referenced_definitions`` and not in ``defined``."""
        kinds, values, hidden = self._table.kinds, self._table.values, self._table.hidden
        odd = [
            index
            for index in self._own
            if not values[index] or kinds[index] not in ACCEPTED or (hidden and index in hidden)
            if not self._is_accepted(index)
        ]
        return frozenset([*self._names(odd), *self.lost]).difference(self.defined) if odd else self.lost

    @cached_property
    def required(self) -> frozenset[str]:
        """Those that are not weak, and the thread-local ones."""
        kinds, kept = self._table.kinds, self._relocations.thread_local
        rows = zip(self._asked_names, self._asked, strict=True)
        return frozenset([name for name, index in rows if kinds[index] >> 4 != STB_WEAK or index in kept])

    def select_defined(self, names: frozenset[str]) -> frozenset[str]:
        """Return those of *names* that are in ``defined``: a few are looked up, for more the set is made."""
        self._selected += len(names)
        if self._selected * WORTH_A_SET > len(self._table.names) or "defined" in vars(self):
            return names & self.defined
        return frozenset([name for name in names if self._defines(name)]) - self.lost

    def select_imported(self, names: frozenset[str]) -> tuple[Symbol, ...]:
        """Return those of ``imported`` with one of *names*, as they are in ``undefined``."""
        rows = zip(self._asked_names, self._asked, strict=True)
        found = [(name, self._table.kinds[index]) for name, index in rows if name in names]
        return tuple(
            [_symbol(name, kind >> 4 == STB_WEAK, TYPE_NAMES.get(kind & 15, "other"), True) for name, kind in found]  # noqa: FBT003
        )

    # --- by index

    @cached_property
    def _asked(self) -> Sequence[int]:
        """The undefined symbols that a relocation refers to, but for local ones."""
        kinds, sections = self._table.kinds, self._table.sections
        return [index for index in self._table.referenced if not sections[index] and kinds[index] >> 4]

    @cached_property
    def _asked_names(self) -> Sequence[str]:
        return self._names(self._asked)

    @cached_property
    def _own(self) -> Sequence[int]:
        """The definitions that the file itself refers to, but for local ones."""
        kinds, sections = self._table.kinds, self._table.sections
        return [index for index in self._table.referenced if sections[index] and kinds[index] >> 4]

    def _accepted(self, items: Sequence[Item]) -> list[Item]:
        """Return those of *items*, one for each symbol, whose symbols the loader would take for definitions."""
        table, hidden = self._table, self._table.hidden
        rows = zip(items, table.kinds, table.sections, table.values, strict=True)
        visible = rows if not hidden else (row for index, row in enumerate(rows) if index not in hidden)
        return [
            item for item, kind, section, value in visible if section and kind in ACCEPTED and (value or kind in TLS)
        ]

    def _is_accepted(self, index: int) -> bool:
        """Whether the loader would take a symbol for a definition."""
        table, kind = self._table, self._table.kinds[index]
        is_placed = table.sections[index] and (table.values[index] or kind in TLS)
        return bool(is_placed) and kind in ACCEPTED and index not in table.hidden

    def _accepted_at(self, offsets: frozenset[int]) -> list[int]:
        """Return the definitions whose names begin at *offsets*."""
        if not offsets:
            return []
        at = [index for index, offset in enumerate(self._table.names) if offset in offsets]
        return [index for index in at if self._is_accepted(index)]

    def _exported(self, indices: Collection[int]) -> frozenset[str]:
        """Return the names of those symbols that other files could see."""
        if not indices:
            return frozenset()
        kinds = self._table.kinds
        return frozenset(self._names([index for index in indices if kinds[index] >> 4 in BINDINGS]))

    def _names(self, indices: Iterable[int]) -> Sequence[str]:
        if self._made is not None:
            return [self._made[index] for index in indices]
        return self._strings.many([self._table.names[index] for index in indices])
