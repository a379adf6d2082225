"""Arithmetic of search paths inside a wheel: from one member's directory to another's."""

from collections.abc import Iterable

from musl_audit.loader.search_paths import effective_entries, is_outside
from musl_audit.model import ElfFacts
from musl_audit.wheel.installed_tree import SITE_PACKAGES, place_of


def origin_to(member: str, directory_of: str) -> str | None:
    """
    Return the entry that leads from *member* to the directory of the member *directory_of*.

    None where they lie in different installation trees: nobody knows the way from one to the other.

    >>> origin_to("demo/core/_demo.so", "demo.libs/libdemo.so.1")
    '$ORIGIN/../../demo.libs'
    >>> origin_to("demo.libs/libone.so", "demo.libs/libtwo.so")
    '$ORIGIN'
    """
    start, end = place_of(member)[:-1], place_of(directory_of)[:-1]
    if start[0] != end[0] or start[0] != SITE_PACKAGES:
        return None if start != end else "$ORIGIN"
    common = 0
    while common < min(len(start), len(end)) and start[common] == end[common]:
        common += 1
    return "/".join(["$ORIGIN", *[".."] * (len(start) - common), *end[common:]])


def entries_inside(file: ElfFacts) -> tuple[str, ...]:
    """Return the entries of the search path of *file*, as musl reads it, that stay in its installation tree."""
    return tuple(entry for entry in effective_entries(file) if not is_outside(entry, file))


def joined(*groups: Iterable[str]) -> tuple[str, ...]:
    """
    Return the entries of all *groups*, each once, in order.

    >>> joined(["$ORIGIN"], ["$ORIGIN/x", "$ORIGIN"])
    ('$ORIGIN', '$ORIGIN/x')
    """
    return tuple(dict.fromkeys(entry for group in groups for entry in group))
