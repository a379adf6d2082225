"""Frozen classes are dataclasses in every way that anybody can see."""

import copy
import dataclasses
import inspect
import pickle
import pydoc
from collections.abc import Callable
from functools import cached_property

import pytest

from musl_audit.frozen import deferred, derived, filled, frozen, frozen_in_parts, frozen_ordered, replace
from musl_audit.judging.settings import Settings
from musl_audit.model import Finding, Member, MuslVersion, Severity


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


@frozen_in_parts
class Book:
    """A title, and what takes long to find out."""

    title: str
    words: tuple[str, ...] = ()

    @derived
    def length(self) -> int:
        """How many words there are."""
        return len(self.words)


class Author:
    """Knows a book, and counts how often it is asked for its words."""

    asked = 0
    length = 3

    @property
    def words(self) -> tuple[str, ...]:
        """What is in the book."""
        self.asked += 1
        return ("once", "upon", "a")


def test_a_deferred_field_is_asked_for_once_when_somebody_looks() -> None:
    """And what is derived from it may take a shorter way."""
    author = Author()
    book = deferred(Book("Tales"), author, "words")

    assert (book.title, book.length, author.asked) == ("Tales", 3, 0)
    assert (book.words, book.words, author.asked) == (("once", "upon", "a"), ("once", "upon", "a"), 1)


def test_a_value_with_deferred_fields_is_like_any_other() -> None:
    """Whoever compares, prints or sends it has all of it."""
    whole = Book("Tales", ("once", "upon", "a"))

    def book() -> Book:
        return deferred(Book("Tales"), Author(), "words")

    assert book() == whole == filled(Book("Tales"), Author(), "words")
    assert hash(book()) == hash(whole)
    assert repr(book()) == repr(whole)
    assert pickle.loads(pickle.dumps(book())) == whole  # noqa: S301 - ours
    assert replace(book(), title="Tales") == whole
    assert whole.length == 3
    assert not hasattr(book(), "pages")


def test_what_is_deferred_stays_so_in_a_value_with_other_fields() -> None:
    """The same source is asked by both, and what was asked for before is known to both."""
    author = Author()
    book = deferred(Book("Tales"), author, "words")

    again = replace(book, title="More Tales")

    assert (again.title, again.length, author.asked) == ("More Tales", 3, 0)
    assert (again.words, book.title, author.asked) == (("once", "upon", "a"), "Tales", 1)
    assert replace(again, title="Tales").words == again.words
    assert replace(book, words=()).words == ()
    assert author.asked == 1
    with pytest.raises(TypeError, match="has no field 'pages'"):
        replace(book, pages=3)


@frozen
class Library:
    """Finds out how many books it has."""

    books: tuple[Book, ...]

    @cached_property
    def count(self) -> list[int]:
        """How many there are."""
        return [len(self.books)]


def test_what_a_value_found_out_is_its_own() -> None:
    """It is kept as long as the value is, and goes nowhere with it."""
    library = Library((Book("Tales"),))

    assert library.count is library.count
    sent = pickle.loads(pickle.dumps(library))  # noqa: S301 - ours
    assert (sent, "count" in vars(sent)) == (library, False)
    with pytest.raises(AttributeError):
        library.books = ()  # type: ignore[misc]


def test_fields_are_given_by_place_or_name() -> None:
    """A default is used where nothing is given."""
    assert Point(1) == Point(x=1) == Point(1, y=0) == Point(y=0, x=1)


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((), {"y": 1})]
)
def test_what_is_missing_unknown_or_given_twice_is_refused(values: tuple[int, ...], named: dict[str, int]) -> None:
    """As any call would be."""
    with pytest.raises(TypeError, match=r"Point\.__init__\(\)"):
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


def test_parameters_are_there_for_whoever_asks() -> None:
    """``inspect``, ``help``, and what completes names in an editor or IPython."""
    signature = inspect.signature(Settings)

    assert str(inspect.signature(Point)) == "(x: int, y: int = 0) -> None"
    assert list(signature.parameters) == list(Settings.__annotations__)
    assert signature.parameters["floor"].default is None


def test_help_says_what_the_fields_mean() -> None:
    """The comment behind each is its one home."""
    page = pydoc.plain(pydoc.render_doc(Member))

    signature = "".join(page.replace("|", "").split())  # since Python 3.13 on several lines, where it is long
    assert "Member(name:str,size:int,compressed_size:int,crc:int,mode:int=0" in signature
    assert "size: bytes, as declared" in page
    assert "One entry of the archive's central directory." in page


def test_a_class_without_a_source_still_has_its_docstring() -> None:
    """Typed into an interpreter, say."""
    namespace: dict[str, object] = {"frozen": frozen}
    exec("@frozen\nclass Here:\n    'A place.'\n    x: int  # from the left", namespace)  # noqa: S102 - that is the test

    assert getattr(namespace["Here"], "__doc__", "") == "A place."


@frozen
class Even:
    """A number that is even."""

    number: int

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError(f"{self.number} is odd")


@pytest.mark.parametrize("make", [lambda: Even(3), lambda: Even(number=3), lambda: replace(Even(2), number=3)])
def test_a_class_can_refuse_a_value(make: Callable[[], Even]) -> None:
    """However it is made."""
    with pytest.raises(ValueError, match="3 is odd"):
        make()


@pytest.mark.parametrize("count", [0, 1, 2, 9, 10, 11, 27, 101])
def test_every_number_of_fields_finds_its_place(count: int) -> None:
    """The names are sorted nowhere on the way."""
    names = [f"f{number}" for number in range(count)]
    cls: Callable[..., object] = frozen(type("Many", (), {"__annotations__": dict.fromkeys(names, int)}))

    value = cls(*range(count))

    assert [getattr(value, name) for name in names] == list(range(count))
    assert cls(**dict(zip(names, range(count), strict=True))) == value
