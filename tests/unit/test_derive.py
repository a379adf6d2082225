"""New policy data from the libc.so of Debian's real musl packages, and differences between known releases."""

import json
from pathlib import Path

import jsonschema
import pytest
from tests.support.policies import POLICIES, catalog_with, shipped
from tools.policies.derive_debian import changes

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.errors import PolicyError
from musl_audit.model import MuslVersion
from musl_audit.policy.derive import Change, derive, difference, doubts, release_of

CATALOG = load_catalog()
LOADERS = Path(__file__).parents[1] / "loader" / "fixtures"
FTS = ["fts_children", "fts_close", "fts_open", "fts_read", "fts_set"]
CRYPT = ["crypt", "crypt_r", "encrypt", "setkey"]


def libc(release: str, arch: str = "x86_64") -> bytes:
    """Return the libc.so of Debian's package of *release*, which is the loader, too."""
    return (LOADERS / arch / f"ld-musl-{release}.so").read_bytes()


def test_debians_1_2_3_differs_from_musls_as_is_known() -> None:
    """It has the additions of the release, and what Debian changes in it: exactly the row of the distribution."""
    (debian,) = (row for row in CATALOG.distributions if row.id == "debian-musl-package-12")
    release = shipped("musl/1.2.3.json")["symbols"]

    derived = derive([libc("1.2.3")], CATALOG)["symbols"]

    assert release == {"common": {"added": ["pthread_getname_np", "qsort_r"]}}
    assert (debian.symbols_added, debian.symbols_removed) == (frozenset(FTS), frozenset(CRYPT))
    assert derived == {"common": {"added": [*FTS, "pthread_getname_np", "qsort_r"], "removed": CRYPT}}


@pytest.mark.parametrize("release", ["1.2.2", "1.2.3", "1.2.5"])
def test_debians_rows_are_what_the_tool_measures(release: str) -> None:
    """Of its loaders, pinned by digest: ``python -m tools.policies.derive_debian`` writes the rows."""
    builds = [(arch, LOADERS / arch / f"ld-musl-{release}.so") for arch in ("x86_64", "i686", "aarch64")]
    (row,) = (row for row in CATALOG.distributions if row.kind == "package" and str(row.musl) == release)

    measured = changes(release, builds, CATALOG)

    assert measured.get("symbols_added", []) == sorted(row.symbols_added)
    assert measured.get("symbols_removed", []) == sorted(row.symbols_removed)


@pytest.mark.parametrize("arch", ["x86_64", "i686", "aarch64"])
@pytest.mark.parametrize("release", ["1.2.2", "1.2.3", "1.2.5"])
def test_each_of_debians_builds_has_the_symbols_that_the_policies_say(release: str, arch: str) -> None:
    """The release's own symbols, and the changes of the distribution's row."""
    known = MuslVersion.parse(release)
    (row,) = (row for row in CATALOG.distributions if row.kind == "package" and row.musl == known)
    table = CATALOG.symbols(arch)
    (before,) = (old for old, new in zip(CATALOG.releases, CATALOG.releases[1:], strict=False) if new == known)

    derived = derive([libc(release, arch)], CATALOG)

    wanted = Change.between(table.exports_of(before), table.exports_of(known) - row.symbols_removed | row.symbols_added)
    assert names(derived, "added", arch) == wanted.added
    assert names(derived, "removed", arch) == wanted.removed


def names(derived: dict[str, object], field: str, arch: str) -> frozenset[str]:
    """Return what a derived file adds to, or removes from, an architecture."""
    symbols = derived["symbols"]
    assert isinstance(symbols, dict)
    return frozenset(name for scope in ("common", arch) for name in symbols.get(scope, {}).get(field, ()))


