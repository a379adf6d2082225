"""
Where the members of a wheel land when it is installed, and what a search path means there.

A place is a tuple: the name of the installation tree, then the parts of the path inside it. The root of the
archive and ``*.data/platlib`` and ``*.data/purelib`` are one tree, site-packages; ``scripts``, ``data`` and
``headers`` are trees of their own, whose position relative to each other no wheel knows (binary distribution
format, "Installing a wheel").
"""

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache

from musl_audit.frozen import frozen

Place = tuple[str, ...]

SITE_PACKAGES = "site-packages"
_TREES = {"platlib": SITE_PACKAGES, "purelib": SITE_PACKAGES}


def place_of(member: str) -> Place:
    """
    Return where an installer puts *member*.

    >>> place_of("foo-1.0.data/platlib/foo/bar.so")
    ('site-packages', 'foo', 'bar.so')
    >>> place_of("foo-1.0.data/scripts/foo")
    ('scripts', 'foo')
    """
    parts = tuple(member.split("/"))
    if len(parts) > 2 and parts[0].endswith(".data"):
        return (_TREES.get(parts[1], parts[1]), *parts[2:])
    return (SITE_PACKAGES, *parts)


class InstalledTree:
    """The files of a wheel by place; whether something is a directory follows from the files below it."""

    def __init__(self, names: Iterable[str]) -> None:
        self._order = {name: number for number, name in enumerate(names)}
        self._folders: dict[Place, list[str]] = {}  # the ways to write each directory that has files
        for folder in {name[: name.rfind("/") + 1] for name in self._order}:
            self._folders.setdefault(place_of(folder)[:-1], []).append(folder)

    def member_at(self, place: Place) -> str | None:
        """Return the member that is installed at *place*, the last of several; None where there is none."""
        *_, base = place
        found = [name for folder in self._folders.get(place[:-1], ()) if (name := folder + base) in self._order]
        return max(found, key=self._order.__getitem__, default=None)

    def is_directory(self, place: Place) -> bool:
        """Whether some file lies below *place*."""
        return place in self._directories

    @cached_property
    def by_basename(self) -> Mapping[str, list[str]]:
        """The members that are installed, by the last part of their names."""
        found: dict[str, list[str]] = {}
        for name in self._order:
            if self.member_at(place_of(name)) == name:
                found.setdefault(name.rpartition("/")[2], []).append(name)
        return found

    @cached_property
    def _directories(self) -> frozenset[Place]:
        found: set[Place] = set()
        for folder in self._folders:
            above = folder
            while above not in found:
                found.add(above)
                above = above[:-1]
        return frozenset(found)


@frozen
class SearchPath:
    """
    One RPATH or RUNPATH, split as musl's ``fixup_rpath`` does: ``$ORIGIN`` and ``${ORIGIN}`` only.

    ``entries`` are raw; empty ones are dropped. Any other ``$`` makes musl ignore the whole string: ``is_ignored``.
    """

    entries: tuple[str, ...]
    is_ignored: bool = False

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str | None) -> "SearchPath":
        """Return the entries of *text*, in order; line breaks separate them as colons do."""
        entries = tuple(entry for entry in (text or "").replace("\n", ":").split(":") if entry)
        rest = (text or "").replace("${ORIGIN}", "").replace("$ORIGIN", "")
        return cls(entries, is_ignored="$" in rest)


def relative_to_origin(entry: str) -> str | None:
    """
    Return what follows ``$ORIGIN`` in a search path entry, None where the entry does not begin with it.

    The match is a prefix, as in musl: ``$ORIGINAL`` is the origin with ``AL`` behind it. Slashes before it change
    nothing, for what replaces it begins with one.
    """
    path = entry.lstrip("/")
    for token in ("$ORIGIN", "${ORIGIN}"):
        if path.startswith(token):
            return path.removeprefix(token)
    return None


class LeavesTreeError(Exception):
    """A path climbs out of its installation tree: what is there cannot be told from the wheel."""


def descend(directory: Place, path: str, tree: InstalledTree) -> Place | None:
    """
    Return the directory that *path* leads to from *directory*, None where a part of it is no directory of *tree*.

    *path* is what follows ``$ORIGIN``. Raise ``LeavesTreeError`` where it climbs above the tree. The kernel walks
    through ``missing/..`` no more than through ``missing``, so neither does this.
    """
    head, *parts = path.split("/")
    place = (*directory[:-1], directory[-1] + head) if head else directory
    for part in parts:
        if not tree.is_directory(place):
            return None
        if part == "..":
            place = place[:-1]
        elif part not in ("", "."):
            place = (*place, part)
        if not place:
            raise LeavesTreeError(path)
    return place if tree.is_directory(place) else None
