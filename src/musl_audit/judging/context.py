"""The view of one wheel that the rules and the verdict read."""

from bisect import bisect_left
from functools import cached_property

from musl_audit.loader.eras import TODAY, Era, is_libc
from musl_audit.loader.linkage import Linkage, Load, Reference
from musl_audit.model import Claim, ElfFacts, ElfKind, MuslVersion, Releases, WheelFacts
from musl_audit.policy import Arch, Catalog
from musl_audit.wheel.installed_tree import place_of


class Context:
    """
    What rules know about one wheel: its facts, its claims, the policies and the loader model's answers.

    Everything derived is computed once, when a rule first asks.
    """

    def __init__(
        self,
        facts: WheelFacts,
        catalog: Catalog,
        *,
        arch: Arch | None,
        claims: tuple[Claim, ...],
        linkage: Linkage,
        era: Era = TODAY,
    ) -> None:
        self.facts = facts
        self.catalog = catalog
        self.arch = arch
        self.claims = claims
        self.linkage = linkage
        self._imported: dict[str, frozenset[str]] = {}
        self.era = era

    @property
    def loads(self) -> tuple[Load, ...]:
        """What happens when each root of the wheel is loaded; empty where the architecture is unknown."""
        return self.linkage.loads

    @cached_property
    def loaded(self) -> tuple[ElfFacts, ...]:
        """Every file that some load maps, sorted by path."""
        return tuple(self.linkage.files())

    @cached_property
    def releases(self) -> tuple[MuslVersion, ...]:
        """The releases that the policies know for the wheel's architecture, those of the era alone; ascending."""
        known = self.catalog.releases_of(self.arch.name) if self.arch else ()
        era = self.era.releases
        return known if era is None else tuple(release for release in known if release in era)

    @cached_property
    def known(self) -> Releases:
        """The same as a set."""
        if self.arch is not None and self.era.releases is None:
            return self.catalog.known_on(self.arch.name)
        return frozenset(self.releases)

    @cached_property
    def promised(self) -> Releases:
        """The releases that the wheel's tags promise, all tags together."""
        floors = [floor for claim in self.claims if (floor := self.floor_of(claim)) is not None]
        if not floors:
            return frozenset()
        first = bisect_left(self.releases, min(floors))
        return frozenset(self.releases[first:]) if first else self.known

    def floor_of(self, claim: Claim) -> MuslVersion | None:
        """Return the oldest known release that *claim* promises; a series from before the data promises all of it."""
        if claim.floor is not None or claim.series is None or not claim.exists or not self.arch:
            return claim.floor
        return self.releases[0] if claim.arch == self.arch.name and self.releases else None

    @cached_property
    def floor(self) -> MuslVersion | None:
        """The oldest promised release."""
        return min(self.promised, default=None)

    @cached_property
    def without_dynamic_section(self) -> tuple[ElfFacts, ...]:
        """Files that are named like libraries, have nothing that a loader reads, and are no split debug information."""
        bare = (elf for elf in self.facts.elves if elf.kind is ElfKind.RELOCATABLE and elf.faults)
        return tuple(elf for elf in bare if not elf.path.endswith(".debug") and self.would_be_loaded(elf.path))

    def would_be_loaded(self, member: str) -> bool:
        """Whether Python, the loader or a person would load or start what has this name."""
        base = member.rpartition("/")[2]
        return place_of(member)[0] == "scripts" or base in self._needed or base.endswith(".so") or ".so." in base

    @cached_property
    def _needed(self) -> frozenset[str]:
        return frozenset(soname for file in self.loaded for soname in file.needed)

    @cached_property
    def time_users(self) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
        """The files that use the 32-bit ``time_t`` and those that use the 64-bit one, with the names they import."""
        if self.arch is None or self.arch.bits != 32:
            return {}, {}
        # dlsym has a twin as well, but no time passes through it.
        legacy = frozenset(self.catalog.time64).union(self.catalog.time32_only) - {"dlsym"}
        modern = frozenset(self.catalog.time64.values())
        old = {file.path: names for file in self.loaded if (names := self.imported(file) & legacy)}
        new = {file.path: names for file in self.loaded if (names := self.imported(file) & modern)}
        return old, new

    @property
    def needs_libc(self) -> bool:
        """Whether the wheel has a file that a dynamic loader loads, or that nobody could read."""
        return bool(self.facts.elf_problems) or any(elf.is_dynamic for elf in self.facts.elves)

    @cached_property
    def bundled_libcs(self) -> tuple[ElfFacts, ...]:
        """Copies of a libc in the wheel, which musl from 1.1.17 on never maps."""
        arch = self.arch
        return tuple(elf for elf in self.facts.elves if arch and arch.is_machine_of(elf.identity) and is_libc(elf))

    def lacking(self, ability: str) -> Releases:
        """Return the known releases whose loader lacks *ability*."""
        return self.known - self.catalog.able(ability, self.arch.name) if self.arch else frozenset()

    @cached_property
    def references(self) -> tuple[tuple[Load, Reference], ...]:
        """Every reference that libc and Python do not satisfy everywhere, with the load in which it is made."""
        return tuple((load, reference) for load in self.loads for reference in load.references)

    @cached_property
    def unsatisfied(self) -> tuple[tuple[Load, Reference], ...]:
        """Those of them for which the loader refuses the file on every release."""
        return tuple((load, reference) for load, reference in self.references if reference.is_found_nowhere)

    def imported(self, file: ElfFacts) -> frozenset[str]:
        """Return the undefined symbols of *file* that the loader looks up."""
        if file.path not in self._imported:
            self._imported[file.path] = file.imported
        return self._imported[file.path]