def test_files_of_several_architectures_make_one_release() -> None:
    """What is true of all of them is said once, whatever their order."""
    files = [libc("1.2.3", arch) for arch in ("i686", "aarch64", "x86_64")]

    derived = derive(files, CATALOG)

    assert derived == derive(files[::-1], CATALOG)
    assert derived["symbols"] == derive([libc("1.2.3")], CATALOG)["symbols"]
    assert "aarch64, i686, x86_64, compared with musl 1.2.2" in str(derived["provenance"])


def test_what_one_architecture_has_alone_stays_with_it() -> None:
    """Without 1.2.4's file, the names that came back on i686 alone are i686's, and the removals are everybody's."""
    later = {f"musl/{release}.json" for release in CATALOG.releases if release > MuslVersion(1, 2, 3)}
    catalog = catalog_with(without={*later, "arch/loongarch64.json"})

    symbols = derive([libc("1.2.5", "i686"), libc("1.2.5")], catalog)["symbols"]

    assert isinstance(symbols, dict)
    assert symbols["i686"] == {"added": ["__fxstat", "__fxstatat", "__lxstat", "__xstat"]}
    assert "open64" in symbols["common"]["removed"]
    assert "statx" in symbols["common"]["added"]


def test_what_other_architectures_contradict_is_not_taken_to_be_common() -> None:
    """x86_64's file alone: ioperm cannot leave where it never was, riscv64's own symbol cannot come to riscv64."""
    changed = libc("1.2.5")
    for old, new in ((b"ioperm", b"iother"), (b"pthread_mutex_lock", b"riscv_flush_icache")):
        assert changed.count(b"\0" + old + b"\0") == 1
        changed = changed.replace(b"\0" + old + b"\0", b"\0" + new + b"\0")

    derived = derive([changed], CATALOG)

    symbols = derived["symbols"]
    assert isinstance(symbols, dict)
    assert symbols["x86_64"] == {"added": ["riscv_flush_icache"], "removed": ["ioperm"]}
    assert symbols["common"]["removed"] == ["pthread_mutex_lock"]
    assert "iother" in symbols["common"]["added"]


