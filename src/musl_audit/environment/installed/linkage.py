"""
What the loader that is there does with the files that are there.

Other than for a wheel (``loader.linkage``), nothing has to be guessed: the libc, its exports, the interpreter, the
libraries of the system and the search path are those of one system. The answer has the same form, so that the same
rules read it. What is modelled is in musl's ``ldso/dynlink.c``: ``load_library``, ``path_open``, ``fixup_rpath``,
``find_sym``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from musl_audit.frozen import frozen
from musl_audit.loader.linkage import Linkage, Load, Need, Reference
from musl_audit.loader.search_paths import effective_entries
from musl_audit.model import (
    ElfFacts,
    ElfKind,
    FromInterpreter,
    FromLibc,
    InWheel,
    MuslVersion,
    Nobody,
    Outside,
    Provider,
    Releases,
    Symbol,
    Unreachable,
)
from musl_audit.policy import Arch, Catalog

_FIRST_THAT_KNOWS_ITSELF = MuslVersion(1, 1, 17)  # never maps a second libc
_OF_EVERY_LIBC = frozenset({"__libc_start_main", "stdin"})


class Files(Protocol):
    """The files of one system."""

    def found(self, path: str) -> str | None:
        """Return *path* without links; None where nothing that can be opened is there."""

    def facts(self, path: str) -> ElfFacts | None:
        """Return what the ELF file at *path*, which has no links, says; None where the loader cannot map it."""


@frozen
class System:
    """The loader that is there, and what it finds without being told a path."""

    arch: Arch
    musl: MuslVersion
    known: Releases  # the releases that the policies know for the architecture
    loader: str  # its path, without links
    exports: frozenset[str]  # of the libc that it is
    folders: tuple[str, ...]  # its own search path


@frozen
class Process:
    """A program that was started: what it and its libraries export, and which libraries these are, by file name."""

    program: ElfFacts
    exports: frozenset[str]
    libraries: frozenset[str]  # the names that they were searched by


@frozen
class _Opened:
    """A file that the loader opened, and the folder that it opened it in: what ``$ORIGIN`` means."""

    facts: ElfFacts
    origin: str


class SystemLinker:
    """
    Answers for the files of one system; *process*, where there is one, opens them.

    *provided* is what libc and the process export together, made once for all linkers of a system. *own* are files
    whose facts are known, by their paths without links: those are not read again.
    """

    def __init__(
        self,
        system: System,
        files: Files,
        catalog: Catalog,
        process: Process | None = None,
        *,
        provided: frozenset[str] = frozenset(),
        own: Mapping[str, ElfFacts] = MappingProxyType({}),
    ) -> None:
        self._system = system
        self._files = files
        self._catalog = catalog
        self._process = process
        self._own = own
        self._givens: dict[tuple[str, str, bool], frozenset[str]] = {}
        self._opens: dict[tuple[str, bool], frozenset[str]] = {}
        self._provided = provided or system.exports  # by libc and the process together
        # A program that opens libpython later, as some launchers do, says nothing about what Python exports.
        self._knows_python = process is not None and "PyErr_Occurred" in process.exports
        self._table = catalog.symbols(system.arch.name)
        self._libc_names = frozenset((system.arch.loader, *system.arch.libc_sonames))

    def is_for_here(self, elf: ElfFacts) -> bool:
        """Whether *elf* is something that the loader may be given at all."""
        return elf.is_dynamic and self._system.arch.is_machine_of(elf.identity)

    def process(self, program: ElfFacts) -> Process:
        """Return what *program* is once it was started."""
        load = self.load(program)
        names = {need.soname: need.provider.path for need in load.needs if isinstance(need.provider, InWheel)}
        exports = frozenset[str]().union(*(file.defined for file in load.files))
        return Process(program, exports, frozenset(name for name in names if "/" not in name))

    def load(self, root: ElfFacts) -> Load:
        """
        Return what loading *root* pulls in: breadth first, each file once.

        Files are called by their paths without links, or as what is known of them says; ``$ORIGIN`` is where they were
        opened.
        """
        files = [root]
        chains: dict[str, tuple[_Opened, ...]] = {root.path: (_Opened(root, _above(root.path)),)}
        by_name: dict[str, _Opened | Provider] = {}
        needs = []
        for file in files:  # grows while it is walked
            for soname in file.needed:
                found = by_name.get(soname) or self._find(soname, chains[file.path], root)
                if isinstance(found, _Opened) and found.facts.path not in chains:
                    chains[found.facts.path] = (found, *chains[file.path])
                    files.append(found.facts)
                by_name[soname] = found
                provider = InWheel(found.facts.path) if isinstance(found, _Opened) else found
                needs.append(Need(file.path, soname, provider))
        return Load(root, tuple(files), tuple(needs), tuple(self._references(root, files, needs)))

    # --- libraries

    def _find(self, soname: str, chain: tuple["_Opened", ...], root: ElfFacts) -> "_Opened | Provider":
        if self._catalog.reserved_libc_name(soname) or soname in self._libc_names:
            return FromLibc(self._system.known)
        if "/" in soname:
            return self._opened(soname) or Outside((soname,))
        if self._process is not None and root.kind is not ElfKind.EXECUTABLE:
            if soname in self._process.libraries:
                return FromInterpreter()  # it was started with it
            program = self._process.program
            chain = (*chain, _Opened(program, _above(program.path)))
        for folder in (*_folders(chain), *self._system.folders):
            if found := self._opened(f"{folder.rstrip('/')}/{soname}"):
                return found
        return Outside((soname,))

    def _opened(self, path: str) -> "_Opened | Provider | None":
        """Return what the loader makes of the file at *path*; None where it goes on searching."""
        real = self._files.found(path) if path.startswith("/") else None
        if real is None:
            return None
        if real == self._system.loader:
            return FromLibc(self._system.known)
        facts = self._own.get(real) or self._files.facts(real)
        if facts is None or not facts.is_dynamic or facts.identity.bits != self._system.arch.bits:
            return Unreachable((path,))  # it opens, and cannot be mapped: that ends the search
        if self._system.musl >= _FIRST_THAT_KNOWS_ITSELF and facts.select_defined(_OF_EVERY_LIBC) == _OF_EVERY_LIBC:
            return FromLibc(self._system.known)
        return _Opened(facts, _above(path))

    # --- symbols

    def _references(self, root: ElfFacts, files: list[ElfFacts], needs: list[Need]) -> Iterator[Reference]:
        """Yield the references that nothing here satisfies."""
        is_program = root.kind is ElfKind.EXECUTABLE
        lost = (need.soname for need in needs if isinstance(need.provider, Outside | Unreachable))
        unseen = tuple(sorted(set(lost)))
        is_opened_by_nobody_known = self._process is None and not is_program
        for file in files:
            left = self._left(file, files, is_program=is_program)
            for symbol in _symbols(file, left) if left else ():
                if self._is_spared(symbol.name, is_program=is_program):
                    continue
                provider = self._provider(symbol.name, unseen)
                if is_opened_by_nobody_known and isinstance(provider, Nobody):
                    continue  # the program that opens it may have what nothing else has
                yield Reference(file.path, symbol, provider)

    def _open(self, file: ElfFacts, *, is_program: bool) -> frozenset[str]:
        """
        Return what *file* must find and neither libc nor the process has, the same in every load.

        Also what it defines in a form that is not accepted. A weak reference may stay unresolved, unless it is to a
        thread-local variable.
        """
        key = file.path, is_program
        if key not in self._opens:
            provided = self._system.exports if is_program else self._provided
            self._opens[key] = file.required_beyond(provided) | (file.unaccepted - provided)
        return self._opens[key]

    def _left(self, file: ElfFacts, files: Sequence[ElfFacts], *, is_program: bool) -> frozenset[str]:
        """Return those names, of what *file* must find, that none of *files* defines."""
        root, left = files[0], self._open(file, is_program=is_program)
        for other in reversed(files):  # what others build on comes last, and is what most of them ask for
            if not left:
                return left
            if other is not file and other is not root:
                left -= self._given(file, other, is_program=is_program)
        # Of these two nobody asks for anything in most loads, and they may define 50,000 names.
        left -= root.select_defined(left)
        return left if not left or file is root else left - file.select_defined(left)

    def _given(self, file: ElfFacts, other: ElfFacts, *, is_program: bool) -> frozenset[str]:
        """Return what *other* defines of what *file* must find, the same in every load of a program, or of a module."""
        key = file.path, other.path, is_program
        if key not in self._givens:
            self._givens[key] = other.select_defined(self._open(file, is_program=is_program))
        return self._givens[key]

    def _is_spared(self, name: str, *, is_program: bool) -> bool:
        """Whether *name* is found all the same: a name for large files, or Python's, of which no program is known."""
        if name in self._catalog.lfs64 and self._system.musl in self._table.releases_with(name):
            return True
        return not is_program and not self._knows_python and self._catalog.provided_by_interpreter(name)

    def _provider(self, name: str, unseen: tuple[str, ...]) -> Provider:
        releases = self._table.releases_with(name) - {self._system.musl}
        if releases:
            return FromLibc(releases)
        return Outside(unseen) if unseen else Nobody()


