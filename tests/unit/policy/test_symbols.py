"""Which musl release exports which symbol, on which architecture."""

import json
from pathlib import Path

import pytest
from tests.support.policies import catalog_with, shipped

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.errors import PolicyError
from musl_audit.model import MuslVersion

CATALOG = load_catalog()
DATA = Path(__file__).parents[3] / "tools" / "data"
COUNTS: dict[str, dict[str, int]] = {
    arch: row
    for arch, row in json.loads((DATA / "symbol-counts.json").read_text(encoding="utf-8")).items()
    if arch != "_comment"
}
THIRTY_TWO_BITS = ("i686", "armv7l", "armv6l")
SIXTY_FOUR_BITS = ("x86_64", "aarch64", "ppc64le", "s390x", "riscv64", "loongarch64")


def absent_from(symbol: str, arch: str) -> list[str]:
    """Return the known releases on which nothing resolves *symbol*."""
    found = CATALOG.symbols(arch).releases_with(symbol)
    return [str(release) for release in CATALOG.releases_of(arch) if release not in found]


@pytest.mark.parametrize("arch", COUNTS)
def test_every_release_exports_as_many_symbols_as_were_counted(arch: str) -> None:
    """The sum of the deltas has, release by release, the size that was counted on the libc.so, where it was."""
    table = CATALOG.symbols(arch)

    summed = {str(release): len(table.exports_of(release)) for release in CATALOG.releases_of(arch)}

    assert summed | COUNTS[arch] == summed


@pytest.mark.parametrize("arch", CATALOG.arches)
def test_a_release_is_the_one_before_it_and_its_delta(arch: str) -> None:
    """Added and removed, of ``common`` and of the architecture, lead from each release to the next."""
    table, own = CATALOG.symbols(arch), CATALOG.arches[arch].symbols_of or arch
    for before, after in zip(CATALOG.releases_of(arch), CATALOG.releases_of(arch)[1:], strict=False):
        changes = shipped(f"musl/{after}.json")["symbols"]
        assert isinstance(changes, dict)
        added = {name for key in ("common", own) for name in changes.get(key, {}).get("added", ())}
        removed = {name for key in ("common", own) for name in changes.get(key, {}).get("removed", ())}

        assert table.exports_of(after) == table.exports_of(before) - removed | added


def test_symbols_come_with_a_patch_release() -> None:
    """The patch level matters: ``qsort_r`` came in 1.2.3, ``statx`` in 1.2.5."""
    assert min(CATALOG.symbols("x86_64").releases_with("qsort_r")) == MuslVersion(1, 2, 3)
    assert min(CATALOG.symbols("aarch64").releases_with("statx")) == MuslVersion(1, 2, 5)


@pytest.mark.parametrize("symbol", ["__xstat", "__fxstat", "__lxstat", "__fxstatat"])
@pytest.mark.parametrize("arch", THIRTY_TWO_BITS)
def test_the_xstat_family_has_a_gap_on_32_bits(arch: str, symbol: str) -> None:
    """A symbol's life is a set of spans: these left in 1.2.0 with the 64-bit ``time_t`` and came back in 1.2.4."""
    assert absent_from(symbol, arch) == ["1.2.0", "1.2.1", "1.2.2", "1.2.3"]


@pytest.mark.parametrize("arch", SIXTY_FOUR_BITS)
def test_the_xstat_family_has_no_gap_on_64_bits(arch: str) -> None:
    """The gap belongs to the 32-bit architectures."""
    assert absent_from("__xstat", arch) == []


@pytest.mark.parametrize("arch", CATALOG.arches)
def test_large_file_names_resolve_although_they_left_the_table(arch: str) -> None:
    """Since 1.2.4 the loader finds ``open64`` by name where no table has it."""
    assert absent_from("open64", arch) == []
    assert not any(
        "open64" in CATALOG.symbols(arch).exports_of(release)
        for release in CATALOG.releases_of(arch)
        if release >= MuslVersion(1, 2, 4)
    )


@pytest.mark.parametrize("arch", CATALOG.arches)
def test_posix_fallocate64_is_missing_from_two_releases(arch: str) -> None:
    """Its name is too long for the buffer of 1.2.4 and 1.2.5; 1.2.6 mended that."""
    known = {str(release) for release in CATALOG.releases_of(arch)}
    assert set(absent_from("posix_fallocate64", arch)) == {"1.2.4", "1.2.5"} & known


def test_a_fallback_needs_the_name_that_it_falls_back_to() -> None:
    """The loader looks for the unsuffixed name in libc; where libc lacks it, nobody is found."""
    release: dict[str, object] = {"release": "1.2.7", "released": None, "provenance": "test"}
    release |= {"symbols": {"common": {"removed": ["open"]}}, "lfs64": {"added": {"other64": "no_such_symbol"}}}
    table = catalog_with(musl__1_2_7=release).symbols("x86_64")

    assert MuslVersion(1, 2, 7) not in table.releases_with("open64")
    assert MuslVersion(1, 2, 6) in table.releases_with("open64")
    assert not table.releases_with("other64")


def test_what_left_the_table_in_1_2_4_is_what_the_loader_maps() -> None:
    """Sixty names left; sixty are mapped, the last of them since 1.2.6."""
    table = CATALOG.symbols("x86_64")
    left = table.exports_of(MuslVersion(1, 2, 3)) - table.exports_of(MuslVersion(1, 2, 4))
    assert left == CATALOG.lfs64.keys()
    assert len(left) == 60


