"""Which libraries are copied into the wheel, and which are left to the user."""

from collections.abc import Collection, Iterable, Iterator

from musl_audit.errors import LibraryError
from musl_audit.frozen import frozen, replace
from musl_audit.loader.exclusion import excluding_glob
from musl_audit.loader.linkage import Linkage, Load, is_libpython
from musl_audit.loader.search_paths import effective_entries
from musl_audit.model import ElfFacts, Excluded, FromInterpreter, InWheel, Outside, Unreachable
from musl_audit.policy import Catalog
from musl_audit.repair.actions import DropNeeded, Graft, LeftOut, ReplaceNeeded, SetRunpath, SetSoname
from musl_audit.repair.ways import Ways, chains_of
from musl_audit.wheel.installed_tree import relative_to_origin
from musl_audit.wheel.ports import FoundLibrary, Libraries, SearchEntry

GraftAction = Graft | ReplaceNeeded | DropNeeded | SetSoname | SetRunpath


@frozen
class Grafts:
    """The actions that bring in what is missing, what stays outside, and what to tell the user."""

    actions: tuple[GraftAction, ...] = ()
    left_out: tuple[LeftOut, ...] = ()  # sorted by soname
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


@frozen
class GraftSettings:
    """What the user asked: what stays outside, what comes in besides, and whether what is missing may be missing."""

    directory: str  # "demo.libs"
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    ignores_missing: bool = False


@frozen
class _Wanted:
    """A library that is needed from outside: by which member, known to the user as what, and searched where."""

    member: str
    needed_by: str
    soname: str
    entries: tuple[SearchEntry, ...]
    chain: tuple[str, ...]  # the members whose search paths count


