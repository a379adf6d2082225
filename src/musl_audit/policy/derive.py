"""New policy data from real libc.so files, and the differences between releases that are known."""

from collections.abc import Iterable, Iterator, Mapping

from musl_audit.elf import read_elf
from musl_audit.elf.musl_release import is_musl, musl_release
from musl_audit.errors import ElfError, PolicyError
from musl_audit.frozen import frozen
from musl_audit.model import MuslVersion
from musl_audit.policy import Catalog

Names = frozenset[str]
Json = dict[str, object]


@frozen
class Change:
    """Names that one release added to and removed from those of another."""

    added: Names
    removed: Names

    @classmethod
    def between(cls, before: Iterable[str], after: Iterable[str]) -> "Change":
        """Return the change from *before* to *after*."""
        old, new = frozenset(before), frozenset(after)
        return cls(new - old, old - new)


@frozen
class Difference:
    """What one musl release has and another has not, on one architecture."""

    symbols: Change
    still_resolved: Names  # of the removed symbols, those that the loader of the newer release finds all the same
    abilities: Change
    relocations: Change


def difference(old: MuslVersion, new: MuslVersion, arch: str, catalog: Catalog) -> Difference:
    """Return how *new* differs from *old* on *arch*; raise ``PolicyError`` for what the policies do not know."""
    for release in (old, new):
        if release not in catalog.releases_of(arch):
            raise PolicyError(f"musl {release} on {arch} is not known")
    table, abilities = catalog.symbols(arch), catalog.abilities(arch)
    relocations = {row.name: row.releases for row in catalog.relocations(arch).values()}
    symbols = Change.between(table.exports_of(old), table.exports_of(new))
    return Difference(
        symbols=symbols,
        still_resolved=frozenset(name for name in symbols.removed if new in table.releases_with(name)),
        abilities=Change.between(_having(abilities, old), _having(abilities, new)),
        relocations=Change.between(_having(relocations, old), _having(relocations, new)),
    )


def _having(rows: Mapping[str, frozenset[MuslVersion]], release: MuslVersion) -> Iterable[str]:
    return (name for name, releases in rows.items() if release in releases)


def release_of(libc: bytes) -> MuslVersion:
    """Return the release that a libc.so of musl says it is; raise ``PolicyError`` if it does not say so."""
    found = musl_release(libc)
    if found is None:
        raise PolicyError("the file does not say which musl release it is: name the release")
    return MuslVersion.parse(found.partition("-")[0])


def derive(libcs: Iterable[bytes], catalog: Catalog, release: MuslVersion | None = None) -> Json:
    """
    Return the policy file of a musl release from its libc.so files, one per architecture, against the release before.

    What all of them added or removed is taken to hold on the architectures that no file was given for, too, unless
    their known symbols contradict it; ``provenance`` says which were read. Abilities of the loader, relocation types
    and resolved LFS64 names are not to be seen in a symbol table: they are left for a person to add. A build that a
    distribution changed (Debian's lacks ``crypt``) gives that build's symbols. Raise ``PolicyError`` for a file that
    is no musl, for releases that differ, or where nothing is known to compare with.
    """
    exports: dict[str, Names] = {}
    releases = set()
    for libc in libcs:
        arch, names = _read_libc(libc, catalog)
        if arch in exports:
            raise PolicyError(f"two files are for {arch}: one per architecture is wanted")
        exports[arch] = names
        releases.add(release or release_of(libc))
    if len(releases) != 1:
        named = " and ".join(map(str, sorted(releases)))
        raise PolicyError(f"the files are of musl {named}: one release is wanted" if named else "no libc.so was given")
    (release,) = releases
    before = _release_before(release, exports, catalog)
    changes = {arch: Change.between(catalog.symbols(arch).exports_of(before), names) for arch, names in exports.items()}
    return {
        "$schema": "../schema/musl.schema.json",
        "release": str(release),
        "released": None,
        "provenance": f"dynamic symbol table of libc.so on {', '.join(sorted(exports))}, compared with musl {before}",
        "symbols": _with_common(changes, before, catalog),
    }


