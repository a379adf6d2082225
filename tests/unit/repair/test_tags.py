"""Which tags a repaired wheel gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.values import catalog

from musl_audit.errors import UsageError
from musl_audit.model import WheelMetadata, WheelName
from musl_audit.repair.actions import RepairSettings
from musl_audit.repair.tags import check_plat, has_tags_of, retagged, target_tag

ARCH = catalog().arches["x86_64"]
X = "_x86_64"


def name(*platforms: str, build: str | None = None) -> WheelName:
    return WheelName("demo", "1.0", build, ("cp312",), ("cp312",), platforms)


@pytest.mark.parametrize(
    ("platforms", "plat", "image", "tag"),
    [
        (["linux_x86_64"], "auto", None, "musllinux_1_2_x86_64"),
        (["any"], "auto", None, "musllinux_1_2_x86_64"),
        (["linux_x86_64"], "auto", "musllinux_1_1_x86_64", "musllinux_1_1_x86_64"),
        (["linux_x86_64"], "auto", "manylinux_2_28_x86_64", "musllinux_1_2_x86_64"),
        (["musllinux_1_1_x86_64"], "auto", "musllinux_1_2_x86_64", "musllinux_1_1_x86_64"),
        (["musllinux_1_1_x86_64", "musllinux_1_2_x86_64"], "auto", None, "musllinux_1_2_x86_64"),
        (["musllinux_1_2_x86_64"], "musllinux_1_1", None, "musllinux_1_1_x86_64"),
        (["linux_aarch64"], "musllinux_1_2_x86_64", None, "musllinux_1_2_x86_64"),
    ],
)
def test_the_target(platforms: list[str], plat: str, image: str | None, tag: str) -> None:
    """What is asked, else the wheel's own series, else the image's, else the newest."""
    assert target_tag(name(*platforms), ARCH, catalog(), RepairSettings(plat=plat), image) == tag


@pytest.mark.parametrize(
    ("platforms", "plat", "image"),
    [
        (["linux_aarch64"], "auto", None),
        (["musllinux_1_2_aarch64"], "auto", None),
        (["linux_x86_64"], "musllinux_1_2_i686", None),
        (["linux_x86_64"], "auto", "musllinux_1_2_aarch64"),
        (["linux_x86_64"], "auto", "musllinux_1_0_x86_64"),
        (["linux_x86_64"], "manylinux_2_28_x86_64", None),
    ],
)
def test_another_architecture_or_an_unknown_series_is_refused(
    platforms: list[str], plat: str, image: str | None
) -> None:
    """Never a silently different tag."""
    with pytest.raises(UsageError):
        target_tag(name(*platforms), ARCH, catalog(), RepairSettings(plat=plat), image)


@pytest.mark.parametrize(
    ("platforms", "only_plat", "result"),
    [
        (["linux_x86_64"], False, ["musllinux_1_2_x86_64"]),
        (["any"], False, ["musllinux_1_2_x86_64"]),
        (["musllinux_1_1_x86_64"], False, ["musllinux_1_1_x86_64", "musllinux_1_2_x86_64"]),
        (["musllinux_1_1_x86_64"], True, ["musllinux_1_2_x86_64"]),
        (["musllinux_1_2_x86_64", "manylinux2014_x86_64"], False, ["musllinux_1_2_x86_64", "manylinux2014_x86_64"]),
        (["manylinux2014_x86_64", "linux_x86_64"], False, ["manylinux2014_x86_64", "musllinux_1_2_x86_64"]),
    ],
)
def test_other_tags(platforms: list[str], only_plat: bool, result: list[str]) -> None:
    """Those that promise nothing go; the order of a wheel that has the tag already is its own."""
    new = retagged(name(*platforms), "musllinux_1_2_x86_64", RepairSettings(only_plat=only_plat))

    assert list(new.platform_tags) == result


def test_the_build_tag_is_the_one_asked_for_else_the_old_one() -> None:
    """It makes a mended wheel another one than the original."""
    old = name("musllinux_1_2_x86_64", build="3")

    assert retagged(old, "musllinux_1_2_x86_64", RepairSettings()).build == "3"
    assert retagged(old, "musllinux_1_2_x86_64", RepairSettings(build_tag="4musl")).build == "4musl"


@given(
    st.lists(
        st.sampled_from(["linux_x86_64", "any", f"musllinux_1_1{X}", f"musllinux_1_2{X}", f"manylinux2014{X}"]),
        min_size=1,
        unique=True,
    )
)
def test_tagging_twice_is_tagging_once(platforms: list[str]) -> None:
    """Or a repaired wheel would be repaired again."""
    settings = RepairSettings()
    once = retagged(name(*platforms), target_tag(name(*platforms), ARCH, catalog(), settings, None), settings)

    assert retagged(once, target_tag(once, ARCH, catalog(), settings, None), settings) == once


@pytest.mark.parametrize(
    "plat", ["auto", "musllinux_1_1", "musllinux_1_2", "musllinux_1_2_riscv64", "manylinux_2_28_x86_64"]
)
def test_a_platform_that_can_be_aimed_at(plat: str) -> None:
    """Of any architecture that the policies know; manylinux is auditwheel's."""
    check_plat(plat, catalog())


@pytest.mark.parametrize(
    "plat", ["", "musllinux", "musllinux_1", "musllinux_1_0", "musllinux_2_0", "musllinux_1_2_vax", "linux_vax"]
)
def test_a_platform_that_cannot_be_aimed_at(plat: str) -> None:
    """Told before work begins."""
    with pytest.raises(UsageError, match="--plat"):
        check_plat(plat, catalog())


@pytest.mark.parametrize(
    ("lines", "same"),
    [
        (["cp312-cp312-musllinux_1_2_x86_64"], True),
        (["CP312-cp312-musllinux_1_2_x86_64"], True),
        (["cp312-cp312-linux_x86_64"], False),
        ([], False),
        (["cp312-cp312-musllinux_1_2_x86_64.linux_x86_64"], False),
        (["-".join([".".join(map(str, range(99)))] * 3)], False),
    ],
)
def test_tags_of_the_metadata(lines: list[str], same: bool) -> None:
    """Compared as expanded sets; a set that nobody would write out is another one."""
    assert has_tags_of(WheelMetadata(tags=tuple(lines)), name("musllinux_1_2_x86_64")) is same


def test_compressed_tags_of_the_metadata_are_the_same() -> None:
    """One line or several."""
    both = name("musllinux_1_1_x86_64", "musllinux_1_2_x86_64")

    assert has_tags_of(WheelMetadata(tags=("cp312-cp312-musllinux_1_1_x86_64.musllinux_1_2_x86_64",)), both)
