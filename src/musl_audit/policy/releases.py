"""The release files, summed up per architecture: symbols, relocation types and abilities of the loader."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from musl_audit.errors import PolicyError
from musl_audit.model import MuslVersion, Releases
from musl_audit.policy.fields import Fields
from musl_audit.policy.history import Delta, Mask, SymbolTable, Timeline, lives
from musl_audit.policy.parts import Arch, KnownRelocation, read_arch

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

COMMON = "common"  # the key of what holds on every architecture that had the release before, too


class PolicyFiles(Protocol):
    """The files of ``policies/``, by their path inside it, such as ``musl/1.2.3.json``."""

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names, without ``.json``, of the files in *folder*, sorted."""

    def read(self, path: str) -> object:
        """Return the parsed JSON of a file; raise ``PolicyError`` where it cannot be read or parsed."""


class Chronicle:
    """What each musl release added and removed; an architecture is summed up when it is first asked about."""

    def __init__(self, files: PolicyFiles) -> None:
        self._files = files
        self._symbols: dict[str, SymbolTable] = {}
        self._relocations: dict[str, Mapping[int, KnownRelocation]] = {}
        self._abilities: dict[str, Mapping[str, Releases]] = {}

    @cached_property
    def timeline(self) -> Timeline:
        """Every known release: each file of ``musl/`` is one."""
        try:
            return Timeline(tuple(sorted(MuslVersion.parse(name) for name in self._files.names("musl"))))
        except ValueError as error:
            raise PolicyError(f"musl/: a file is named after no release: {error}") from error

    @cached_property
    def release_files(self) -> tuple[Fields, ...]:
        """The files of the releases, in their order."""
        return tuple(self._release_file(release) for release in self.timeline.releases)

    @cached_property
    def arches(self) -> Mapping[str, Arch]:
        """The architectures: each file of ``arch/`` is one."""
        arches = {name: read_arch(fields) for name, fields in self._arch_files.items()}
        for name, arch in arches.items():
            where = self._arch_files[name].where
            if arch.first_release not in self.timeline.releases:
                raise PolicyError(f"{where}: begins with musl {arch.first_release}, which is not known")
            if arch.name != name:
                raise PolicyError(f"{where}: is named {arch.name!r}")
            if arch.symbols_of is not None and (arches.get(arch.symbols_of) or arch).symbols_of is not None:
                raise PolicyError(f"{where}: has the symbols of {arch.symbols_of!r}, which has none of its own")
        return arches

    def arch(self, name: str) -> Arch:
        """Return the architecture called *name*; raise ``PolicyError`` if it is not known."""
        try:
            return self.arches[name]
        except KeyError:
            raise PolicyError(f"the policies know no architecture {name!r}") from None

    def symbols(self, name: str) -> SymbolTable:
        """Return the symbols of an architecture."""
        found = self._symbols.get(name)
        if found is None:
            arch = self.arch(name)
            found = self.symbols(arch.symbols_of) if arch.symbols_of else self._sum_symbols(arch)
            self._symbols[name] = found
        return found

    def relocations(self, name: str) -> Mapping[int, KnownRelocation]:
        """Return the relocation types of an architecture, by number."""
        if name not in self._relocations:
            self._relocations[name] = self._sum_relocations(self.arch(self.arch(name).symbols_of or name))
        return self._relocations[name]

    def abilities(self, name: str) -> Mapping[str, Releases]:
        """Return every ability that some release knows, and the releases of an architecture whose loader has it."""
        if name not in self._abilities:
            arch = self.arch(name)
            masks = lives(self._deltas("abilities", arch.symbols_of or name, after=-1), len(self.timeline.releases))
            known = self._known(arch)
            self._abilities[name] = {
                ability: self.timeline.of(masks.get(ability, 0) & known) for ability in self._ability_names
            }
        return self._abilities[name]

    @cached_property
    def lfs64(self) -> Mapping[str, str]:
        """Names that some loader resolves although they are in no table of its release → what they resolve to."""
        return {
            name: target for file in self.release_files for name, target in file.table("lfs64").mapping("added").items()
        }

    # --- Reading and summing up -----------------------------------------------------------------------------

    @cached_property
    def _ability_names(self) -> tuple[str, ...]:
        tables = (file.table("abilities") for file in self.release_files)
        names = {name for table in tables for scope in table for name in table.table(scope).mapping("added")}
        return tuple(sorted(names))

    @cached_property
    def _arch_files(self) -> Mapping[str, Fields]:
        paths = ((name, f"arch/{name}.json") for name in self._files.names("arch"))
        return {name: Fields(self._files.read(path), path) for name, path in paths}

    def _release_file(self, release: MuslVersion) -> Fields:
        path = f"musl/{release}.json"
        fields = Fields(self._files.read(path), path)
        fields.only(
            "$schema", "release", "released", "provenance", "note", "symbols", "abilities", "relocations", "lfs64"
        )
        if fields.release("release") != release:
            raise PolicyError(f"{path}: is about musl {fields.text('release')}")
        scopes = {scope for field in ("symbols", "abilities", "relocations") for scope in fields.table(field)}
        unknown = scopes.difference((COMMON,), self._arch_files)
        if unknown:
            raise PolicyError(f"{path}: {min(unknown)!r} is no architecture")
        return fields

    def _sum_symbols(self, arch: Arch) -> SymbolTable:
        begins = self._begins(arch)
        like = begins.optional_text("like")
        start: frozenset[str] = frozenset()
        if like is None and arch.first_release != self.timeline.releases[0]:
            raise PolicyError(f"{begins.where}: like must name an architecture that musl {arch.first_release} has")
        if like is not None:
            if self.arch(like).first_release >= arch.first_release:
                raise PolicyError(f"{begins.where}: {like} is not older than {arch.name}")
            others = self.symbols(like).exports_of(arch.first_release)
            removed = frozenset(begins.texts("removed"))
            if not removed <= others:
                raise PolicyError(f"{begins.where}: removes {min(removed - others)!r}, which is not there")
            start = (others - removed) | frozenset(begins.texts("added"))
        exported = self._lives("symbols", arch, start)
        return SymbolTable(self.timeline, exported, self._fallbacks(arch, exported))

    def _sum_relocations(self, arch: Arch) -> Mapping[int, KnownRelocation]:
        table = self._arch_files[arch.name].table("relocations")
        begins = self._begins(arch)
        masks = self._lives("relocations", arch, frozenset(begins.texts("relocations")))
        unknown = masks.keys() ^ set(table)
        if unknown:
            raise PolicyError(f"{table.where}: {min(unknown)!r} is not both described here and added by a release")
        rows = (
            KnownRelocation(
                table.table(key).number("number"),
                key,
                self.timeline.of(mask),
            )
            for key, mask in masks.items()
        )
        return {row.number: row for row in sorted(rows, key=lambda row: row.number)}

    def _fallbacks(self, arch: Arch, exported: Mapping[str, Mask]) -> Mapping[str, Mask]:
        # The loader tries the unsuffixed name when nobody defines the suffixed one; that name must be there itself.
        tables = [(index, file.table("lfs64")) for index, file in enumerate(self.release_files)]
        deltas = [Delta(i, table.mapping("added"), table.texts("removed"), table.where) for i, table in tables]
        masks = lives(deltas, len(tables))
        return {name: mask & exported.get(self.lfs64[name], 0) & self._known(arch) for name, mask in masks.items()}

    def _lives(self, field: str, arch: Arch, start: frozenset[str]) -> dict[str, Mask]:
        first = self.timeline.index(arch.first_release)
        # An architecture that musl had from the oldest known release on starts with nothing before that release.
        after = first if self._begins(arch).optional_text("like") is not None else first - 1
        return lives(self._deltas(field, arch.name, after=after), len(self.timeline.releases), (first, start))

    def _deltas(self, field: str, scope: str, *, after: int) -> Iterator[Delta]:
        for index, file in enumerate(self.release_files):
            if index <= after or field not in file:
                continue
            table = file.table(field)
            for key in (COMMON, scope):
                if key in table:
                    change = table.table(key).only("added", "removed")
                    yield Delta(index, change.names("added"), change.names("removed"), f"{file.where}: {field}: {key}")

    def _begins(self, arch: Arch) -> Fields:
        return self._arch_files[arch.name].table("begins").only("like", "added", "removed", "relocations")

    def _known(self, arch: Arch) -> Mask:
        end = len(self.timeline.releases)
        return (1 << end) - (1 << self.timeline.index(arch.first_release))
