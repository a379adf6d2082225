"""Which libc a wheel was built for, by every sign it gives."""

from collections.abc import Iterator
from enum import StrEnum

from musl_audit.loader.extension_suffixes import FIRST_WITH_MUSL_TRIPLET, admitted_pythons
from musl_audit.loader.libc_names import libc_named
from musl_audit.model import ElfFacts, ElfKind, WheelFacts
from musl_audit.policy import Catalog
from musl_audit.wheel.names import tag_family


class Flavor(StrEnum):
    """The libc that a wheel is for."""

    MUSL = "musl"
    GLIBC = "glibc"
    MIXED = "mixed"  # dynamic binaries, or binaries and tags, with signs of both
    PURE = "pure"  # no binaries
    UNKNOWN = "unknown"


_FAMILIES = {"musllinux": Flavor.MUSL, "manylinux": Flavor.GLIBC}


def flavor_of(facts: WheelFacts, catalog: Catalog, plat: str | None = None) -> Flavor:
    """
    Return which libc the wheel is for, by its platform tags and its binaries; where they are silent, by *plat*, a tag.

    A wheel that says musllinux, and nothing else, is musl's whatever is in it: the judge says what is wrong then.
    """
    if not facts.elves and not facts.elf_problems:
        return Flavor.PURE
    tags = {_FAMILIES[family] for tag in _platform_tags(facts) if (family := tag_family(tag)) in _FAMILIES}
    if tags == {Flavor.MUSL}:
        return Flavor.MUSL
    files = [elf for elf in facts.elves if elf.is_dynamic]
    if not files and tags:
        return Flavor.MUSL if Flavor.MUSL in tags else Flavor.GLIBC
    signs = tags.union(*(_of_file(elf, facts, catalog) for elf in files))
    if not signs and plat:
        signs = {flavor for family, flavor in _FAMILIES.items() if tag_family(plat) == family}
    if len(signs) > 1:
        return Flavor.MIXED
    return signs.pop() if signs else Flavor.UNKNOWN


def _platform_tags(facts: WheelFacts) -> tuple[str, ...]:
    return facts.name.platform_tags if facts.name else ()


def _of_file(elf: ElfFacts, facts: WheelFacts, catalog: Catalog) -> set[Flavor]:
    """Return what the best sign of *elf* says: its interpreter and needs, else its suffix, else its symbols."""
    for signs in (_by_names(elf), _by_suffix(elf, facts), _by_symbols(elf, catalog)):
        if found := set(signs):
            return found
    return set()


def _by_names(elf: ElfFacts) -> Iterator[Flavor]:
    for name in (elf.interpreter or "", *elf.needed):
        if libc := libc_named(name):
            yield Flavor(libc.value)


def _by_suffix(elf: ElfFacts, facts: WheelFacts) -> Iterator[Flavor]:
    """Yield what the triplet says; glibc's means nothing for CPython 3.10 and older, which uses it on musl, too."""
    base = elf.path.rpartition("/")[2]
    if elf.kind is not ElfKind.EXTENSION:
        return
    if "-linux-musl" in base:
        yield Flavor.MUSL
    if "-linux-gnu" in base and facts.name:
        minors = [python.minor for python in admitted_pythons(facts.name)]
        if minors and min(minors) >= FIRST_WITH_MUSL_TRIPLET:
            yield Flavor.GLIBC


def _by_symbols(elf: ElfFacts, catalog: Catalog) -> Iterator[Flavor]:
    if any(catalog.glibc_name(symbol.name) for symbol in elf.undefined if symbol.is_referenced and not symbol.is_weak):
        yield Flavor.GLIBC


def spell_undecided(flavor: Flavor) -> str:
    """Return why a wheel of *flavor* is not repaired."""
    if flavor is Flavor.MIXED:
        return (
            "its tags and binaries are musl's and glibc's at once: no one tool can repair it; build one wheel for each"
        )
    return "nothing tells which libc it is for: name it with --plat musllinux_1_2 or --plat manylinux_2_28_x86_64"
