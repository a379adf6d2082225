"""What tags promise."""

import pytest
from tests.support.values import ARMV7L, catalog, extension, judged, release, uses, wheel

from musl_audit.errors import UsageError
from musl_audit.judging.claims import chosen_floor, claims_of, floors_to_earn
from musl_audit.judging.gate import CLEAN, FOUND, INCOMPLETE
from musl_audit.judging.gate import exit_code as exit_code_of
from musl_audit.judging.settings import Settings
from musl_audit.model import ElfFacts, ElfKind, WheelName

STATIC = extension("demo/tool", kind=ElfKind.STATIC_EXECUTABLE, needed=(), defined=frozenset())


def floor_of(tag: str, floor: str | None = None) -> str | None:
    """Return the floor of one platform tag, as text."""
    name = WheelName("demo", "1", None, ("cp312",), ("cp312",), (tag,))
    (claim,) = claims_of(name, catalog(), Settings(floor=floor))
    return None if claim.floor is None else str(claim.floor)


@pytest.mark.parametrize(
    ("tag", "floor"),
    [
        ("musllinux_1_2_x86_64", "1.2.2"),
        ("musllinux_1_1_x86_64", "1.1.24"),
        ("musllinux_1_2_loongarch64", "1.2.5"),
        ("musllinux_1_2_armv6l", "1.2.2"),
        ("musllinux_1_0_x86_64", None),
        ("musllinux_9000_0_x86_64", None),
        ("musllinux_1_2_mips64", None),
        ("manylinux_2_17_x86_64", None),
    ],
)
def test_each_tag_has_the_floor_of_the_policies(tag: str, floor: str | None) -> None:
    """Per architecture, never below the first release known for it; None where nothing is known."""
    assert floor_of(tag) == floor


@pytest.mark.parametrize(
    ("text", "floor"), [("1.2.4", "1.2.4"), ("alpine-3.18", "1.2.4"), ("supported", "1.2.5"), ("1.1.24", "1.1.24")]
)
def test_a_floor_is_a_release_or_a_distribution_or_what_is_supported(text: str, floor: str) -> None:
    """Supported is seen from the policies' own date."""
    assert floor_of("musllinux_1_2_x86_64", text) == floor


def test_a_chosen_floor_is_never_below_the_architectures_first_release() -> None:
    """There was no musl for it to load on."""
    assert floor_of("musllinux_1_2_loongarch64", "1.2.2") == "1.2.5"


@pytest.mark.parametrize("text", ["1.2.99", "1.2", "alpine-3.99", "newest", ""])
def test_a_floor_that_names_nothing_is_refused(text: str) -> None:
    """A typo must not weaken a gate."""
    with pytest.raises(UsageError):
        chosen_floor(text, catalog())


def test_a_typo_gets_the_nearest_name() -> None:
    """So that the next try succeeds."""
    with pytest.raises(UsageError, match=r"did you mean 'supported'\?"):
        chosen_floor("suported", catalog())


@pytest.mark.parametrize(
    ("platform", "elves", "kept", "exit_code"),
    [
        ("musllinux_1_0_x86_64", (STATIC,), True, CLEAN),  # nothing in it asks for a libc
        ("musllinux_1_0_x86_64", (extension(),), None, INCOMPLETE),  # 1.0 was never measured
        ("musllinux_1_0_x86_64", (extension(undefined=uses("no_such")),), False, FOUND),  # no musl that was loads it
        ("musllinux_1_0_x86_64", (extension(undefined=uses("qsort_r")),), False, FOUND),
        ("musllinux_9000_0_x86_64", (extension(),), False, FOUND),  # an error like any other
        ("musllinux_9000_0_x86_64", (STATIC,), False, FOUND),
        ("musllinux_1_2_mips64", (extension(),), None, INCOMPLETE),
    ],
)
def test_what_there_is_no_data_about_is_judged_as_far_as_it_goes(
    platform: str, elves: tuple[ElfFacts, ...], kept: bool | None, exit_code: int
) -> None:
    """A series from before the data, one that never was, an architecture that nobody knows."""
    report = judged(wheel(*elves, platform=platform))

    assert (report.claims[0].kept, exit_code_of([report], Settings())) == (kept, exit_code)


def test_a_wheel_for_armv6l_is_judged_by_its_own_policy() -> None:
    """Its binaries look like those for armv7l, and PyPI takes none of it."""
    elf = extension("demo/_demo.cpython-312-arm-linux-musleabihf.so", identity=ARMV7L, arm_float_abi="hard")
    tagged, plain = (judged(wheel(elf, platform=f"{tag}_armv6l")) for tag in ("musllinux_1_2", "linux"))

    assert (tagged.verdict.arch, plain.verdict.arch) == ("armv6l", "armv6l")
    assert [finding.code for finding in tagged.findings] == ["MUSL009"]


def test_tags_to_earn_are_listed_newest_first() -> None:
    """Each with the floor of its series."""
    assert floors_to_earn("x86_64", catalog(), Settings()) == {
        "musllinux_1_2_x86_64": release("1.2.2"),
        "musllinux_1_1_x86_64": release("1.1.24"),
    }