def _patched_in(catalog: Catalog) -> Names:
    """Return the names that some distribution adds, and that no release of musl has itself."""
    added = frozenset[str]().union(*(row.symbols_added for row in catalog.distributions))
    known = frozenset[str]().union(*(catalog.symbols(name).names for name in catalog.arches))
    return added - known


def _read_libc(libc: bytes, catalog: Catalog) -> tuple[str, Names]:
    try:
        facts = read_elf(libc, "libc.so")
    except ElfError as error:
        raise PolicyError(f"the file cannot be read: {error}") from error
    arch = catalog.arch_of(facts.identity)
    if arch is None:
        raise PolicyError(
            "the file is for an architecture that the policies do not know: its file in arch/ comes first"
        )
    if not {"__libc_start_main", "dlopen"} <= facts.defined or not is_musl(libc):
        raise PolicyError("the file is not musl's libc.so")
    return arch.name, facts.defined


def _release_before(release: MuslVersion, arches: Iterable[str], catalog: Catalog) -> MuslVersion:
    older = [known for known in catalog.releases if known < release]
    if not older:
        raise PolicyError(f"no release before musl {release} is known to compare with")
    for arch in arches:
        if catalog.arches[arch].first_release > older[-1]:
            raise PolicyError(f"{arch} begins with musl {catalog.arches[arch].first_release}: nothing to compare with")
    return older[-1]


def _with_common(changes: Mapping[str, Change], before: MuslVersion, catalog: Catalog) -> Json:
    known = [
        catalog.symbols(name).exports_of(before)
        for name, arch in catalog.arches.items()
        if arch.first_release <= before and arch.symbols_of is None
    ]
    added = frozenset.intersection(*(change.added for change in changes.values())) - frozenset[str]().union(*known)
    removed = frozenset.intersection(*(change.removed for change in changes.values()), *known)
    rows = {"common": Change(added, removed)}
    for arch, change in sorted(changes.items()):
        rows[arch] = Change(change.added - added, change.removed - removed)
    return {key: _fields(row) for key, row in rows.items() if row.added or row.removed}


def _fields(change: Change) -> Json:
    fields = {"added": sorted(change.added), "removed": sorted(change.removed)}
    return {key: names for key, names in fields.items() if names}


def doubts(document: Json, libcs: Iterable[bytes], catalog: Catalog) -> Iterator[str]:
    """Yield what a person should look at before *document*, derived from *libcs*, is believed: a sentence each."""
    arches = sorted(_read_libc(libc, catalog)[0] for libc in libcs)
    release = MuslVersion.parse(str(document["release"]))
    changes = document["symbols"]
    if not isinstance(changes, dict):
        return
    if len(arches) == 1 and "common" in changes:
        yield f"only {arches[0]} was read: what it added or removed is taken to be common to all architectures"
    added = {name for change in changes.values() for name in change.get("added", ())}
    removed = {name for change in changes.values() for name in change.get("removed", ())}
    if patched := sorted(added & _patched_in(catalog)):
        yield f"{', '.join(patched)}: a distribution's patch, as known of its other releases; leave it out"
    early = sorted(name for name in added if _is_later(name, release, arches, catalog))
    if early:
        yield f"{', '.join(early)}: in musl only later, so this build has a distribution's patch; leave it out"
    if removed:
        yield (
            f"{', '.join(sorted(removed))}: gone. musl hardly ever takes a name back; a distribution's build may "
            "lack it (Debian's lacks crypt): compare with a build that patches nothing"
        )


def _is_later(name: str, release: MuslVersion, arches: Iterable[str], catalog: Catalog) -> bool:
    """Whether the policies know *name* from releases behind *release* only."""
    known = [known for arch in arches for known in catalog.symbols(arch).releases_with(name)]
    return bool(known) and min(known) > release
