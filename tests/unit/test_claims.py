"""What tags promise."""

import pytest
from tests.support.values import catalog, release

from musl_audit.errors import UsageError
from musl_audit.judging.claims import chosen_floor, claims_of, floors_to_earn
from musl_audit.model import Settings, WheelName


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


def test_tags_to_earn_are_listed_newest_first() -> None:
    """Each with the floor of its series."""
    assert floors_to_earn("x86_64", catalog(), Settings()) == {
        "musllinux_1_2_x86_64": release("1.2.2"),
        "musllinux_1_1_x86_64": release("1.1.24"),
    }
