"""The catalog: every question that the judge asks of the policies, answered from their files as they are needed."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache

from musl_audit.errors import PolicyError
from musl_audit.model import ElfIdentity, MuslVersion, Releases
from musl_audit.policy.fields import Fields
from musl_audit.policy.history import SymbolTable
from musl_audit.policy.parts import (
    AllowedLibrary,
    Arch,
    Distribution,
    DistributionCycle,
    DistributionKind,
    KnownRelocation,
    read_distribution,
    read_library,
)
from musl_audit.policy.polyfills import Polyfills
from musl_audit.policy.releases import Chronicle, PolicyFiles

_MOST_MET = 10_000  # names of Python's that are remembered: a few times what it exports


class Catalog:
    """
    What is known about musl, distributions and tags.

    Files are found by listing their folder and read when first asked for; the answers are kept. Whatever contradicts
    itself raises ``PolicyError`` with the file's name.
    """

    def __init__(self, files: PolicyFiles) -> None:
        self._files = files
        self._chronicle = Chronicle(files)
        self._releases: dict[str, tuple[MuslVersion, ...]] = {}
        self._known: dict[str, Releases] = {}
        self._met: set[str] = set()  # names of Python's that somebody asked about
        self._settled: dict[str, set[str]] = {}

    # --- What there is ------------------------------------------------------------------------------------

    @cached_property
    def version(self) -> str:
        """The policies' version, such as ``2026.11``."""
        return self._about.text("version")

    @cached_property
    def date(self) -> str:
        """The day (ISO) as of which the policies speak; "supported" is relative to it, never to today."""
        return self._about.text("date")

    @property
    def releases(self) -> tuple[MuslVersion, ...]:
        """Every known musl release, ascending."""
        return self._chronicle.timeline.releases

    @property
    def arches(self) -> Mapping[str, Arch]:
        """The architectures, by the name that platform tags use."""
        return self._chronicle.arches

    @cached_property
    def distributions(self) -> tuple[Distribution, ...]:
        """The distributions, in the order of their file: by name, oldest first."""
        rows = self._read("distributions.json").rows("distributions")
        distributions = tuple(read_distribution(row) for row in rows)
        if len({row.id for row in distributions}) != len(distributions):
            raise PolicyError("distributions.json: an id occurs twice")
        for row in distributions:
            if row.musl not in self.releases:
                raise PolicyError(f"distributions.json: {row.id} ships musl {row.musl}, which is not known")
        return distributions

    # --- Architectures ---------------------------------------------------------------------------------------

    def arch_of(self, identity: ElfIdentity) -> Arch | None:
        """Return the architecture of a file, ABI flags included; ``armv7l``, never ``armv6l``, for hard-float ARM."""
        arch = self.machine_of(identity)
        return arch if arch is not None and arch.has_abi(identity) else None

    def machine_of(self, identity: ElfIdentity) -> Arch | None:
        """Return the architecture of a file's processor, whatever its ABI flags say."""
        return self._machines.get((identity.machine, identity.bits, identity.byte_order))

    @cached_property
    def _machines(self) -> Mapping[tuple[int, int, str], Arch]:
        """The architecture of each processor: the first, where several differ by what no ELF file says."""
        told = (arch for arch in reversed([*self.arches.values()]) if arch.is_told_by_elf)
        return {(arch.machine, arch.bits, arch.byte_order): arch for arch in told}

    def releases_of(self, arch: str) -> tuple[MuslVersion, ...]:
        """Return the known releases of *arch*, ascending."""
        if arch not in self._releases:
            first = self._chronicle.arch(arch).first_release
            self._releases[arch] = tuple(release for release in self.releases if release >= first)
        return self._releases[arch]

    def known_on(self, arch: str) -> Releases:
        """Return the same as a set, which is one for all who ask."""
        if arch not in self._known:
            self._known[arch] = frozenset(self.releases_of(arch))
        return self._known[arch]

    def symbols(self, arch: str) -> SymbolTable:
        """Return what musl's libc exports on *arch*, by release."""
        return self._chronicle.symbols(arch)

    def relocations(self, arch: str) -> Mapping[int, KnownRelocation]:
        """Return the relocation types that musl's loader applies on *arch* on some release, by number."""
        return self._chronicle.relocations(arch)

    def able(self, ability: str, arch: str) -> Releases:
        """
        Return the releases of *arch* whose loader has *ability*, such as ``packed-relocations``.

        Abilities are what the release files say; ``PolicyError`` is raised for one that none of them knows.
        """
        try:
            return self._chronicle.abilities(arch)[ability]
        except KeyError:
            raise PolicyError(f"no file of musl/ knows the ability {ability!r}") from None

    def abilities(self, arch: str) -> Mapping[str, Releases]:
        """Return every ability, by name, and the releases of *arch* whose loader has it."""
        return self._chronicle.abilities(arch)

    def released(self, release: MuslVersion) -> str | None:
        """Return the day (ISO) of a release, None where no source states it."""
        return self._chronicle.release_files[self._chronicle.timeline.index(release)].optional_text("released")

    # --- Tags ----------------------------------------------------------------------------------------------

    @cached_property
    def judged_series(self) -> tuple[str, ...]:
        """The series ``X.Y`` that the policies have data about, ascending."""
        return tuple(dict.fromkeys(release.series for release in self.releases))

    @cached_property
    def series_without_data(self) -> frozenset[str]:
        """The series ``X.Y`` that existed and that the policies have no data about."""
        return frozenset(self._tags.mapping("series_without_data")).difference(self.judged_series)

    @property
    def known_series(self) -> frozenset[str]:
        """Every series ``X.Y`` that musl ever had; a tag of any other never existed."""
        return self.series_without_data.union(self.judged_series)

    @cached_property
    def pypi_arches(self) -> frozenset[str]:
        """The architectures whose musllinux wheels PyPI accepts."""
        return frozenset(self._tags.table("pypi").texts("arches"))

    def floor(self, series: str, arch: str) -> MuslVersion | None:
        """Return the lowest release that ``musllinux_X_Y_ARCH`` promises; None: no data, it cannot be judged."""
        first = self._chronicle.arch(arch).first_release
        if series not in self._floors:
            return None
        return max(self._floors[series], first)

    def floor_reason(self, series: str) -> str:
        """Return why the floor of *series* is what it is."""
        return self._tags.table("floors").table(series).text("reason")

    def oldest_supported(self) -> MuslVersion:
        """
        Return the oldest musl among the verified distributions that are supported at the policies' date.

        Rolling ones do not count: they move on by themselves, and their rows say what was last seen.
        """
        released = (
            row
            for row in self.distributions
            if row.kind is DistributionKind.DISTRIBUTION and row.cycle is DistributionCycle.RELEASE
        )
        supported = (row for row in released if row.verified and row.is_supported_at(self.date))
        oldest = min((row.musl for row in supported), default=None)
        if oldest is None:
            raise PolicyError(f"distributions.json: none was supported on {self.date}")
        return oldest

    # --- What a wheel may rely on outside itself ---------------------------------------------------------------

    def reserved_libc_name(self, name: str) -> bool:
        """
        Whether musl's loader takes *name*, as NEEDED, for libc itself and opens no file, on every release.

        That is ``lib``, one of the reserved words, a dot, and anything (``libc.so.6``, ``libm.so.6``).
        """
        return _word_of(name) in self._reserved_words

    def begins_like_libc_name(self, name: str) -> bool:
        """
        Whether *name* is taken for libc up to musl 1.1.15 only: ``lib``, how a reserved word begins, and a dot.

        So were ``libp.so`` (pthread) and ``lib.so``.
        """
        word = _word_of(name)
        return word in self._begun_words and word not in self._reserved_words

    def provided_by_interpreter(self, symbol: str) -> bool:
        """Whether Python itself defines *symbol*, told by its prefix."""
        return symbol.startswith(self.interpreter_prefixes)

    def interpreter_names(self, symbols: Iterable[str]) -> frozenset[str]:
        """Return those of *symbols* that Python itself defines; from now on they are settled."""
        prefixes = self.interpreter_prefixes
        found = frozenset([symbol for symbol in symbols if symbol.startswith(prefixes)])
        if found and len(self._met) + len(found) < _MOST_MET:
            for names in (self._met, *self._settled.values()):
                names.update(found)
        return found

    def settled_names(self, arch: str, *, has_interpreter: bool) -> AbstractSet[str]:
        """
        Return names that libc exports on every known release of *arch*: no more needs to be asked about them.

        With an interpreter so are those of Python itself, as far as ``interpreter_names`` was asked about them.
        """
        if not has_interpreter:
            return self.symbols(arch).names_on_all(self.known_on(arch))
        if arch not in self._settled:
            self._settled[arch] = {*self.symbols(arch).names_on_all(self.known_on(arch)), *self._met}
        return self._settled[arch]

    @cached_property
    def allowed_libraries(self) -> Mapping[str, AllowedLibrary]:
        """The libraries that a wheel may need from outside, by soname."""
        rows = (read_library(row) for row in self._libraries.rows("allowed"))
        return {row.soname: row for row in rows}

    @property
    def lfs64(self) -> Mapping[str, str]:
        """The LFS64 names that a loader resolves although they left the table → what they resolve to."""
        return self._chronicle.lfs64

    @cached_property
    def time64(self) -> Mapping[str, str]:
        """On 32-bit architectures: each name of the 32-bit ``time_t`` ABI → the one that headers since 1.2.0 use."""
        return self._time.mapping("pairs")

    @cached_property
    def time32_only(self) -> Mapping[str, str]:
        """Further names of the 32-bit ``time_t`` ABI, aliases without a successor of their own → what replaces them."""
        return self._time.mapping("aliases")

    def glibc_name(self, symbol: str) -> bool:
        """Whether glibc exports *symbol* and no musl does."""
        return symbol in self._glibc_names

    def hint_for(self, symbol: str) -> str:
        """Return what to do about a symbol that musl lacks, or an empty string."""
        matching = (hint for pattern, hint in self._hints if fnmatchcase(symbol, pattern))
        return next(matching, "")

    def images_of(self, python: str) -> tuple[tuple[str, str], ...]:
        """Return the images with Python *python* (``3.12``) on Alpine: the release of Alpine, and the image's name."""
        images = self._read("images.json")
        name = images.text("image")
        releases = images.table("alpine_releases_by_python").texts(python)
        return tuple((alpine, name.format(python=python, alpine=alpine)) for alpine in releases)

    @property
    def images_date(self) -> str:
        """The day (ISO) as of which ``images_of`` speaks."""
        return self._read("images.json").text("date")

    @cached_property
    def polyfills(self) -> Polyfills:
        """Which symbols that some musl lacks can be added to a wheel."""
        return Polyfills(self._read("polyfills.json"))

    # --- Files -----------------------------------------------------------------------------------------------

    def _read(self, path: str) -> Fields:
        return Fields(self._files.read(path), path)

    @cached_property
    def _about(self) -> Fields:
        return self._read("policy.json")

    @cached_property
    def _tags(self) -> Fields:
        return self._read("tags.json")

    @cached_property
    def _floors(self) -> Mapping[str, MuslVersion]:
        table = self._tags.table("floors")
        floors = {series: table.table(series).release("release") for series in table}
        if floors.keys() != set(self.judged_series):
            raise PolicyError("tags.json: the floors are not those of " + ", ".join(self.judged_series))
        return floors

    @cached_property
    def _libraries(self) -> Fields:
        return self._read("libraries.json")

    @cached_property
    def _time(self) -> Fields:
        return self._read("time64.json")

    @cached_property
    def _reserved_words(self) -> frozenset[str]:
        return frozenset(self._libraries.table("libc").texts("reserved_words"))

    @cached_property
    def _begun_words(self) -> frozenset[str]:
        return frozenset(word[:size] for word in self._reserved_words for size in range(len(word) + 1))

    @cached_property
    def interpreter_prefixes(self) -> tuple[str, ...]:
        """How the names begin that Python itself defines."""
        return tuple(self._libraries.table("interpreter").texts("prefixes"))

    @cached_property
    def _glibc_names(self) -> frozenset[str]:
        return frozenset(self._read("glibc.json").texts("names"))

    @cached_property
    def _hints(self) -> tuple[tuple[str, str], ...]:
        rows = self._read("hints.json").rows("hints")
        return tuple((pattern, row.text("hint")) for row in rows for pattern in row.texts("names"))


@lru_cache(maxsize=1024)
def _word_of(name: str) -> str | None:
    """Return what *name* has between ``lib`` and the first dot, None where it has not both."""
    word, dot, _ = name.removeprefix("lib").partition(".")
    return word if dot and name.startswith("lib") else None
