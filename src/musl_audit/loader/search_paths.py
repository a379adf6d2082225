"""The entries of RPATH and RUNPATH: which of them musl reads, and which of them leave the wheel."""

from musl_audit.model import ElfFacts
from musl_audit.wheel.installed_tree import SITE_PACKAGES, SearchPath, place_of, relative_to_origin


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
    """
    Whether a search path entry of *file* names anything but a directory of the same installation tree.

    An absolute path does, one relative to the working directory does, and one that climbs out of site-packages on its
    way. From any other tree a way out may lead into site-packages: nobody knows.
    """
    rest = relative_to_origin(entry)
    if rest is None:
        return True
    place = place_of(file.path)
    if place[0] != SITE_PACKAGES:
        return False
    depth = len(place) - 1  # of the directory, the tree's own name included
    for part in rest.split("/")[1:]:
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 1:
            return True
    return False