def _symbols(file: ElfFacts, names: frozenset[str]) -> Iterator[Symbol]:
    """Yield the references of *file* to *names*, those to its own definitions last."""
    yield from file.select_imported(names)
    yield from map(Symbol, sorted(file.unaccepted & names))


def _folders(chain: Iterable[_Opened]) -> Iterator[str]:
    """Yield where the search paths of *chain* lead, ``$ORIGIN`` replaced as musl does: anywhere in the entry."""
    for file in chain:
        for entry in effective_entries(file.facts):
            yield entry.replace("${ORIGIN}", file.origin).replace("$ORIGIN", file.origin)


def _above(path: str) -> str:
    return path.rpartition("/")[0]


def own_files(elves: Iterable[ElfFacts], links: Iterable[tuple[str, str]]) -> dict[str, ElfFacts]:
    """Return *elves* by their paths without *links*; of several links to one file, the first."""
    dynamic = [elf for elf in elves if elf.is_dynamic]
    places = dict(links)
    return {places.get(elf.path, elf.path): elf for elf in reversed(dynamic)}


def link(
    elves: Iterable[ElfFacts], linker: SystemLinker, own: Mapping[str, ElfFacts], roots: frozenset[str]
) -> Linkage:
    """
    Return every load: of the extension modules in *roots*, of the programs, of the libraries that no other reaches.

    *own* are the same files as *linker* knows them.
    """
    dynamic = [elf for elf in elves if linker.is_for_here(elf)]
    chosen = [elf for elf in dynamic if elf.kind is ElfKind.EXECUTABLE or elf.path in roots]
    loads = [linker.load(elf) for elf in chosen]
    reached = {file.path for load in loads for file in load.files}
    names = {elf.path for elf in own.values()}
    libraries = [elf for elf in dynamic if elf.kind is ElfKind.LIBRARY and elf.path in names]
    rest = {elf.path: linker.load(elf) for elf in libraries if elf.path not in reached}
    return Linkage((*loads, *_tops(rest)))


def _tops(loads: Mapping[str, Load]) -> Iterator[Load]:
    """Yield loads that together reach everything that *loads* do: of a circle, the first by path."""
    below = {file.path for path, load in loads.items() for file in load.files if file.path != path}
    covered: set[str] = set()
    for path in sorted(loads, key=lambda path: (path in below, path)):
        if path not in covered:
            covered.update(file.path for file in loads[path].files)
            yield loads[path]
