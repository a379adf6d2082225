"""Frozen classes are dataclasses in every way that anybody can see."""

import copy
import dataclasses
import pickle

import pytest

from musl_audit.frozen import frozen, frozen_ordered, replace
from musl_audit.model import Finding, MuslVersion, Severity


@frozen
class Point:
    """A point."""

    x: int
    y: int = 0

    @property
    def is_origin(self) -> bool:
        """Whether it is the origin."""
        return not self.x and not self.y


@frozen
class Place:
    """Another class with the same fields."""

    x: int
    y: int = 0


@frozen
class Nowhere:
    """A class without fields."""


@frozen_ordered
class Version:
    """Two numbers."""

    major: int
    minor: int


def test_fields_are_given_by_place_or_name() -> None:
    """A default is used where nothing is given."""
    assert Point(1) == Point(x=1) == Point(1, y=0) == Point(y=0, x=1)


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((), {"y": 1})]
)
def test_what_is_missing_unknown_or_given_twice_is_refused(values: tuple[int, ...], named: dict[str, int]) -> None:
    """As any call would be."""
    with pytest.raises(TypeError, match=r"Point\(x, y\)"):
        Point(*values, **named)


@pytest.mark.parametrize("name", ["x", "z"])
def test_nothing_is_changed(name: str) -> None:
    """Neither a field nor anything else; the error is that of a standard dataclass."""
    point = Point(1)

    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(point, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        delattr(point, name)
    assert not hasattr(point, "__dict__")


def test_equal_values_are_of_one_class() -> None:
    """And have one hash."""
    values: set[object] = {Point(1), Point(1, 0), Place(1), Nowhere(), Nowhere()}

    assert values == {Place(1), Point(1), Nowhere()}
    assert len(values) == 3


@pytest.mark.parametrize("one", [(1, 2), (1, 3), (2, 0)])
@pytest.mark.parametrize("other", [(1, 2), (1, 3), (2, 0)])
def test_ordered_values_compare_field_by_field(one: tuple[int, int], other: tuple[int, int]) -> None:
    """As tuples do."""
    ours = [Version(*one) < Version(*other), Version(*one) <= Version(*other), Version(*one) > Version(*other)]

    assert ours == [one < other, one <= other, one > other]


def test_values_of_different_classes_have_no_order() -> None:
    """Nor have those of a class that was not asked to have one."""
    with pytest.raises(TypeError):
        assert Version(1, 2) < (1, 3)  # type: ignore[operator]  # that is the test
    with pytest.raises(TypeError):
        assert Point(1) < Point(2)  # type: ignore[operator]  # that is the test


@pytest.mark.parametrize("value", [Point(1, 2), Nowhere(), MuslVersion(1, 2, 3), Finding("c", "n", Severity.NOTE, "m")])
def test_a_value_survives_pickle_and_copy(value: object) -> None:
    """Other processes get values."""
    assert pickle.loads(pickle.dumps(value)) == copy.copy(value) == copy.deepcopy(value) == value  # noqa: S301 - ours


def test_the_standard_library_takes_it_for_a_dataclass() -> None:
    """Users of the public API may."""
    assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 0}
    assert [field.name for field in dataclasses.fields(Point(1))] == ["x", "y"]
    assert dataclasses.replace(Point(1), y=5) == replace(Point(1), y=5) == Point(1, 5)
    assert dataclasses.is_dataclass(Point)


def test_a_value_can_be_replaced_by_copy() -> None:
    """``copy.replace`` of Python 3.13 calls this method."""
    method = Point(1).__replace__  # type: ignore[attr-defined]  # type checkers of older Pythons do not know it

    assert method(y=5) == Point(1, 5)


def test_it_is_shown_as_a_dataclass_is() -> None:
    """Such that it can be pasted."""
    assert repr(Point(1)) == "Point(x=1, y=0)"


def test_patterns_match_by_place_and_methods_stay() -> None:
    """Unions of such classes are matched to the end."""
    match Point(0):
        case Point(x, y=y):
            assert (x, y) == (0, 0)
    assert Point(0).is_origin
