"""The entries of RPATH and RUNPATH: which of them musl reads, and which of them leave the wheel."""

from musl_audit.layout import LeavesTreeError, SearchPath, descend, place_of, relative_to_origin
from musl_audit.model import ElfFacts


def effective_path(file: ElfFacts) -> SearchPath:
    """Return the search path of *file* as musl since 1.1.6 reads it: RUNPATH where there is one, else RPATH."""
    return SearchPath.parse(file.rpath if file.runpath is None else file.runpath)


def effective_entries(file: ElfFacts) -> tuple[str, ...]:
    """Return the entries that the loader tries, none where it ignores the whole path."""
    path = effective_path(file)
    return () if path.is_ignored else path.entries


def all_entries(file: ElfFacts) -> tuple[str, ...]:
    """Return the entries of RPATH and RUNPATH alike, whether or not musl reads them."""
    return (*SearchPath.parse(file.rpath).entries, *SearchPath.parse(file.runpath).entries)


def is_outside(entry: str, file: ElfFacts) -> bool:
    """Whether a search path entry of *file* names anything but a directory of the same installation tree."""
    rest = relative_to_origin(entry)
    if rest is None:
        return True
    origin = place_of(file.path)[:-1]
    above = frozenset(origin[:depth] for depth in range(1, len(origin) + 1))
    try:
        descend(origin, _climb(rest), above)
    except LeavesTreeError:
        return True
    return False


def _climb(path: str) -> str:
    """
    Return the part of *path* that climbs.

    >>> _climb("/../../foo.libs")
    '/../..'
    """
    parts = path.split("/")
    depth = next((index for index, part in enumerate(parts) if part not in ("", ".", "..")), len(parts))
    return "/".join(parts[:depth]) if not parts[0] else ""
