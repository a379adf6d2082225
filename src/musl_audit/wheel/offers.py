"""What an index offers, and which of it an installer would take, best first (PEP 503, 592, 691, 700)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from musl_audit.errors import WheelError
from musl_audit.frozen import frozen
from musl_audit.model import WheelName
from musl_audit.wheel.names import is_sdist_name, normalized_project, parse_wheel_name

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

_HASHES = ("sha256", "sha512", "sha384", "sha224", "sha3_256", "blake2b", "sha1", "md5")  # the one to trust first


@frozen
class OfferedFile:
    """A file as a page of an index lists it; ``url`` is absolute and holds no credential."""

    filename: str
    url: str
    hashes: tuple[tuple[str, str], ...] = ()  # (algorithm, digest in hexadecimal)
    size: int | None = None  # bytes; None: the page does not say
    requires_python: str | None = None
    is_yanked: bool = False
    has_metadata: bool = False  # ``url`` + ".metadata" is there (PEP 658)

    @property
    def best_hash(self) -> tuple[str, str] | None:
        """The algorithm and the digest to hold the file against, None where the page gives none."""
        known = dict(self.hashes)
        return next(((name, known[name]) for name in _HASHES if name in known), None)

    @property
    def sha256(self) -> str | None:
        """The digest by which verdicts are kept."""
        return dict(self.hashes).get("sha256")


@frozen
class Offer:
    """A wheel that the installer would take; ``rank`` orders those of one version, the smallest is the best."""

    file: OfferedFile
    name: WheelName
    rank: tuple[int, int, str]


@frozen
class OfferedVersion:
    """A version of a project: what of it fits, best first, and what else there is."""

    version: str
    offers: tuple[Offer, ...] = ()
    has_sdist: bool = False
    refused_python: str | None = None  # the ``requires-python`` that stands in the way of files that would fit


@frozen
class Wanted:
    """What the installer that asks would take."""

    tags: tuple[str, ...]  # ``python-abi-platform``, best first
    pythons: tuple[str, ...]  # full versions, of which one must satisfy ``requires-python``


def offered_versions(project: str, files: Iterable[OfferedFile], wanted: Wanted) -> "dict[Version, OfferedVersion]":
    """Return the versions of *project* among *files*, newest first; files of another project are passed by."""
    from packaging.version import InvalidVersion, Version

    grouped: dict[str, list[OfferedFile]] = {}
    for file in files:
        version = version_of(file.filename, project)
        if version is not None:
            grouped.setdefault(version, []).append(file)
    parsed: dict[Version, list[OfferedFile]] = {}
    for text, group in grouped.items():
        try:
            parsed.setdefault(Version(text), []).extend(group)
        except InvalidVersion:
            continue
    fits = _Fits(wanted)
    return {version: fits.version(str(version), parsed[version]) for version in sorted(parsed, reverse=True)}


def version_of(filename: str, project: str) -> str | None:
    """
    Return the version that *filename* states, None where it is no file of *project* (normalized).

    >>> version_of("numpy-2.1.3.tar.gz", "numpy"), version_of("numpy_x-1-py3-none-any.whl", "numpy")
    ('2.1.3', None)
    """
    if filename.endswith(".whl"):
        parts = filename.split("-")
        is_ours = len(parts) in (5, 6) and normalized_project(parts[0]) == project
        return parts[1] if is_ours else None
    if not is_sdist_name(filename):
        return None
    stem = next(
        filename.removesuffix(end)
        for end in (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", "")
        if filename.endswith(end)
    )
    name, dash, version = stem.rpartition("-")
    while dash and normalized_project(name) != project:  # a post release may be written 1.0-1
        name, dash, rest = name.rpartition("-")
        version = f"{rest}-{version}"
    return version if dash else None


class _Fits:
    """Which files fit, for one installer."""

    def __init__(self, wanted: Wanted) -> None:
        self._ranks: Mapping[str, int] = {tag: rank for rank, tag in reversed(list(enumerate(wanted.tags)))}
        self._platforms = frozenset(tag.rpartition("-")[2] for tag in wanted.tags)
        self._pythons = wanted.pythons
        self._requirements: dict[str, bool] = {}

    def version(self, version: str, files: Sequence[OfferedFile]) -> OfferedVersion:
        """Return what of *files* fits."""
        offers, refused = [], None
        for file in files:
            name = self._name(file.filename)
            rank = self._rank(name) if name else None
            if name is None or rank is None:
                continue
            if file.requires_python and not self._accepts(file.requires_python):
                refused = file.requires_python
                continue
            offers.append(Offer(file, name, (rank, *_build_order(name.build))))
        offers.sort(key=lambda offer: offer.rank)
        return OfferedVersion(
            version,
            tuple(offers),
            has_sdist=any(is_sdist_name(file.filename) for file in files),
            refused_python=None if offers else refused,
        )

    def _name(self, filename: str) -> WheelName | None:
        platform = filename.removesuffix(".whl").rpartition("-")[2].lower()
        if not filename.endswith(".whl") or self._platforms.isdisjoint(platform.split(".")):
            return None
        try:
            return parse_wheel_name(filename)
        except WheelError:
            return None

    def _rank(self, name: WheelName) -> int | None:
        carried = ("-".join(parts) for parts in product(name.python_tags, name.abi_tags, name.platform_tags))
        return min((self._ranks[tag] for tag in carried if tag in self._ranks), default=None)

    def _accepts(self, requirement: str) -> bool:
        """Whether ``requires-python`` lets the Python in; as pip does, what cannot be read does."""
        if requirement not in self._requirements:
            self._requirements[requirement] = _is_satisfied(requirement, self._pythons)
        return self._requirements[requirement]


def _is_satisfied(requirement: str, pythons: Iterable[str]) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        specifiers = SpecifierSet(requirement)
    except InvalidSpecifier:
        return True
    return any(specifiers.contains(python) for python in pythons)


def _build_order(build: str | None) -> tuple[int, str]:
    """Return what orders the builds of one version, the highest first (PEP 427)."""
    if not build:
        return 0, ""
    digits = len(build) - len(build.lstrip("0123456789"))
    return -int(build[:digits] or 0) - 1, build[digits:]


def admitted(
    versions: "Mapping[Version, OfferedVersion]", specifier: "SpecifierSet", *, with_prereleases: bool = False
) -> "Iterator[OfferedVersion]":
    """
    Yield the *versions* with a file that fits and that *specifier* admits, as pip goes by them: newest first.

    Pre-releases count where the specifier names one, or nothing else is left; yanked files where the specifier pins
    one version (``==``) and all files of it are yanked (PEP 592).
    """
    with_files = [version for version, offered in versions.items() if offered.offers]
    chosen = frozenset(specifier.filter(with_files, prereleases=True if with_prereleases else None))
    left = {version: versions[version] for version in with_files if version in chosen}
    are_all_yanked = all(offer.file.is_yanked for offered in left.values() for offer in offered.offers)
    keeps_yanked = are_all_yanked and is_pinned(specifier)
    for offered in left.values():
        offers = tuple(offer for offer in offered.offers if keeps_yanked or not offer.file.is_yanked)
        if offers:
            yield OfferedVersion(offered.version, offers, offered.has_sdist)


def is_pinned(specifier: "SpecifierSet") -> bool:
    """Whether *specifier* names one version."""
    return any(
        item.operator == "===" or (item.operator == "==" and not item.version.endswith(".*")) for item in specifier
    )
