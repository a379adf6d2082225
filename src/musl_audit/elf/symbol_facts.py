"""What the dynamic symbol table asks for and offers, as musl's loader sees it; names are made when somebody asks."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import compress, filterfalse, islice

from musl_audit.elf.lookup import OUTSIDE, Lookup
from musl_audit.elf.masks import common, either, picked, table_of, without
from musl_audit.elf.relocations import Relocations
from musl_audit.elf.strings import StringTable
from musl_audit.elf.symbols import STT_GNU_IFUNC, STT_TLS, SymbolColumns
from musl_audit.errors import ElfError
from musl_audit.model import Symbol

STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE = 1, 2, 10
BINDINGS = (STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE)
TYPE_NAMES = {0: "notype", 1: "object", 2: "func", 3: "section", 4: "file", 5: "common", 6: "tls", 10: "ifunc"}

MOST_OWN = 24  # definitions of a file that are looked up as the loader does: a handful in an extension module
WORTH_A_SET = 16  # definitions of which a set is made as fast as one name is looked up

# Values of st_info. find_sym of the loader takes these as definitions and passes over all others.
ACCEPTED = frozenset(binding << 4 | kind for binding in BINDINGS for kind in (0, 1, 2, 5, 6))
TLS = frozenset(binding << 4 | STT_TLS for binding in BINDINGS)
IFUNCS = frozenset(binding << 4 | STT_GNU_IFUNC for binding in BINDINGS)
IS_ACCEPTED, IS_TLS, IS_IFUNC = table_of(ACCEPTED), table_of(TLS), table_of(IFUNCS)
IS_BOUND = table_of(value for value in range(256) if value >> 4 in BINDINGS)
IS_STRONG = table_of(value for value in range(256) if value >> 4 != STB_WEAK)
IS_NOT_LOCAL = table_of(range(16, 256))
FIELDS = ("undefined", "defined", "referenced_definitions", "hidden_versions", "ifuncs")  # of ``ElfFacts``, deferred


@lru_cache(maxsize=8192)  # the files of a wheel ask for the same libc and Python symbols
def _symbol(name: str, is_weak: bool, kind: str, is_referenced: bool) -> Symbol:  # noqa: FBT001  # called for each
    return Symbol(name, is_weak, kind, is_referenced)


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
        own = filter(self._is_accepted, picked(range(len(self._own)), self._own))
        return (self._strings[self._table.names[index]] for index in islice(own, MOST_OWN))

    def beginning(self, *words: str) -> frozenset[str]:
        """Return the definitions that begin with one of *words*."""
        return frozenset(self._names_at(self._accepted_at(self._strings.places(*words))))

    def looks_up(self, name: str) -> bool:
        """Whether the hash table leads to a definition of *name*; never where it is not sound."""
        try:
            return self._lookup is not None and any(map(self._is_accepted, self._lookup.matches(name)))
        except (ElfError, *OUTSIDE):
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
        table = self._table
        # Without a relocation, what no linker binds is nothing; with one, all but local ones are looked up by name.
        found = either(without(table.kinds.translate(IS_BOUND), table.placed), self._asked)
        rows = zip(self._names(found), picked(table.kinds, found), picked(table.referenced, found), strict=True)
        return tuple(
            [
                _symbol(name, kind >> 4 == STB_WEAK, TYPE_NAMES.get(kind & 15, "other"), bool(is_referenced))
                for name, kind, is_referenced in rows
            ]
        )

    @cached_property
    def defined(self) -> frozenset[str]:
        """What the loader accepts as a definition, and its hash table leads to."""
        found = frozenset(self._names(self._accepted))
        return found - self.lost if self.lost else found

    @cached_property
    def referenced_definitions(self) -> frozenset[str]:
        """What is defined here, in whatever form, and referred to here."""
        return frozenset(self._names(self._own))

    @cached_property
    def hidden_versions(self) -> frozenset[str]:
        """What is defined only with the hidden bit of its version set."""
        table = self._table
        if not table.hidden:
            return frozenset()
        hidden = common(common(table.hidden, table.placed), table.kinds.translate(IS_BOUND))
        return frozenset(self._names(hidden)) - self.defined - self.lost

    @cached_property
    def ifuncs(self) -> frozenset[str]:
        """What an indirect function defines."""
        table = self._table
        found = table.kinds.translate(IS_IFUNC)
        if 1 not in found:
            return frozenset()
        return frozenset(self._names(without(common(found, table.placed), table.hidden)))

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
        return frozenset([*self._names_at(named), *([""] if len(named) < len(found) else [])])

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
        odd = without(self._own, self._accepted)
        return frozenset([*self._names(odd), *self.lost]).difference(self.defined) if 1 in odd else self.lost

    @cached_property
    def required(self) -> frozenset[str]:
        """Those that are not weak, and the thread-local ones."""
        return self.required_beyond(frozenset())

    def required_beyond(self, provided: frozenset[str]) -> frozenset[str]:
        """Return what is in ``required`` and not in *provided*."""
        kept = [index for index in self._relocations.thread_local if self._asked[index]]
        strong = compress(self._asked_names, bytes(self._asked_kinds).translate(IS_STRONG))
        return frozenset(filterfalse(provided.__contains__, [*strong, *self._names_at(kept)]))

    def select_defined(self, names: frozenset[str]) -> frozenset[str]:
        """Return those of *names* that are in ``defined``: a few are looked up, for more the set is made."""
        self._selected += len(names)
        if self._selected * WORTH_A_SET > len(self._table.names) or "defined" in vars(self):
            return names & self.defined
        return frozenset([name for name in names if self._defines(name)]) - self.lost

    def select_imported(self, names: frozenset[str]) -> tuple[Symbol, ...]:
        """Return those of ``imported`` with one of *names*, as they are in ``undefined``."""
        if names.isdisjoint(self._asked_names):
            return ()
        rows = zip(self._asked_names, self._asked_kinds, strict=True)
        found = [(name, kind) for name, kind in rows if name in names]
        return tuple(
            [_symbol(name, kind >> 4 == STB_WEAK, TYPE_NAMES.get(kind & 15, "other"), True) for name, kind in found]  # noqa: FBT003
        )

    # --- masks

    @cached_property
    def _asked(self) -> bytes:
        """The undefined symbols that a relocation refers to, but for local ones."""
        return without(self._named, self._table.placed)

    @cached_property
    def _own(self) -> bytes:
        """The definitions that the file itself refers to, but for local ones."""
        return common(self._named, self._table.placed)

    @cached_property
    def _named(self) -> bytes:
        """What relocations refer to, but for local symbols."""
        return common(self._table.referenced, self._table.kinds.translate(IS_NOT_LOCAL))

    @cached_property
    def _accepted(self) -> bytes:
        """What the loader would take for a definition."""
        table = self._table
        found = common(table.placed, table.kinds.translate(IS_ACCEPTED))
        found = common(found, either(table.valued, table.kinds.translate(IS_TLS)))
        return without(found, table.hidden) if table.hidden else found

    @cached_property
    def _asked_names(self) -> Sequence[str]:
        return self._names(self._asked)

    @property
    def _asked_kinds(self) -> Sequence[int]:
        return picked(self._table.kinds, self._asked)

    # --- by index

    def _is_accepted(self, index: int) -> bool:
        """Whether *index* is in ``_accepted``, of which the rest need not be made."""
        table, kind = self._table, self._table.kinds[index]
        is_valued = table.placed[index] and (table.valued[index] or kind in TLS)
        return bool(is_valued) and kind in ACCEPTED and not (table.hidden and table.hidden[index])

    def _accepted_at(self, offsets: frozenset[int]) -> list[int]:
        """Return the definitions whose names begin at *offsets*."""
        if not offsets:
            return []
        at = [index for index, offset in enumerate(self._table.names) if offset in offsets]
        return [index for index in at if self._is_accepted(index)]

    def _exported(self, found: Collection[int]) -> frozenset[str]:
        """Return the names of those symbols at *found* that other files could see."""
        if not found:
            return frozenset()
        kinds = self._table.kinds
        return frozenset(self._names_at([index for index in found if kinds[index] >> 4 in BINDINGS]))

    def _names(self, mask: bytes) -> Sequence[str]:
        if self._made is not None:
            return picked(self._made, mask)
        return self._strings.many(picked(self._table.names, mask))

    def _names_at(self, found: Iterable[int]) -> Sequence[str]:
        if self._made is not None:
            return [self._made[index] for index in found]
        return self._strings.many([self._table.names[index] for index in found])
