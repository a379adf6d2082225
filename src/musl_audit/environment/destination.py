"""Where wheels are to load: a musl release, an architecture and a Python, named or found."""

from collections.abc import Iterator

from musl_audit.errors import UsageError, did_you_mean
from musl_audit.frozen import frozen
from musl_audit.model import MuslVersion
from musl_audit.policy import Catalog, Distribution

_OLDEST_PYTHON, _NEWEST_PATCH = (3, 6), 99


@frozen
class Destination:
    """
    A place where wheels are to load.

    ``python`` is ``3.11`` or ``3.11.2``; ``distribution`` the row of the policies where one was named: its musl
    may have symbols backported.
    """

    release: MuslVersion
    arch: str
    python: str
    is_free_threaded: bool = False
    distribution: Distribution | None = None
    interpreter: str | None = None  # the path, where an interpreter was named

    @property
    def minor(self) -> tuple[int, int]:
        """Major and minor version of the Python."""
        major, minor = self.python.split(".")[:2]
        return int(major), int(minor)

    @property
    def pythons(self) -> tuple[str, ...]:
        """Full versions that the Python may have, where the patch release is not known the ends of the range."""
        if self.python.count(".") > 1:
            return (self.python,)
        return f"{self.python}.0", f"{self.python}.{_NEWEST_PATCH}"

    @property
    def place(self) -> str:
        """The place in words, such as ``Alpine 3.15 (musl 1.2.2)``."""
        if self.distribution is None:
            return f"musl {self.release}"
        name = f"{self.distribution.name} {self.distribution.release}".strip()
        return f"{name} (musl {self.release})"

    @property
    def tags(self) -> tuple[str, ...]:
        """The ``python-abi-platform`` tags that installers accept there, best first."""
        from packaging.tags import compatible_tags, cpython_tags

        platforms = list(_platforms(self.release, self.arch))
        name = f"cp{self.minor[0]}{self.minor[1]}"
        threads = "t" if self.is_free_threaded else ""
        own = cpython_tags(self.minor, [f"{name}{threads}"], platforms)
        return tuple(str(tag) for tag in (*own, *compatible_tags(self.minor, name, platforms)))


def _platforms(release: MuslVersion, arch: str) -> Iterator[str]:
    yield from (f"musllinux_{release.major}_{minor}_{arch}" for minor in range(release.minor, -1, -1))
    yield f"linux_{arch}"


def place_named(text: str, catalog: Catalog) -> tuple[MuslVersion, Distribution | None]:
    """Return the musl release that *text* names, itself or as a distribution; raise ``UsageError`` for none."""
    by_id = {row.id: row for row in catalog.distributions}
    if text in by_id:
        return by_id[text].musl, by_id[text]
    try:
        release = MuslVersion.parse(text)
    except ValueError:
        near = did_you_mean(text, by_id)
        raise UsageError(
            f"--on {text}: neither a distribution such as alpine-3.15, a musl release such as 1.2.2, "
            f"nor a Python (its path, or . for the one here){near}"
        ) from None
    if release not in catalog.releases:
        raise UsageError(
            f"--on {text}: the policies know musl {catalog.releases[0]} to {catalog.releases[-1]}, and not this one"
        )
    return release, None


def checked(destination: Destination, catalog: Catalog) -> Destination:
    """Return *destination*; raise ``UsageError`` where the policies cannot say anything about it."""
    if destination.arch not in catalog.arches:
        near = did_you_mean(destination.arch, catalog.arches)
        raise UsageError(f"--arch {destination.arch}: not one of {', '.join(catalog.arches)}{near}")
    if destination.release not in catalog.releases_of(destination.arch):
        first = catalog.arches[destination.arch].first_release
        raise UsageError(f"musl {destination.release} is not known for {destination.arch}: it begins with {first}")
    if destination.minor < _OLDEST_PYTHON:
        raise UsageError(f"--python {destination.python}: no musllinux wheel is for a Python before 3.6")
    return destination


def python_named(text: str) -> tuple[str, bool]:
    """
    Return the version and whether it is free-threaded; raise ``UsageError`` where *text* is no version.

    >>> python_named("3.13t"), python_named("3.11.2")
    (('3.13', True), ('3.11.2', False))
    """
    number = text.removesuffix("t")
    parts = number.split(".")
    if len(parts) not in (2, 3) or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        raise UsageError(f"--python {text}: not a version such as 3.11, 3.11.2 or 3.13t")
    return number, text != number