def test_a_derived_file_is_a_policy_file() -> None:
    """It fits the schema, and makes the release known without a change of code."""
    derived = derive([libc("1.2.5")], CATALOG)
    schema = json.loads((POLICIES / "schema" / "musl.schema.json").read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator(schema).validate(derived)
    later = {f"musl/{release}.json" for release in CATALOG.releases if release > MuslVersion(1, 2, 5)}
    catalog = catalog_with(without=later, musl__1_2_5=derived)

    assert catalog.releases[-1] == MuslVersion(1, 2, 5)
    assert catalog.symbols("s390x").releases_with("statx") == {MuslVersion(1, 2, 5)}


@pytest.mark.parametrize("release", ["1.2.2", "1.2.3", "1.2.5"])
@pytest.mark.parametrize("arch", ["x86_64", "i686", "aarch64"])
def test_a_libc_says_which_release_it_is(arch: str, release: str) -> None:
    """Its bytes hold other numbers of three parts, too, such as a version of the kernel's vDSO."""
    assert str(release_of(libc(release, arch))) == release


def test_a_release_that_the_file_does_not_say_can_be_named() -> None:
    """A file whose version string was changed still has its symbols."""
    unnamed = libc("1.2.3").replace(b"1.2.3\0", b"local\0")

    with pytest.raises(PolicyError, match="name the release"):
        derive([unnamed], CATALOG)
    derived = derive([unnamed], CATALOG, MuslVersion(1, 2, 3))

    assert derived == derive([libc("1.2.3")], CATALOG)


def test_files_of_different_releases_are_refused() -> None:
    """They cannot be one release."""
    with pytest.raises(PolicyError, match=r"musl 1\.2\.3 and 1\.2\.5"):
        derive([libc("1.2.3"), libc("1.2.5", "i686")], CATALOG)


def test_two_files_of_one_architecture_are_refused() -> None:
    """Which of them would be right?"""
    with pytest.raises(PolicyError, match="two files are for x86_64"):
        derive([libc("1.2.3"), libc("1.2.3")], CATALOG)


def test_a_file_that_is_no_libc_is_refused() -> None:
    """Neither what is no ELF file, nor a library that merely is one."""
    with pytest.raises(PolicyError, match="cannot be read"):
        derive([b"#!/bin/sh"], CATALOG)
    with pytest.raises(PolicyError, match="is not musl's libc"):
        derive([libc("1.2.3").replace(b"musl libc (", b"some libc (")], CATALOG)


def test_nothing_given_is_refused() -> None:
    """An empty list is a mistake of the caller's."""
    with pytest.raises(PolicyError, match=r"no libc\.so was given"):
        derive([], CATALOG)


def test_a_release_with_nothing_before_it_is_refused() -> None:
    """A delta needs something to be against."""
    with pytest.raises(PolicyError, match=r"no release before musl 1\.0\.5"):
        derive([libc("1.2.3")], CATALOG, MuslVersion(1, 0, 5))


def test_the_difference_of_two_releases_is_the_sum_of_what_lies_between() -> None:
    """From 1.2.2 to 1.2.4: symbols, abilities, and what is gone from the table and still found."""
    change = difference(MuslVersion(1, 2, 2), MuslVersion(1, 2, 4), "x86_64", CATALOG)

    assert change.symbols.added == {"pthread_getname_np", "qsort_r"}
    assert len(change.symbols.removed) == 60
    assert change.symbols.removed - change.still_resolved == {"posix_fallocate64"}
    assert change.abilities == Change(frozenset({"packed-relocations", "zero-length-segments"}), frozenset())
    assert change.relocations == Change(frozenset(), frozenset())


def test_a_difference_can_be_asked_backwards() -> None:
    """What the newer one has, the older one lacks."""
    new, old = MuslVersion(1, 2, 5), MuslVersion(1, 2, 4)
    forth, back = difference(old, new, "riscv64", CATALOG), difference(new, old, "riscv64", CATALOG)

    assert forth.relocations == Change(frozenset({"R_RISCV_TLSDESC"}), frozenset())
    assert back.relocations == Change(frozenset(), frozenset({"R_RISCV_TLSDESC"}))
    assert back.symbols.removed == forth.symbols.added


def test_a_difference_needs_releases_that_the_architecture_has() -> None:
    """loongarch64 begins with 1.2.5."""
    with pytest.raises(PolicyError, match=r"musl 1\.2\.4 on loongarch64 is not known"):
        difference(MuslVersion(1, 2, 4), MuslVersion(1, 2, 5), "loongarch64", CATALOG)


def test_what_one_file_cannot_tell_is_doubted() -> None:
    """Debian's 1.2.5 has renameat2 of 1.2.6 already; and x86_64 is not all the world."""
    libcs = [libc("1.2.5").replace(b"\0ioperm\0", b"\0iother\0")]

    said = " | ".join(doubts(derive(libcs, CATALOG), libcs, CATALOG))

    assert "only x86_64 was read: what it added or removed is taken to be common" in said
    assert "renameat2: in musl only later, so this build has a distribution's patch" in said
    assert "ioperm: gone" in said


def test_what_a_distribution_always_adds_is_named() -> None:
    """Debian's builds have BSD's fts: whatever release one is taken for, that is no news of musl."""
    libcs = [libc("1.2.5")]

    said = " | ".join(doubts(derive(libcs, CATALOG, MuslVersion(1, 2, 7)), libcs, CATALOG))

    assert "fts_read, fts_set: a distribution's patch, as known of its other releases; leave it out" in said


def test_files_of_two_architectures_share_what_is_common() -> None:
    """No word about that, then."""
    libcs = [libc("1.2.5"), libc("1.2.5", "aarch64")]

    assert not [doubt for doubt in doubts(derive(libcs, CATALOG), libcs, CATALOG) if "was read" in doubt]
