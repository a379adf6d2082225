"""What musl's loader can do, by release: abilities, relocation types, reserved names, architectures."""

import pytest
from tests.support.policies import catalog_with, shipped

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.elf.machines import MACHINES
from musl_audit.errors import PolicyError
from musl_audit.model import ElfIdentity, MuslVersion, Releases

CATALOG = load_catalog()


def since(release: str) -> Releases:
    """Return the known releases from *release* on."""
    return frozenset(known for known in CATALOG.releases if known >= MuslVersion.parse(release))


@pytest.mark.parametrize(
    ("ability", "releases"),
    [
        ("packed-relocations", since("1.2.4")),
        ("zero-length-segments", since("1.1.11") - since("1.1.13") | since("1.2.3")),
        ("runpath", since("1.1.6")),
        ("reserved-prefix-bug", since("1.1.0") - since("1.1.16")),
        ("initial-exec-refused", since("1.1.20")),
        ("unknown-relocations-refused", since("1.1.3")),
        ("vdso-symbols", since("1.1.0") - since("1.1.17")),
        ("lazy-binding", since("1.1.17")),
    ],
)
def test_abilities_are_gained_and_lost_with_releases(ability: str, releases: Releases) -> None:
    """As measured by loading real files with every release."""
    assert CATALOG.able(ability, "x86_64") == releases


def test_an_ability_is_told_for_the_releases_of_the_architecture() -> None:
    """riscv64 has no release before 1.1.23, so none of them was able to do anything."""
    assert CATALOG.able("runpath", "riscv64") == since("1.1.23")


def test_an_ability_may_belong_to_one_architecture() -> None:
    """TLSDESC addends were lost on ARM alone."""
    assert CATALOG.able("tlsdesc-addends-lost", "armv6l") == since("1.1.21") - since("1.2.5")
    assert CATALOG.able("tlsdesc-addends-lost", "aarch64") == frozenset()


def test_an_ability_that_nobody_knows_is_refused() -> None:
    """A misspelt ability would otherwise be one that no release has."""
    with pytest.raises(PolicyError, match="packed-relocation'"):
        CATALOG.able("packed-relocation", "x86_64")


@pytest.mark.parametrize(
    ("arch", "number", "first"),
    [
        ("x86_64", 36, "1.1.3"),  # TLSDESC
        ("i686", 41, "1.1.3"),
        ("aarch64", 1031, "1.1.7"),
        ("armv7l", 13, "1.1.21"),
        ("armv6l", 13, "1.1.21"),
        ("riscv64", 12, "1.2.5"),
        ("loongarch64", 14, "1.2.6"),
        ("ppc64le", 43, "1.1.24"),  # UADDR64
    ],
)
def test_relocation_types_come_with_releases(arch: str, number: int, first: str) -> None:
    """The release that first applied the type, as measured."""
    assert CATALOG.relocations(arch)[number].releases == since(first)


def test_a_relocation_type_can_be_lost() -> None:
    """R_X86_64_32 was applied up to 1.1.2 only."""
    assert CATALOG.relocations("x86_64")[10].releases == since("1.1.0") - since("1.1.3")


@pytest.mark.parametrize("arch", CATALOG.arches)
def test_no_release_applies_irelative(arch: str) -> None:
    """IFUNC is never supported."""
    assert CATALOG.arches[arch].irelative not in CATALOG.relocations(arch)


@pytest.mark.parametrize("arch", CATALOG.arches)
def test_every_architecture_has_one_relative_relocation_on_all_its_releases(arch: str) -> None:
    """No library could be loaded without."""
    relative = CATALOG.relocations(arch)[MACHINES[CATALOG.arches[arch].machine].relative]
    assert relative.releases == frozenset(CATALOG.releases_of(arch))


def test_a_relocation_type_without_a_number_is_refused() -> None:
    """A release cannot add a type that the file of the architecture does not describe."""
    release = {
        "release": "1.2.7",
        "released": None,
        "provenance": "test",
        "symbols": {},
        "relocations": {"x86_64": {"added": ["R_X86_64_NEW"]}},
    }
    with pytest.raises(PolicyError, match=r"arch/x86_64\.json.*R_X86_64_NEW"):
        catalog_with(musl__1_2_7=release).relocations("x86_64")