class Grafting:
    """Collects what one wheel lacks; holds what is known about each library once it was found."""

    def __init__(
        self, settings: GraftSettings, catalog: Catalog, libraries: Libraries, *, taken: Collection[str] = ()
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._libraries = libraries
        self._taken = {name.casefold() for name in taken}
        self._ways = Ways()
        self._by_source: dict[str, Graft] = {}
        self._by_soname: dict[str, Graft] = {}
        self._unfound: list[tuple[_Wanted, str]] = []  # what was not found, and why
        self._left_out: dict[str, LeftOut] = {}  # by soname
        self._there: frozenset[str] = frozenset()  # what an earlier run may have grafted
        self._needed: dict[str, dict[str, str]] = {}  # member → {old soname: new soname}
        self._dropped: dict[str, dict[str, None]] = {}
        self._refusals: dict[str, None] = {}
        self._notes: list[str] = []

    def plan(self, linkage: Linkage, *, is_mending: bool) -> Grafts:
        """Return what all loads of the wheel need; with *is_mending* also paths to libraries that are there already."""
        files = {file.path: file for load in linkage.loads for file in load.files}
        started = {file.path for load in linkage.loads if load.is_program for file in load.files}
        self._there = frozenset(path for path, file in files.items() if file.soname == path.rpartition("/")[2])
        self._include_all()
        for load in linkage.loads:
            self._bring_all(load)
            self._mend(load, files, started, is_mending=is_mending)
        self._share()
        for path in filter(self._needed.get, files):
            self._ways.lead(path, (f"{self._settings.directory}/x",), ", ".join(self._needed[path]))
        routes = [self._ways.of_file(file, is_mending=is_mending) for file in files.values()]
        return Grafts(
            actions=(*self._grafting(), *(route for route in routes if route), *self._rewiring()),
            left_out=tuple(library for _, library in sorted(self._left_out.items())),
            notes=(
                *self._notes,
                *(
                    f"{member} no longer needs {', '.join(sonames)}: Python's symbols come from the process"
                    for member, sonames in sorted(self._dropped.items())
                ),
            ),
            refusals=(*self._refusals, *self._ways.refusals),
        )

    def _mend(self, load: Load, files: dict[str, ElfFacts], started: set[str], *, is_mending: bool) -> None:
        """Lead to what is in the wheel and was not found; drop needs of libpython; keep the way to what is excluded."""
        for need in load.needs:
            match need.provider:
                case Unreachable(paths=paths) if is_mending:
                    loadable = tuple(path for path in files if path.rpartition("/")[2] == need.soname)
                    self._ways.lead(need.path, loadable or paths, need.soname)
                    if loadable and not set(paths) <= set(loadable):
                        self._ways.mislead(need.path)
                case FromInterpreter() if need.path not in started:
                    self._dropped.setdefault(need.path, {})[need.soname] = None
                case Excluded(glob=glob):
                    self._leave(need.soname, need.path, glob)
                    self._ways.keep(file.path for file in chains_of(load)[need.path])
                case _:
                    pass

    # --- what is copied

    def _bring_all(self, load: Load) -> None:
        """Graft what *load* needs from outside, and what that needs in turn, breadth first as the loader does."""
        outside = [need for need in load.needs if isinstance(need.provider, Outside)]
        if not outside:
            return
        chains = chains_of(load)
        bundled = {need.soname: need.provider.path for need in load.needs if isinstance(need.provider, InWheel)}
        self._bring(
            [
                _Wanted(
                    need.path,
                    need.path,
                    need.soname,
                    tuple(_entries_of(chains[need.path])),
                    tuple(file.path for file in chains[need.path]),
                )
                for need in outside
            ],
            bundled,
        )

    def _bring(self, queue: list[_Wanted], bundled: dict[str, str]) -> None:
        for wanted in queue:  # grows while it is walked
            if (member := self._member_of(wanted)) is None:
                continue
            self._needed.setdefault(wanted.member, {})[wanted.soname] = member.rpartition("/")[2]
            if graft := self._by_soname.get(wanted.soname):
                queue += self._once(graft, bundled, wanted.entries, wanted.chain)

    def _once(
        self, graft: Graft, bundled: dict[str, str], entries: tuple[SearchEntry, ...], chain: tuple[str, ...]
    ) -> Iterator[_Wanted]:
        """Yield what *graft* needs from outside, the first time; lead it to what the wheel has already."""
        if graft.member in self._needed:
            return
        self._needed[graft.member] = {}
        entries = tuple(dict.fromkeys((*map(SearchEntry, graft.entries), *entries)))
        chain = (graft.member, *chain)
        for soname in graft.facts.needed:
            if soname in bundled:
                self._ways.lead(graft.member, (bundled[soname],), soname)
            elif is_libpython(soname):
                self._dropped.setdefault(graft.member, {})[soname] = None
            elif glob := excluding_glob(self._settings.exclude, soname):
                self._leave(soname, graft.source, glob)
                self._ways.keep(chain)
            elif not self._is_provided(soname):
                yield _Wanted(graft.member, graft.source, soname, entries, chain)

    def _member_of(self, wanted: _Wanted) -> str | None:
        """Return where the library is that *wanted* means: what has the name once has it for the whole process."""
        if wanted.soname in self._by_soname:
            return self._by_soname[wanted.soname].member
        try:
            found = self._libraries.find(wanted.soname, wanted.entries)
            if glob := excluding_glob(self._settings.exclude, found.source, f"{found.directory}/{wanted.soname}"):
                self._leave(wanted.soname, wanted.needed_by, glob, found.source)
                self._ways.keep(wanted.chain)
                return None
            if found.source not in self._by_source and (there := self._place_of(found)) in self._there:
                return there
            graft = self._by_source.get(found.source) or self._new_graft(wanted.soname, found)
        except LibraryError as error:
            self._unfound.append((wanted, str(error)))
            return None
        self._by_source[found.source] = self._by_soname[wanted.soname] = graft
        return graft.member

    def _place_of(self, found: FoundLibrary) -> str:
        """Return where *found* goes; what is there already came from the same bytes, whose digest is in the name."""
        return f"{self._settings.directory}/{hashed_name(found.source.rpartition('/')[2], found.sha256)}"

    def _include_all(self) -> None:
        """Graft what was asked for by name, under its own: no NEEDED leads there, who opens it must know the path."""
        for name in self._settings.include:
            soname = name.rpartition("/")[2]
            try:
                found = self._libraries.take(name) if "/" in name else self._libraries.find(name, ())
                graft = self._by_source.get(found.source) or self._new_graft(soname, found, is_renamed=False)
            except LibraryError as error:
                self._refusals[f"{name}, asked for by --include: {error}"] = None
                continue
            self._by_source[found.source] = self._by_soname[soname] = graft
            self._notes.append(f"{soname} is opened from {graft.member}: nothing else leads there")
            self._bring([*self._once(graft, {}, (), ())], {})

    def _share(self) -> None:
        """
        Let who did not find a library have it where another file's search path led to it.

        What is missing all the same is refused, or left out where that was asked.
        """
        missing: dict[tuple[str, str], list[str]] = {}
        for wanted, why in self._unfound:
            if graft := self._by_soname.get(wanted.soname):
                self._needed.setdefault(wanted.member, {})[wanted.soname] = graft.member.rpartition("/")[2]
                continue
            self._ways.keep(wanted.chain)
            missing.setdefault((wanted.soname, why), []).append(wanted.needed_by)
            if self._settings.ignores_missing:
                self._leave(wanted.soname, wanted.needed_by, None)
        lines = (f"{soname}, needed by {_listed(who)}: {why}" for (soname, why), who in missing.items())
        if self._settings.ignores_missing:
            self._notes += (f"left outside: {line}" for line in lines)
        else:
            self._refusals.update(dict.fromkeys(lines))

    def _leave(self, soname: str, needed_by: str, glob: str | None, path: str | None = None) -> None:
        """Note that *soname* stays outside."""
        known = self._left_out.get(soname, LeftOut(soname, (), glob, path))
        users = tuple(sorted({*known.needed_by, needed_by}))
        self._left_out[soname] = replace(known, needed_by=users, path=known.path or path)

    def _new_graft(self, soname: str, found: FoundLibrary, *, is_renamed: bool = True) -> Graft:
        member = self._place_of(found) if is_renamed else f"{self._settings.directory}/{soname}"
        if member.casefold() in self._taken:
            raise LibraryError(f"the wheel has another file where it would go, {member}")
        return Graft(
            member,
            found.source,
            found.sha256,
            soname,
            replace(found.facts, path=member),
            origin=found.origin,
            licence=found.licence,
            entries=tuple(_expanded(effective_entries(found.facts), found.directory)),
            passed_over=found.passed_over,
        )

    def _is_provided(self, soname: str) -> bool:
        """Whether a grafted library finds *soname* without our help."""
        catalog = self._catalog
        return (
            catalog.reserved_libc_name(soname)
            or soname in catalog.allowed_libraries
            or soname.startswith(("ld-musl-", "libc.musl-"))
        )

    # --- how it is found

    def _grafting(self) -> Iterator[GraftAction]:
        for member, graft in sorted({graft.member: graft for graft in self._by_source.values()}.items()):
            yield graft
            if graft.facts.soname != (name := member.rpartition("/")[2]):
                yield SetSoname(member, name)
            yield from self._ways.of_graft(graft.facts, graft.entries, has_beside=bool(self._needed.get(member)))

    def _rewiring(self) -> Iterator[GraftAction]:
        for member, names in sorted(self._needed.items()):
            for old, new in sorted(names.items()):
                if old != new:
                    yield ReplaceNeeded(member, old, new)
        for member, sonames in sorted(self._dropped.items()):
            for soname in sonames:
                yield DropNeeded(member, soname)


def _entries_of(chain: Iterable[ElfFacts]) -> Iterator[SearchEntry]:
    """Yield where the first file of *chain*, all of the wheel, searches, each directory once."""
    yield from dict.fromkeys(
        SearchEntry(entry, is_of_wheel=True) for file in chain for entry in effective_entries(file)
    )


def _listed(names: Collection[str], most: int = 3) -> str:
    """
    Return *names* as part of a sentence.

    >>> _listed(["a.so", "b.so", "c.so", "d.so"])
    'a.so, b.so, c.so and 1 more'
    """
    shown = sorted(set(names))
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def _expanded(entries: Iterable[str], directory: str) -> Iterator[str]:
    """Yield *entries* of a library found in *directory*, as the loader reads them."""
    for entry in entries:
        rest = relative_to_origin(entry)
        yield entry if rest is None else directory + rest


def hashed_name(filename: str, sha256: str) -> str:
    """
    Return *filename* with the beginning of a digest in it, so that two wheels never share a library by its name.

    >>> hashed_name("libfoo.so.1.2", "1a2b3c4d5e6f")
    'libfoo-1a2b3c4d.so.1.2'
    >>> hashed_name("libfoo-1a2b3c4d.so", "1a2b3c4d5e6f")
    'libfoo-1a2b3c4d.so'
    """
    base, dot, rest = filename.partition(".")
    mark = f"-{sha256[:8]}"
    return filename if base.endswith(mark) else f"{base}{mark}{dot}{rest}"
