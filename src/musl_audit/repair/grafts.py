"""Which libraries are copied into the wheel, and how those who need them find them there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from musl_audit.errors import LibraryError
from musl_audit.linkage import Linkage, is_libpython
from musl_audit.model import ElfFacts, Outside, Unreachable
from musl_audit.policy import Catalog
from musl_audit.ports import FoundLibrary, Libraries
from musl_audit.repair.actions import DropNeeded, Graft, ReplaceNeeded, SetRunpath, SetSoname
from musl_audit.repair.rpath import entries_inside, joined, origin_to
from musl_audit.search_paths import all_entries, effective_entries

GraftAction = Graft | ReplaceNeeded | DropNeeded | SetSoname | SetRunpath


@dataclass(frozen=True, slots=True)
class Grafts:
    """The actions that bring in what is missing, what could not be found, and what to tell the user."""

    actions: tuple[GraftAction, ...] = ()
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


class Grafting:
    """Collects what one wheel lacks; holds what is known about each library once it was found."""

    def __init__(self, directory: str, catalog: Catalog, libraries: Libraries, exclude: tuple[str, ...]) -> None:
        self._directory = directory
        self._catalog = catalog
        self._libraries = libraries
        self._exclude = exclude
        self._by_source: dict[str, Graft] = {}
        self._by_soname: dict[str, Graft] = {}
        self._needed: dict[str, dict[str, str]] = {}  # member → {old soname: new soname}
        self._dropped: dict[str, list[str]] = {}
        self._refusals: dict[str, None] = {}

    def plan(self, linkage: Linkage, *, is_mending: bool) -> Grafts:
        """Return what all loads of the wheel need; with *is_mending* also paths to libraries that are there already."""
        files = {file.path: file for load in linkage.loads for file in load.files}
        reached: dict[str, tuple[str, ...]] = {}
        for load in linkage.loads:
            chain = joined(*(effective_entries(file) for file in load.files))
            for need in load.needs:
                match need.provider:
                    case Outside():
                        self._bring(need.path, need.soname, chain)
                    case Unreachable(paths=paths) if is_mending:
                        reached[need.path] = joined(
                            reached.get(need.path, ()), self._way(need.path, paths, need.soname)
                        )
                    case _:
                        pass
            for file in load.files:
                self._drop_libpython(file)
        routes = (self._path_of(file, reached.get(file.path, ()), is_mending=is_mending) for file in files.values())
        return Grafts(
            actions=(*self._grafting(), *(route for route in routes if route), *self._rewiring()),
            notes=tuple(
                f"{member} no longer needs {', '.join(sonames)}: Python's symbols come from the process"
                for member, sonames in sorted(self._dropped.items())
            ),
            refusals=tuple(self._refusals),
        )

    def _bring(self, member: str, soname: str, entries: tuple[str, ...]) -> None:
        """Graft what *member* needs as *soname*, and what that needs in turn."""
        if (graft := self._graft(member, soname, entries)) is None:
            return
        is_new = graft.member not in self._needed
        self._needed.setdefault(member, {})[soname] = graft.member.rpartition("/")[2]
        if not is_new:
            return
        self._needed[graft.member] = {}
        for further in graft.facts.needed:
            if not self._is_provided(further):
                self._bring(graft.member, further, joined(effective_entries(graft.facts), entries))

    def _graft(self, member: str, soname: str, entries: tuple[str, ...]) -> Graft | None:
        if soname not in self._by_soname:
            try:
                found = self._libraries.find(soname, entries)
            except LibraryError as error:
                self._refusals[f"{soname}, needed by {member}: {error}"] = None
                return None
            graft = self._by_source.get(found.source) or self._new_graft(soname, found)
            self._by_source[found.source] = self._by_soname[soname] = graft
        return self._by_soname[soname]

    def _new_graft(self, soname: str, found: FoundLibrary) -> Graft:
        member = f"{self._directory}/{hashed_name(found.source.rpartition('/')[2], found.sha256)}"
        facts = replace(found.facts, path=member)
        return Graft(member, found.source, found.sha256, soname, facts, origin=found.origin)

    def _is_provided(self, soname: str) -> bool:
        """Whether a grafted library finds *soname* without our help, or must do without it."""
        catalog = self._catalog
        return (
            catalog.reserved_libc_name(soname)
            or soname in catalog.allowed_libraries
            or is_libpython(soname)
            or soname.startswith("ld-musl-")
            or any(fnmatchcase(soname, glob) for glob in self._exclude)
        )

    def _drop_libpython(self, file: ElfFacts) -> None:
        sonames = list(filter(is_libpython, file.needed))
        if sonames:
            self._dropped[file.path] = sonames

    def _way(self, member: str, targets: tuple[str, ...], soname: str) -> tuple[str, ...]:
        """Return the entry that leads *member* to the nearest of *targets*."""
        ways = [way for target in targets if (way := origin_to(member, target)) is not None]
        if not ways:
            self._refusals[f"{soname}, needed by {member}: it is in another installation tree"] = None
        return tuple(sorted(ways, key=lambda way: (way.count("/"), way))[:1])

    def _path_of(self, file: ElfFacts, reached: tuple[str, ...], *, is_mending: bool) -> SetRunpath | None:
        """Return the search path that *file* gets, None where it keeps its own."""
        added = (*reached, *self._way_to_grafts(file.path))
        inside = entries_inside(file)
        if not added and (not is_mending or inside == all_entries(file)):
            return None
        return SetRunpath(file.path, joined(inside, added))

    def _way_to_grafts(self, member: str) -> tuple[str, ...]:
        if not self._needed.get(member):
            return ()
        return self._way(member, (f"{self._directory}/x",), "a grafted library")

    def _grafting(self) -> Iterator[GraftAction]:
        for member, graft in sorted({graft.member: graft for graft in self._by_source.values()}.items()):
            yield graft
            yield SetSoname(member, member.rpartition("/")[2])
            needs_others = bool(self._needed.get(member))
            if needs_others or all_entries(graft.facts):
                yield SetRunpath(member, ("$ORIGIN",) if needs_others else ())

    def _rewiring(self) -> Iterator[GraftAction]:
        for member, names in sorted(self._needed.items()):
            for old, new in sorted(names.items()):
                yield ReplaceNeeded(member, old, new)
        for member, sonames in sorted(self._dropped.items()):
            for soname in sonames:
                yield DropNeeded(member, soname)


def hashed_name(filename: str, sha256: str) -> str:
    """
    Return *filename* with the beginning of a digest in it, so that two wheels never share a library by its name.

    >>> hashed_name("libfoo.so.1.2", "1a2b3c4d5e6f")
    'libfoo-1a2b3c4d.so.1.2'
    """
    base, dot, rest = filename.partition(".")
    return f"{base}-{sha256[:8]}{dot}{rest}"
