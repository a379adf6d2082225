"""What tags promise, and which distributions there are."""

import pytest
from tests.support.policies import catalog_with, shipped

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.errors import PolicyError
from musl_audit.model import MuslVersion

CATALOG = load_catalog()
BY_ID = {row.id: row for row in CATALOG.distributions}


@pytest.mark.parametrize(
    ("series", "arch", "floor"),
    [
        ("1.2", "x86_64", MuslVersion(1, 2, 2)),
        ("1.1", "x86_64", MuslVersion(1, 1, 24)),
        ("1.1", "riscv64", MuslVersion(1, 1, 24)),
        ("1.2", "loongarch64", MuslVersion(1, 2, 5)),
        ("1.1", "loongarch64", MuslVersion(1, 2, 5)),
        ("1.0", "x86_64", None),
        ("9000.0", "x86_64", None),
    ],
)
def test_the_floor_is_that_of_the_series_but_not_below_the_architecture(
    series: str, arch: str, floor: MuslVersion | None
) -> None:
    """loongarch64 begins with 1.2.5; a series without data cannot be judged."""
    assert CATALOG.floor(series, arch) == floor


def test_a_series_that_existed_differs_from_one_that_never_did() -> None:
    """musllinux_1_0 cannot be judged; musllinux_9000_0 is nonsense."""
    assert CATALOG.judged_series == ("1.1", "1.2")
    assert {"0.5", "1.0", "1.1", "1.2"} <= CATALOG.known_series
    assert not {"9000.0", "1.3", "0.1", "2.0"} & CATALOG.known_series


def test_floors_have_reasons() -> None:
    """A floor is a decision; the file says why."""
    assert "Alpine 3.13" in CATALOG.floor_reason("1.2")


def test_a_series_with_data_needs_a_floor() -> None:
    """A release of a new series cannot be added without a decision about its floor."""
    release: dict[str, object] = {"release": "1.3.0", "released": None, "provenance": "test", "symbols": {}}
    with pytest.raises(PolicyError, match=r"tags\.json"):
        catalog_with(musl__1_3_0=release).floor("1.2", "x86_64")


def test_pypi_does_not_accept_every_architecture() -> None:
    """loongarch64 and armv6l wheels cannot be uploaded."""
    assert CATALOG.arches.keys() - CATALOG.pypi_arches == {"loongarch64", "armv6l"}


def test_supported_is_relative_to_the_date_of_the_policies() -> None:
    """The same wheel gets the same verdict tomorrow."""
    assert CATALOG.date == "2026-11-01"
    assert CATALOG.oldest_supported() == MuslVersion(1, 2, 5)
    earlier = catalog_with(policy={"version": "2024.05", "date": "2024-05-01"})
    assert earlier.oldest_supported() == MuslVersion(1, 2, 3)


@pytest.mark.parametrize(
    ("distribution", "day", "is_supported"),
    [
        ("alpine-3.17", "2024-11-22", True),
        ("alpine-3.17", "2024-11-23", False),
        ("alpine-3.17", "2022-11-21", False),
        ("alpine-3.24", "2030-01-01", True),  # its end is not known
        ("alpine-edge", "2026-11-01", True),
        ("void-64-before-2025-05", "2026-11-01", False),
    ],
)
def test_support_has_a_first_and_a_last_day(distribution: str, day: str, is_supported: bool) -> None:
    """Both days included; an end that is not known has not come."""
    assert BY_ID[distribution].is_supported_at(day) is is_supported


def test_a_backport_is_known() -> None:
    """Alpine 3.15 has ``qsort_r`` although its musl is 1.2.2."""
    row = BY_ID["alpine-3.15"]
    assert (row.musl, row.symbols_added) == (MuslVersion(1, 2, 2), frozenset({"qsort_r"}))


def test_a_backported_symbol_is_not_in_the_release_itself() -> None:
    """A row that adds what is there, or removes what is not, would say nothing."""
    table = CATALOG.symbols("x86_64")
    for row in CATALOG.distributions:
        exports = table.exports_of(row.musl)
        assert not row.symbols_added & exports
        assert row.symbols_removed <= exports


def test_packages_and_guesses_are_told_apart() -> None:
    """Debian's musl package is no musl distribution; rows from memory are marked."""
    assert {row.id for row in CATALOG.distributions if row.kind == "package"} == {
        "debian-musl-package-11",
        "debian-musl-package-12",
        "debian-musl-package-13",
    }
    assert not BY_ID["alpine-3.11"].verified
    assert BY_ID["alpine-3.12"].verified


def test_void_tells_its_architectures_apart() -> None:
    """The 32-bit repositories stayed on 1.1.24."""
    row = BY_ID["void-32-rolling"]
    assert not row.is_for(CATALOG.arches["x86_64"])
    assert row.is_for(CATALOG.arches["i686"])


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"musl": "1.2.99"}, "ships musl 1.2.99, which is not known"),
        ({"kind": "image"}, "kind 'image'"),
        ({"id": "alpine-3.6"}, "an id occurs twice"),
        ({"musl_verified": "yes"}, "true or false was expected"),
    ],
)
def test_a_wrong_row_is_refused(changed: dict[str, object], complaint: str) -> None:
    """The message names the file and what is wrong."""
    content = shipped("distributions.json")
    rows = content["distributions"]
    assert isinstance(rows, list)
    rows[0] = rows[0] | changed
    with pytest.raises(PolicyError, match=rf"distributions\.json.*{complaint}"):
        _ = catalog_with(distributions=content).distributions
