"""Which libraries are copied into the wheel, and how those who need them find them there."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from musl_audit.errors import LibraryError
from musl_audit.loader.linkage import Linkage, Load, is_libpython
from musl_audit.loader.search_paths import all_entries, effective_entries
from musl_audit.model import ElfFacts, FromInterpreter, InWheel, Outside, Unreachable
from musl_audit.policy import Catalog
from musl_audit.repair.actions import DropNeeded, Graft, ReplaceNeeded, SetRunpath, SetSoname
from musl_audit.repair.rpath import entries_inside, joined, origin_to
from musl_audit.wheel.installed_tree import relative_to_origin
from musl_audit.wheel.ports import FoundLibrary, Libraries

GraftAction = Graft | ReplaceNeeded | DropNeeded | SetSoname | SetRunpath


@dataclass(frozen=True, slots=True)
class Grafts:
    """The actions that bring in what is missing, what could not be found, and what to tell the user."""

    actions: tuple[GraftAction, ...] = ()
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A library that is needed from outside: by which member, known to the user as what, and searched where."""

    member: str
    needed_by: str
    soname: str
    entries: tuple[str, ...]


class Grafting:
    """Collects what one wheel lacks; holds what is known about each library once it was found."""

    def __init__(
        self,
        directory: str,
        catalog: Catalog,
        libraries: Libraries,
        *,
        exclude: tuple[str, ...] = (),
        taken: Collection[str] = (),
    ) -> None:
        self._directory = directory
        self._catalog = catalog
        self._libraries = libraries
        self._exclude = exclude
        self._taken = {name.casefold() for name in taken}
        self._by_source: dict[str, Graft] = {}
        self._by_soname: dict[str, Graft] = {}
        self._unfound: list[tuple[_Wanted, str]] = []  # what was not found, and why
        self._needed: dict[str, dict[str, str]] = {}  # member → {old soname: new soname}
        self._routes: dict[str, tuple[str, ...]] = {}  # member → entries that lead it to libraries of the wheel
        self._misled: set[str] = set()  # members whose search ends at a file that is no library
        self._dropped: dict[str, dict[str, None]] = {}
        self._refusals: dict[str, None] = {}

    def plan(self, linkage: Linkage, *, is_mending: bool) -> Grafts:
        """Return what all loads of the wheel need; with *is_mending* also paths to libraries that are there already."""
        files = {file.path: file for load in linkage.loads for file in load.files}
        started = {file.path for load in linkage.loads if load.is_program for file in load.files}
        for load in linkage.loads:
            self._bring_all(load)
            for need in load.needs:
                match need.provider:
                    case Unreachable(paths=paths) if is_mending:
                        loadable = tuple(path for path in files if path.rpartition("/")[2] == need.soname)
                        self._lead(need.path, loadable or paths, need.soname)
                        if loadable and not set(paths) <= set(loadable):
                            self._misled.add(need.path)
                    case FromInterpreter() if need.path not in started:
                        self._dropped.setdefault(need.path, {})[need.soname] = None
                    case _:
                        pass
        missing = self._share()
        routes = [self._path_of(file, is_mending=is_mending) for file in files.values()]
        return Grafts(
            actions=(*self._grafting(), *(route for route in routes if route), *self._rewiring()),
            notes=tuple(
                f"{member} no longer needs {', '.join(sonames)}: Python's symbols come from the process"
                for member, sonames in sorted(self._dropped.items())
            ),
            refusals=(
                *(f"{soname}, needed by {_listed(who)}: {why}" for (soname, why), who in missing.items()),
                *self._refusals,
            ),
        )

    # --- what is copied

    def _bring_all(self, load: Load) -> None:
        """Graft what *load* needs from outside, and what that needs in turn, breadth first as the loader does."""
        paths = _search_paths(load)
        bundled = {need.soname: need.provider.path for need in load.needs if isinstance(need.provider, InWheel)}
        queue = [
            _Wanted(need.path, need.path, need.soname, paths[need.path])
            for need in load.needs
            if isinstance(need.provider, Outside)
        ]
        for wanted in queue:  # grows while it is walked
            if (graft := self._graft(wanted)) is None:
                continue
            self._needed.setdefault(wanted.member, {})[wanted.soname] = graft.member.rpartition("/")[2]
            if graft.member not in self._needed:
                self._needed[graft.member] = {}
                queue += self._further(graft, bundled, joined(graft.entries, wanted.entries))

    def _further(self, graft: Graft, bundled: dict[str, str], entries: tuple[str, ...]) -> Iterator[_Wanted]:
        """Yield what *graft* needs from outside; lead it to what the wheel has already."""
        for soname in graft.facts.needed:
            if soname in bundled:
                self._lead(graft.member, (bundled[soname],), soname)
            elif is_libpython(soname):
                self._dropped.setdefault(graft.member, {})[soname] = None
            elif not self._is_provided(soname):
                yield _Wanted(graft.member, graft.source, soname, entries)

    def _graft(self, wanted: _Wanted) -> Graft | None:
        """Return the library that *wanted* means: what has the name once has it for the whole process."""
        if wanted.soname not in self._by_soname:
            try:
                found = self._libraries.find(wanted.soname, wanted.entries)
                graft = self._by_source.get(found.source) or self._new_graft(wanted.soname, found)
            except LibraryError as error:
                self._unfound.append((wanted, str(error)))
                return None
            self._by_source[found.source] = self._by_soname[wanted.soname] = graft
        return self._by_soname[wanted.soname]

    def _share(self) -> dict[tuple[str, str], list[str]]:
        """
        Let who did not find a library have it where another file's search path led to it.

        Return what is missing all the same: soname and reason → who needs it.
        """
        missing: dict[tuple[str, str], list[str]] = {}
        for wanted, why in self._unfound:
            if graft := self._by_soname.get(wanted.soname):
                self._needed.setdefault(wanted.member, {})[wanted.soname] = graft.member.rpartition("/")[2]
            else:
                missing.setdefault((wanted.soname, why), []).append(wanted.needed_by)
        return missing

    def _new_graft(self, soname: str, found: FoundLibrary) -> Graft:
        member = f"{self._directory}/{hashed_name(found.source.rpartition('/')[2], found.sha256)}"
        if member.casefold() in self._taken:
            raise LibraryError(f"the wheel has another file where it would go, {member}")
        return Graft(
            member,
            found.source,
            found.sha256,
            soname,
            replace(found.facts, path=member),
            origin=found.origin,
            entries=tuple(_expanded(effective_entries(found.facts), found.directory)),
        )

    def _is_provided(self, soname: str) -> bool:
        """Whether a grafted library finds *soname* without our help, or must do without it."""
        catalog = self._catalog
        return (
            catalog.reserved_libc_name(soname)
            or soname in catalog.allowed_libraries
            or soname.startswith(("ld-musl-", "libc.musl-"))
            or any(fnmatchcase(soname, glob) for glob in self._exclude)
        )

    # --- how it is found

    def _lead(self, member: str, targets: tuple[str, ...], what: str) -> None:
        """Let *member* find the nearest of *targets*."""
        ways = [way for target in targets if (way := origin_to(member, target)) is not None]
        if not ways:
            self._refusals[f"{what}, needed by {member}: no path leads there from another installation tree"] = None
        nearest = sorted(ways, key=lambda way: (way.count("/"), way))[:1]
        self._routes[member] = joined(self._routes.get(member, ()), nearest)

    def _path_of(self, file: ElfFacts, *, is_mending: bool) -> SetRunpath | None:
        """Return the search path that *file* gets, None where it keeps its own."""
        if self._needed.get(file.path):
            self._lead(file.path, (f"{self._directory}/x",), ", ".join(self._needed[file.path]))
        added = self._routes.get(file.path, ())
        inside = entries_inside(file)
        if not added and (not is_mending or inside == all_entries(file)):
            return None
        return SetRunpath(file.path, joined(added, inside) if file.path in self._misled else joined(inside, added))

    def _grafting(self) -> Iterator[GraftAction]:
        for member, graft in sorted({graft.member: graft for graft in self._by_source.values()}.items()):
            yield graft
            yield SetSoname(member, member.rpartition("/")[2])
            beside = ("$ORIGIN",) if self._needed.get(member) else ()
            entries = joined(beside, self._routes.get(member, ()))
            if entries or all_entries(graft.facts):
                yield SetRunpath(member, entries)

    def _rewiring(self) -> Iterator[GraftAction]:
        for member, names in sorted(self._needed.items()):
            for old, new in sorted(names.items()):
                yield ReplaceNeeded(member, old, new)
        for member, sonames in sorted(self._dropped.items()):
            for soname in sonames:
                yield DropNeeded(member, soname)


def _search_paths(load: Load) -> dict[str, tuple[str, ...]]:
    """Return where each file of *load* searches: its own path, then that of the one which needed it, and so on."""
    files = {file.path: file for file in load.files}
    paths = {load.root.path: effective_entries(load.root)}
    for need in load.needs:  # breadth first: who needs was reached before
        if isinstance(need.provider, InWheel) and need.provider.path not in paths:
            found = files[need.provider.path]
            paths[found.path] = joined(effective_entries(found), paths[need.path])
    return paths


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