@pytest.mark.parametrize("arch", THIRTY_TWO_BITS)
def test_64_bit_time_names_come_with_1_2_0(arch: str) -> None:
    """Each legacy name stays, and has a successor that headers since 1.2.0 use instead."""
    table = CATALOG.symbols(arch)
    assert {min(table.releases_with(name)) for name in CATALOG.time64.values()} == {MuslVersion(1, 2, 0)}
    assert all(table.releases_with(name) == frozenset(CATALOG.releases) for name in ("stat", "time", "clock_gettime"))


@pytest.mark.parametrize("arch", SIXTY_FOUR_BITS)
def test_64_bit_architectures_have_no_64_bit_time_names(arch: str) -> None:
    """There ``time_t`` always had 64 bits."""
    assert not CATALOG.symbols(arch).names & set(CATALOG.time64.values())


def test_every_name_of_the_32_bit_time_abi_is_musls() -> None:
    """A legacy name or alias that no musl ever had would be a slip of the pen."""
    names = CATALOG.symbols("i686").names
    assert set(CATALOG.time64) | set(CATALOG.time32_only) <= names


def test_armv6l_has_the_symbols_of_armv7l() -> None:
    """One history for both, said in the file of the architecture."""
    assert CATALOG.symbols("armv6l") is CATALOG.symbols("armv7l")


def test_a_symbol_that_no_musl_has_has_no_releases() -> None:
    """An empty set means: in no musl."""
    assert CATALOG.symbols("x86_64").releases_with("gnu_get_libc_version") == frozenset()


def test_an_architecture_exports_nothing_before_it_began() -> None:
    """riscv64 begins with 1.1.23; what was before is not guessed."""
    assert CATALOG.symbols("riscv64").exports_of(MuslVersion(1, 1, 22)) == frozenset()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"added": ["qsort_r"]}, "adds 'qsort_r', which is there already"),
        ({"removed": ["no_such_symbol"]}, "removes 'no_such_symbol', which is not there"),
        ({"added": ["one", "one"]}, "names something twice"),
        ({"appended": ["one"]}, "unknown field 'appended'"),
    ],
)
def test_a_delta_that_contradicts_the_release_before_is_refused(change: dict[str, list[str]], complaint: str) -> None:
    """A wrong delta would shift every later release; the message names the file."""
    release = {"release": "1.2.7", "released": None, "provenance": "test", "symbols": {"common": change}}

    with pytest.raises(PolicyError, match=rf"musl/1\.2\.7\.json.*{complaint}"):
        catalog_with(musl__1_2_7=release).symbols("x86_64")


def test_a_release_cannot_change_an_architecture_that_is_not_there() -> None:
    """A misspelt architecture would otherwise be ignored."""
    release = {"release": "1.2.7", "released": None, "provenance": "test", "symbols": {"x86-64": {"added": ["new"]}}}

    with pytest.raises(PolicyError, match=r"musl/1\.2\.7\.json: 'x86-64' is no architecture"):
        catalog_with(musl__1_2_7=release).symbols("x86_64")


@pytest.mark.parametrize(
    ("begins", "complaint"),
    [
        ({"like": None}, "like must name an architecture that musl 1.1.16 has"),
        ({"like": "riscv64"}, "riscv64 is not older than s390x"),
        ({"like": "s390x"}, "s390x is not older than s390x"),
        ({"like": "x86_64", "removed": ["no_such_symbol"]}, "removes 'no_such_symbol', which is not there"),
    ],
)
def test_an_architecture_begins_like_an_older_one(begins: dict[str, object], complaint: str) -> None:
    """What its first release exports is said as a difference to that release on another architecture."""
    content = shipped("arch/s390x.json") | {"begins": begins}
    with pytest.raises(PolicyError, match=rf"arch/s390x\.json.*{complaint}"):
        catalog_with(arch__s390x=content).symbols("s390x")


def test_a_new_release_is_a_new_file_only() -> None:
    """Adding ``musl/1.2.7.json`` changes nothing else."""
    release = {"release": "1.2.7", "released": None, "provenance": "test", "symbols": {"common": {"added": ["new"]}}}
    catalog = catalog_with(musl__1_2_7=release)

    assert catalog.symbols("s390x").releases_with("new") == {MuslVersion(1, 2, 7)}
    assert catalog.able("packed-relocations", "s390x") >= {MuslVersion(1, 2, 6), MuslVersion(1, 2, 7)}


def test_a_new_architecture_is_a_new_file_only() -> None:
    """Adding ``arch/powerpc.json`` changes nothing else."""
    arch = shipped("arch/loongarch64.json") | {
        "name": "powerpc",
        "begins": {"like": "x86_64", "added": ["own"], "removed": ["iopl"], "relocations": ["R_PPC_RELATIVE"]},
        "relocations": {"R_PPC_RELATIVE": {"number": 22, "kind": "REL_RELATIVE"}},
    }
    catalog = catalog_with(arch__powerpc=arch)
    lately = {release for release in catalog.releases if release >= MuslVersion(1, 2, 5)}

    assert catalog.symbols("powerpc").releases_with("own") == lately
    assert not catalog.symbols("powerpc").releases_with("iopl")
    assert catalog.relocations("powerpc")[22].releases == lately
