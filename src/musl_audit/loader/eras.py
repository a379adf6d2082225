"""
How musl's loader tells its own libc from the files of a wheel, by release.

Two things changed. Up to 1.1.15 a name that begins as a reserved one does (``libp.so``, ``lib.so``) is libc; from
1.1.17 on a file that was found and exports both ``__libc_start_main`` and ``stdin`` is not mapped: it is libc itself.
"""

from collections.abc import Iterable

from musl_audit.frozen import frozen
from musl_audit.model import ElfFacts, ElfKind, Releases, WheelFacts
from musl_audit.policy import Arch, Catalog

MARKS_OF_LIBC = frozenset(("__libc_start_main", "stdin"))


@frozen
class Era:
    """The releases whose loader does both in the same way; None: all later ones, and nobody asks which."""

    takes_prefixes: bool = False
    takes_libc_files: bool = True
    releases: Releases | None = None


TODAY = Era()


def eras_of(facts: WheelFacts, arch: Arch, catalog: Catalog) -> tuple[Era, ...]:
    """Return the eras that differ for the files of *facts*, the newest first; one, ``TODAY``, for nearly all wheels."""
    elves = [elf for elf in facts.elves if elf.is_dynamic]
    has_libc = any(map(is_libc, elves))
    has_prefix = any(catalog.begins_like_libc_name(soname) for elf in elves for soname in elf.needed)
    if not has_libc and not has_prefix:
        return (TODAY,)
    with_prefixes = catalog.able("reserved-prefix-bug", arch.name) if has_prefix else frozenset()
    known = catalog.known_on(arch.name)
    with_files = catalog.able("libc-found-as-file", arch.name) if has_libc else known
    eras = []
    for takes_prefixes, takes_files in ((False, True), (True, True), (False, False), (True, False)):
        of_prefix = with_prefixes if takes_prefixes else known - with_prefixes
        of_files = with_files if takes_files else known - with_files
        if releases := of_prefix & of_files:
            eras.append(Era(takes_prefixes, takes_files, releases))
    return tuple(eras)


def is_libc(elf: ElfFacts) -> bool:
    """Whether the loader takes *elf*, where a name leads to it, for its own libc: glibc's has the marks as well."""
    return elf.kind is ElfKind.LIBRARY and elf.select_defined(MARKS_OF_LIBC) == MARKS_OF_LIBC


def libcs_in(elves: Iterable[ElfFacts]) -> tuple[ElfFacts, ...]:
    """Return those of *elves* that are a libc."""
    return tuple(elf for elf in elves if is_libc(elf))
