"""
A model of musl's dynamic loader: for each file of a wheel, who provides each library and each symbol it needs.

What it models is in musl's ``ldso/dynlink.c``: ``load_library``, ``path_open``, ``fixup_rpath``, ``find_sym`` and
``do_relocs``. Nothing here looks at the host.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from musl_audit.frozen import frozen
from musl_audit.loader.eras import TODAY, Era, is_libc
from musl_audit.loader.exclusion import excluding_glob
from musl_audit.loader.search_paths import effective_entries
from musl_audit.model import (
    Allowed,
    ElfFacts,
    ElfKind,
    Excluded,
    FromInterpreter,
    FromLibc,
    InWheel,
    Nobody,
    Outside,
    Provider,
    Symbol,
    Unknown,
    Unreachable,
    WheelFacts,
)
from musl_audit.policy import Arch, Catalog, SymbolTable
from musl_audit.wheel.installed_tree import InstalledTree, LeavesTreeError, Place, descend, place_of, relative_to_origin


@frozen
class Need:
    """One NEEDED entry, and who provides it in one load."""

    path: str  # the file that has the entry
    soname: str
    provider: Provider
    is_by_runpath: bool = False  # found through DT_RUNPATH, which musl reads from 1.1.6 on


@frozen
class Reference:
    """
    One undefined symbol that a relocation refers to.

    Neither musl nor Python provides it on every release, and no file of the load does.
    """

    path: str  # the file that refers to it
    symbol: Symbol
    provider: Provider

    @property
    def is_found_nowhere(self) -> bool:
        """Whether the loader refuses the file for it on every release."""
        return isinstance(self.provider, Nobody) and not self.symbol.is_weak


@frozen
class Load:
    """
    What happens when one root is loaded.

    ``files`` are the root and what it pulls in, breadth first, each once: the scope in which symbols are looked up
    behind the program and its startup libraries.
    """

    root: ElfFacts
    files: tuple[ElfFacts, ...]
    needs: tuple[Need, ...]
    references: tuple[Reference, ...]

    @property
    def is_program(self) -> bool:
        """Whether the root is started, not dlopen()ed: what it needs are startup libraries then."""
        return self.root.kind is ElfKind.EXECUTABLE


@frozen
class Linkage:
    """Every load of a wheel; a library is judged in the loads that reach it, alone only where none does."""

    loads: tuple[Load, ...]

    def files(self) -> Iterator[ElfFacts]:
        """Yield each file that some load maps, once, sorted by path."""
        found = {file.path: file for load in self.loads for file in load.files}
        return iter(file for _, file in sorted(found.items()))


@frozen
class _Open:
    """What a file asks of whoever is loaded with it."""

    symbols: tuple[Symbol, ...]
    names: frozenset[str]


class Linker:
    """Answers for the files of one wheel and one architecture; holds what every load of the wheel shares."""

    def __init__(
        self, facts: WheelFacts, arch: Arch, catalog: Catalog, exclude: tuple[str, ...], era: Era = TODAY
    ) -> None:
        self._catalog = catalog
        self._era = era
        self._exclude = exclude
        self._symbols: SymbolTable = catalog.symbols(arch.name)
        self._known = catalog.known_on(arch.name)
        self._reserved = frozenset((arch.loader, *arch.libc_sonames))
        self._elves = {elf.path: elf for elf in facts.elves}
        self._members = facts.members
        self._arch = arch.name
        self._open_references: dict[tuple[str, bool], _Open] = {}
        self._of_libc: dict[str, FromLibc] = {}

    @cached_property
    def _tree(self) -> InstalledTree:
        """The files as they are installed; most wheels need nothing that is looked for there."""
        return InstalledTree(member.name for member in self._members if not member.is_directory)

    # --- libraries

    def load(self, root: ElfFacts) -> Load:
        """Return what loading *root* pulls in, as ``load_deps`` walks: breadth first, each name once."""
        files = [root]
        chains: dict[str, tuple[ElfFacts, ...]] = {root.path: (root,)}
        by_name: dict[str, tuple[Provider, bool]] = {}
        needs = []
        for file in files:  # grows while it is walked
            for soname in file.needed:
                provider, is_by_runpath = by_name.get(soname) or self._find(soname, chains[file.path])
                if isinstance(provider, InWheel):
                    by_name[soname] = provider, is_by_runpath
                    if provider.path not in chains:
                        found = self._elves[provider.path]
                        chains[found.path] = (found, *chains[file.path])
                        files.append(found)
                needs.append(Need(file.path, soname, provider, is_by_runpath))
        return Load(root, tuple(files), tuple(needs), tuple(self._references(root, files, needs)))

    def _find(self, soname: str, chain: tuple[ElfFacts, ...]) -> tuple[Provider, bool]:
        """Return who provides *soname* to the first file of *chain*, which the others needed in turn."""
        if self._catalog.reserved_libc_name(soname):
            return FromLibc(self._known), False
        if self._era.takes_prefixes and self._catalog.begins_like_libc_name(soname):
            return FromLibc(self._known), False
        found = self._search(soname, chain)
        if found:
            return found
        return self._find_outside(soname, chain), False

    def _search(self, soname: str, chain: tuple[ElfFacts, ...]) -> tuple[Provider, bool] | None:
        if "/" in soname:
            return self._at_path(soname), False  # opened as it is: a path of the host
        leaves = None
        for file in chain:
            for entry in effective_entries(file):
                try:
                    place = self._candidate(file, entry, soname)
                except LeavesTreeError:
                    leaves = f"{entry} of {file.path} leads out of the installed tree"
                    continue
                if place is None:
                    continue
                if member := self._tree.member_at(place):
                    return self._loadable(member), file.runpath is not None
                if self._tree.is_directory(place):
                    return Unreachable(("/".join(place[1:]),)), False  # it opens, and cannot be mapped
        if leaves and self._is_in_another_tree(soname, chain):
            return Unknown(leaves), False
        return None

    def _at_path(self, path: str) -> Provider:
        glob = excluding_glob(self._exclude, path, path.rpartition("/")[2])
        return Excluded((path,), glob) if glob else Outside((path,))

    def _is_in_another_tree(self, soname: str, chain: tuple[ElfFacts, ...]) -> bool:
        """Whether a path out of the trees of *chain* may lead to a file of the wheel: there is one in another tree."""
        trees = {place_of(file.path)[0] for file in chain}
        return any(place_of(member)[0] not in trees for member in self._tree.by_basename.get(soname, ()))

    def _candidate(self, file: ElfFacts, entry: str, soname: str) -> Place | None:
        rest = relative_to_origin(entry)
        if rest is None:
            return None  # a path of the host: no file of the wheel is there
        directory = descend(place_of(file.path)[:-1], rest, self._tree)
        return None if directory is None else (*directory, soname)

    def _loadable(self, member: str) -> Provider:
        """Return what the loader makes of a file that it opened; one that it cannot map ends the search."""
        elf = self._elves.get(member)
        if elf is not None and self._era.takes_libc_files and is_libc(elf):
            return FromLibc(self._known)
        return InWheel(member) if elf is not None and elf.is_dynamic else Unreachable((member,))

    def _excluding_glob(self, soname: str, chain: tuple[ElfFacts, ...]) -> str | None:
        """Return the glob that means *soname*, or a path of the host at which *chain* looks for it."""
        if not self._exclude:
            return None
        searched = (entry for file in chain for entry in effective_entries(file) if entry.startswith("/"))
        return excluding_glob(self._exclude, soname, *(f"{entry}/{soname}" for entry in searched))

    def _find_outside(self, soname: str, chain: tuple[ElfFacts, ...]) -> Provider:
        if soname in self._reserved:
            return FromLibc(self._known)
        if glob := self._excluding_glob(soname, chain):
            return Excluded((soname,), glob)
        if soname in self._catalog.allowed_libraries:
            return Allowed(soname)  # the system's, even beside one in the wheel that no path leads to
        if is_libpython(soname):
            return FromInterpreter()
        members = self._tree.by_basename.get(soname)
        return Unreachable(tuple(sorted(members))) if members else Outside((soname,))

    # --- symbols

    def _references(self, root: ElfFacts, files: list[ElfFacts], needs: list[Need]) -> Iterator[Reference]:
        allowed = [need.provider.library for need in needs if isinstance(need.provider, Allowed)]
        fallback = _who_may_provide(needs)
        has_interpreter = root.kind is not ElfKind.EXECUTABLE
        for file in files:
            asked = self._open(file, has_interpreter=has_interpreter)
            names = asked.names
            for other in files:
                names -= other.defined
                if not names:
                    break
            for symbol in asked.symbols if names else ():
                if symbol.name in names:
                    yield Reference(file.path, symbol, self._lookup(symbol.name, allowed, fallback))

    def _open(self, file: ElfFacts, *, has_interpreter: bool) -> _Open:
        """Return the references of *file* that neither libc, on every known release, nor a Python satisfies."""
        key = file.path, has_interpreter
        if key not in self._open_references:
            settled = self._catalog.settled_names(self._arch, has_interpreter=has_interpreter)
            left = [symbol for symbol in file.undefined if symbol.name not in settled and symbol.is_referenced]
            left += [symbol for symbol in _referred_to_without_definition(file) if symbol.name not in settled]
            if has_interpreter:
                provided = self._catalog.interpreter_names([symbol.name for symbol in left])
                left = [symbol for symbol in left if symbol.name not in provided]
            self._open_references[key] = _Open(tuple(left), frozenset([symbol.name for symbol in left]))
        return self._open_references[key]

    def _lookup(self, name: str, allowed: list[str], fallback: Provider) -> Provider:
        """Return who outside the wheel provides *name*: the one that has it on most releases."""
        for library in allowed:
            known = self._catalog.allowed_libraries[library]
            if name in known.exports or name in known.internals:
                return Allowed(library)
        if name not in self._of_libc:
            self._of_libc[name] = FromLibc(self._symbols.releases_with(name))
        libc = self._of_libc[name]
        return libc if libc.releases else fallback


def _referred_to_without_definition(file: ElfFacts) -> Iterable[Symbol]:
    """
    Return what *file* defines in a form that the loader does not accept, and refers to itself.

    Such are hidden versions, IFUNCs and definitions whose value is 0. Even a weak one must be found: ``do_relocs``
    forgives a missing symbol only where the file does not define it.
    """
    return [Symbol(name) for name in sorted(file.unaccepted)]


def _who_may_provide(needs: Iterable[Need]) -> Provider:
    """Return who may have a symbol that was found nowhere: a library that cannot be seen, else nobody."""
    excluded = {name for need in needs if isinstance(need.provider, Excluded) for name in need.provider.libraries}
    missing = {need.soname for need in needs if isinstance(need.provider, Outside | Unreachable)}
    unknown = [need.provider for need in needs if isinstance(need.provider, Unknown)]
    if missing:
        return Outside(tuple(sorted(missing)))
    if excluded:
        return Excluded(tuple(sorted(excluded)))
    return unknown[0] if unknown else Nobody()


def is_libpython(soname: str) -> bool:
    """
    Whether *soname* is CPython's shared library, which is the interpreter where it is loaded at all.

    >>> is_libpython("libpython3.12.so.1.0"), is_libpython("libpythonic.so.3")
    (True, False)
    """
    return soname.startswith("libpython") and soname[len("libpython") :][:1].isdigit() and ".so" in soname


def link(
    facts: WheelFacts, arch: Arch, catalog: Catalog, exclude: tuple[str, ...] = (), *, era: Era = TODAY
) -> Linkage:
    """
    Return every load of the wheel on *arch*, in *era*: a libc in it is loaded by none from musl 1.1.17 on.

    Roots are the extensions, the dynamic executables, and the libraries that nothing else reaches; of libraries that
    need each other in a circle the first by path.
    """
    linker = Linker(facts, arch, catalog, exclude, era)
    elves = [elf for elf in facts.elves if elf.is_dynamic and arch.is_machine_of(elf.identity)]
    if era.takes_libc_files:
        elves = [elf for elf in elves if not is_libc(elf)]
    loads = [linker.load(elf) for elf in elves if elf.kind is not ElfKind.LIBRARY]
    reached = {file.path for load in loads for file in load.files}
    rest = {elf.path: linker.load(elf) for elf in elves if elf.path not in reached}
    loads.extend(rest[path] for path in _tops(rest))
    return Linkage(tuple(loads))


def _tops(loads: Mapping[str, Load]) -> Iterator[str]:
    """Yield the paths that together reach all of *loads*, dropping what another one reaches."""
    reach = {path: {file.path for file in load.files} for path, load in loads.items()}
    covered: set[str] = set()
    for path in sorted(reach, key=lambda path: (_is_below(path, reach), path)):
        if path not in covered:
            covered |= reach[path]
            yield path


def _is_below(path: str, reach: Mapping[str, set[str]]) -> bool:
    """Whether another file reaches *path* and is not reached by it."""
    return any(path in reached and other not in reach[path] for other, reached in reach.items() if other != path)