@pytest.mark.parametrize(
    ("name", "is_libc"),
    [
        ("libc.so", True),
        ("libc.musl-x86_64.so.1", True),
        ("libc.so.6", True),
        ("libm.so.6", True),
        ("libpthread.so.0", True),
        ("libdl.so.2", True),
        ("librt.so.1", True),
        ("libutil.so.1", True),
        ("libxnet.so", True),
        ("libgcc_s.so.1", False),
        ("libc++.so.1", False),
        ("libresolv.so.2", False),
        ("libcrypt.so.1", False),
        ("libm-abc123.so", False),
        ("libc", False),
        ("libpthread", False),
        ("lib.so", False),
        ("c.so", False),
        ("ld-musl-x86_64.so.1", False),
        ("ld-linux-x86-64.so.2", False),
    ],
)
def test_reserved_names_are_libc(name: str, is_libc: bool) -> None:
    """``lib``, a reserved word, a dot: no file is opened, whatever follows; measured on every release."""
    assert CATALOG.reserved_libc_name(name) is is_libc


@pytest.mark.parametrize(
    ("identity", "arch"),
    [
        (ElfIdentity(62, 64, "little"), "x86_64"),
        (ElfIdentity(3, 32, "little"), "i686"),
        (ElfIdentity(183, 64, "little"), "aarch64"),
        (ElfIdentity(40, 32, "little", 0x5000400), "armv7l"),
        (ElfIdentity(40, 32, "little", 0x5000000), "armv7l"),
        (ElfIdentity(40, 32, "little", 0x4000000), None),  # EABI version 4
        (ElfIdentity(21, 64, "little", 2), "ppc64le"),
        (ElfIdentity(21, 64, "big", 1), None),
        (ElfIdentity(22, 64, "big"), "s390x"),
        (ElfIdentity(243, 64, "little", 5), "riscv64"),
        (ElfIdentity(243, 64, "little", 1), None),  # soft float
        (ElfIdentity(258, 64, "little", 0x43), "loongarch64"),
        (ElfIdentity(62, 32, "little"), None),  # x32
    ],
)
def test_the_elf_header_tells_the_architecture(identity: ElfIdentity, arch: str | None) -> None:
    """Machine, class, byte order, and the bits of ``e_flags`` that tell the ABI; never armv6l."""
    found = CATALOG.arch_of(identity)
    assert (found and found.name) == arch


def test_the_processor_is_told_even_where_the_abi_is_another() -> None:
    """A soft-float file is still one for ARM."""
    found = CATALOG.machine_of(ElfIdentity(40, 32, "little", 0x4000200))
    assert found is not None
    assert found.name == "armv7l"


def test_architectures_have_the_names_that_musl_and_alpine_give_them() -> None:
    """One architecture has several names."""
    arch = CATALOG.arches["i686"]
    assert (arch.loader, arch.libc_sonames, arch.triplet) == (
        "ld-musl-i386.so.1",
        ("libc.so", "libc.musl-x86.so.1"),
        "i386-linux-musl",
    )


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": "other"}, "is named 'other'"),
        ({"first_release": "1.2.99"}, "begins with musl 1.2.99, which is not known"),
        ({"first_release": "1.2"}, "not a musl release"),
        ({"symbols_of": "vax"}, "has the symbols of 'vax', which has none of its own"),
        ({"symbols_of": "armv6l"}, "has the symbols of 'armv6l', which has none of its own"),
        ({"loader": 5}, "'loader' is 5; text was expected"),
        ({"elf": {"machine": "62"}}, "'machine' is '62'; a whole number was expected"),
    ],
)
def test_a_wrong_architecture_file_is_refused_by_name(changed: dict[str, object], complaint: str) -> None:
    """The message names the file and the field."""
    content = shipped("arch/s390x.json") | changed
    with pytest.raises(PolicyError, match=rf"arch/s390x\.json.*{complaint}"):
        _ = catalog_with(arch__s390x=content).arches
