"""Which libc a wheel was built for, by every sign it gives."""

from collections.abc import Iterator
from enum import StrEnum

from musl_audit.model import ElfFacts, ElfKind, WheelFacts
from musl_audit.rules.musl201_needs_glibc import GLIBC_PARTS, is_glibc_loader
from musl_audit.wheelname import tag_family


class Flavor(StrEnum):
    """The libc that a wheel is for."""

    MUSL = "musl"
    GLIBC = "glibc"
    MIXED = "mixed"  # dynamic binaries with signs of both
    PURE = "pure"  # no binaries
    UNKNOWN = "unknown"


def flavor_of(facts: WheelFacts, plat: str | None = None) -> Flavor:
    """
    Return what tag, interpreters, NEEDED and suffixes say; where they are silent, what *plat*, a platform tag, says.

    >>> flavor_of(WheelFacts("x", None, "", 0))
    <Flavor.PURE: 'pure'>
    """
    if not facts.elves and not facts.elf_problems:
        return Flavor.PURE
    signs = set(_signs_of_name(facts))
    dynamic = [elf for elf in facts.elves if elf.is_dynamic]
    signs.update(sign for elf in dynamic for sign in _signs_of_file(elf))
    if len(signs) > 1:
        return Flavor.MIXED if dynamic else Flavor.MUSL
    if not signs and plat:
        signs = {flavor for family, flavor in _FAMILIES.items() if tag_family(plat) == family}
    return signs.pop() if signs else Flavor.UNKNOWN


_FAMILIES = {"musllinux": Flavor.MUSL, "manylinux": Flavor.GLIBC}


def _signs_of_name(facts: WheelFacts) -> Iterator[Flavor]:
    for tag in facts.name.platform_tags if facts.name else ():
        if tag_family(tag) in _FAMILIES:
            yield _FAMILIES[tag_family(tag)]


def _signs_of_file(elf: ElfFacts) -> Iterator[Flavor]:
    loaders = [name.rpartition("/")[2] for name in (elf.interpreter or "", *elf.needed)]
    for name in loaders:
        if name.startswith(("ld-musl-", "libc.musl-")) or name == "libc.so":
            yield Flavor.MUSL
        if name in GLIBC_PARTS or is_glibc_loader(name):
            yield Flavor.GLIBC
    if elf.kind is ElfKind.EXTENSION:
        suffix = elf.path.rpartition("/")[2]
        if "-linux-musl" in suffix:
            yield Flavor.MUSL


def spell_undecided(flavor: Flavor) -> str:
    """Return why a wheel of *flavor* is not repaired."""
    if flavor is Flavor.MIXED:
        return "its binaries are for musl and for glibc: no one tag can be kept, and no other tool is asked"
    return "nothing tells which libc it is for: name it with --plat musllinux_1_2 or --plat manylinux_2_28_x86_64"
