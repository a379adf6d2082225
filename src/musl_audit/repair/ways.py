"""How the files of a wheel find libraries: search paths that lead to them, and those that must stay as they are."""

from collections.abc import Iterable, Iterator

from musl_audit.loader.linkage import Load
from musl_audit.loader.search_paths import all_entries, effective_entries
from musl_audit.model import ElfFacts, InWheel
from musl_audit.repair.actions import SetRunpath
from musl_audit.repair.rpath import entries_inside, joined, origin_to


class Ways:
    """The search paths that members get; which of them another path must not be taken from."""

    def __init__(self) -> None:
        self.refusals: dict[str, None] = {}
        self._routes: dict[str, tuple[str, ...]] = {}  # member → entries that lead it to libraries of the wheel
        self._misled: set[str] = set()  # members whose search ends at a file that is no library
        self._kept: set[str] = set()  # members through whose path a library outside the wheel is found

    def lead(self, member: str, targets: Iterable[str], what: str) -> None:
        """Let *member* find the nearest of *targets*."""
        ways = [way for target in targets if (way := origin_to(member, target)) is not None]
        if not ways:
            self.refusals[f"{what}, needed by {member}: no path leads there from another installation tree"] = None
        nearest = sorted(ways, key=lambda way: (way.count("/"), way))[:1]
        self._routes[member] = joined(self._routes.get(member, ()), nearest)

    def mislead(self, member: str) -> None:
        """Note that the path of *member* ends at a file that is no library: what is added must come before it."""
        self._misled.add(member)

    def keep(self, members: Iterable[str]) -> None:
        """Let *members* keep the paths that lead out of the wheel: some library is left there."""
        self._kept.update(members)

    def of_file(self, file: ElfFacts, *, is_mending: bool) -> SetRunpath | None:
        """Return the search path that a *file* of the wheel gets, None where it keeps its own."""
        added = self._routes.get(file.path, ())
        own = effective_entries(file) if file.path in self._kept else entries_inside(file)
        if not added and (not is_mending or file.path in self._kept or own == all_entries(file)):
            return None
        return SetRunpath(file.path, joined(added, own) if file.path in self._misled else joined(own, added))

    def of_graft(self, file: ElfFacts, entries: tuple[str, ...], *, has_beside: bool) -> Iterator[SetRunpath]:
        """Yield the path of a grafted *file*: beside it where what it needs was grafted, too, and what it must keep."""
        beside = ("$ORIGIN",) if has_beside else ()
        path = joined(beside, self._routes.get(file.path, ()), entries if file.path in self._kept else ())
        if path or all_entries(file):
            yield SetRunpath(file.path, path)


def chains_of(load: Load) -> dict[str, tuple[ElfFacts, ...]]:
    """Return whose search paths count for each file of *load*: its own, that of the one which needed it, and so on."""
    files = {file.path: file for file in load.files}
    chains: dict[str, tuple[ElfFacts, ...]] = {load.root.path: (load.root,)}
    for need in load.needs:  # breadth first: who needs was reached before
        if isinstance(need.provider, InWheel) and need.provider.path not in chains:
            chains[need.provider.path] = (files[need.provider.path], *chains[need.path])
    return chains
