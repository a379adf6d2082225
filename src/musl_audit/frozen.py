"""
``frozen``: the one dialect of values of this project: a dataclass, at a tenth of the standard one's price.

``dataclasses.dataclass(frozen=True, slots=True)`` imports ``inspect`` and compiles six methods for each class: 30 ms
for those that one wheel needs, which is longer than most wheels take to read. The methods here are closures, but for
``__init__``, whose code is compiled once for each number of fields and then given their names (ADR 12). What only the
standard one has, and ``dataclasses.replace``, ``fields`` and ``asdict`` ask for, is borrowed from a standard one when
somebody asks.
"""

from contextlib import suppress
from functools import cache, cached_property
from operator import attrgetter
from types import CellType, CodeType, FunctionType

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeVar, dataclass_transform

    Value = TypeVar("Value")
    Fields = Callable[[object], tuple[object, ...]]
else:

    def dataclass_transform(**_):  # noqa: D103
        return lambda decorator: decorator


@dataclass_transform(frozen_default=True)
def frozen(cls: "type[Value]") -> "type[Value]":
    """
    Return *cls* as a frozen, slotted dataclass with the fields that it annotates.

    Values are equal where their class and their fields are. Fields are not inherited; a default is the value itself.
    ``help`` tells what each field means: the comment behind it. A class that defines
    ``__post_init__`` has it called with each new value. What a ``cached_property`` found goes to no other process.

    >>> @frozen
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(1) == Point(1, y=0), Point(1)
    (True, Point(x=1, y=0))
    """
    return _define(cls, ("__eq__",))


@dataclass_transform(frozen_default=True, order_default=True)
def frozen_ordered(cls: "type[Value]") -> "type[Value]":
    """Return *cls* as ``frozen`` does; values are compared field by field."""
    return _define(cls, ("__eq__", "__lt__", "__le__", "__gt__", "__ge__"))


@dataclass_transform(frozen_default=True)
def frozen_in_parts(cls: "type[Value]") -> "type[Value]":
    """Return *cls* as ``frozen`` does; what some fields of a value are may be found out later: see ``deferred``."""
    return _define(cls, ("__eq__",), in_parts=True)


def deferred(value: "Value", source: object, *names: str) -> "Value":
    """
    Return *value*, of a class ``frozen_in_parts``, with the fields *names* left to *source*.

    Each is the attribute of that name of *source*, asked for when somebody looks at the field, and kept. To everybody
    else the value is like any other: to compare, hash, print or pickle it asks for all.
    """
    made: type = type(value)
    slots = vars(made)
    for name in names:
        slots[name].__delete__(value)
    slots[_SOURCE].__set__(value, source)
    object.__setattr__(value, "__class__", _class_in_parts(made))
    return value


def filled(value: "Value", source: object, *names: str) -> "Value":
    """Return *value*, which nobody else knows yet, with the fields *names* as *source* has them now."""
    slots = vars(type(value))
    for name in names:
        slots[name].__set__(value, getattr(source, name))
    return value


if TYPE_CHECKING:
    derived = property
else:

    class derived(property):  # noqa: N801  # read as property is
        """A property of a class ``frozen_in_parts`` that the source of deferred fields knows a shorter way to."""


_SOURCE = "_source"  # the slot


def replace(value: "Value", /, **changes: object) -> "Value":
    """
    Return *value* with some fields changed, as ``dataclasses.replace`` does and without importing it.

    Fields that are left to a source stay so.
    """
    if type(value) is not value.__class__:
        return _replaced_in_parts(value, changes)
    return value.__class__(**{name: getattr(value, name) for name in _names_of(value)} | changes)


def _names_of(value: object) -> tuple[str, ...]:
    names: tuple[str, ...] = type(value).__match_args__  # type: ignore[attr-defined]  # every frozen class has them
    return names


def _define(cls: "type[Value]", comparisons: tuple[str, ...], *, in_parts: bool = False) -> "type[Value]":
    """Return a new class with what *cls* has, slots for its fields, and the methods of a dataclass."""
    names = tuple(cls.__annotations__)
    body = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    defaults = {name: body.pop(name) for name in names if name in body}
    body |= {"__slots__": names, "__match_args__": names, "__dataclass_fields__": _StandardFields(cls)}
    body["__doc__"] = _Page(cls)
    body |= {"__repr__": _repr, "__setattr__": _refuse, "__delattr__": _refuse}
    if in_parts:
        body["__slots__"] = (*names, _SOURCE)
    if any(isinstance(member, cached_property) for member in body.values()):
        body["__slots__"] = (*names, "__dict__")
    body["__replace__"] = replace  # what copy.replace calls, from Python 3.13 on
    made = type(cls.__name__, cls.__bases__, body)
    fields_of = _getter(names)
    methods = {"__init__": _initializer(made, names, defaults, cls.__annotations__), "__hash__": _hash(fields_of)}
    methods["__reduce__"] = _reducer(fields_of)
    methods |= {name: _comparison(made, fields_of, getattr(tuple, name)) for name in comparisons}
    for name, method in methods.items():
        setattr(made, name, method)
    return made


def _getter(names: tuple[str, ...]) -> "Fields":
    """Return what gets the tuple of the fields called *names*."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _hash(fields_of: "Fields") -> "Callable[[object], int]":
    return lambda self: hash(fields_of(self))


def _reducer(fields_of: "Fields") -> "Callable[[object], tuple[type, tuple[object, ...]]]":
    return lambda self: (self.__class__, fields_of(self))


def _initializer(
    made: type, names: tuple[str, ...], defaults: "Mapping[str, object]", annotations: "Mapping[str, object]"
) -> "Callable[..., None]":
    """Return ``__init__``, which has its parameters for whoever asks: ``help``, ``inspect``, an editor."""
    count = len(names)
    code = _code(count, has_hook="__post_init__" in vars(made)).replace(
        co_varnames=("self", *names), co_qualname=f"{made.__qualname__}.__init__"
    )
    setters = tuple(CellType(vars(made)[name].__set__) for name in names)
    init = FunctionType(code, {"__builtins__": {}}, "__init__", tuple(defaults.values()), setters)
    init.__annotations__ = {**annotations, "return": None}
    init.__module__ = made.__module__
    return init


@cache
def _code(count: int, *, has_hook: bool) -> CodeType:
    """Return the code of an ``__init__`` with *count* parameters and as many setters in its closure."""
    places = [f"{number:03}" for number in range(count)]  # in the order of their names: free variables are sorted
    setters = ", ".join(f"set{place}" for place in places)
    lines = [f"set{place}(self, field{place})" for place in places] + ["self.__post_init__()"] * has_hook
    parameters = ", ".join(["self", *(f"field{place}" for place in places)])
    source = f"def make({setters}):\n def __init__({parameters}):\n  " + ("\n  ".join(lines) or "pass")
    (outer,) = (constant for constant in compile(source, __file__, "exec").co_consts if isinstance(constant, CodeType))
    (inner,) = (constant for constant in outer.co_consts if isinstance(constant, CodeType))
    return inner


def _comparison(
    made: type, fields_of: "Fields", compare: "Callable[[object, object], bool]"
) -> "Callable[[object, object], bool]":
    return lambda self, other: compare(fields_of(self), fields_of(other)) if other.__class__ is made else NotImplemented


def _repr(self: object) -> str:
    fields = (f"{name}={getattr(self, name)!r}" for name in _names_of(self))
    return f"{type(self).__qualname__}({', '.join(fields)})"


@cache
def _class_in_parts(made: type) -> type:
    """
    Return the class that a value of *made* has once fields of it are deferred; it says that it is *made* itself.

    A class of its own, for what has ``__getattr__`` is slower to ask for every other field, too.
    """
    names = [name for name, member in vars(made).items() if type(member) is derived]
    shorter = {name: property(attrgetter(f"{_SOURCE}.{name}")) for name in names}
    own = {"__slots__": (), "__class__": property(lambda _: made), "__getattr__": _found_out}
    return type(made.__name__, (made,), own | shorter)


def _replaced_in_parts(value: "Value", changes: "Mapping[str, object]") -> "Value":
    """Return *value*, some of whose fields are left to its source, with others changed."""
    slots, names = vars(value.__class__), _names_of(value)
    if unknown := changes.keys() - set(names):
        raise TypeError(f"{value.__class__.__qualname__} has no field {min(unknown)!r}")
    made: Value = object.__new__(type(value))
    for name in (*names, _SOURCE):
        with suppress(AttributeError):  # an empty slot
            slots[name].__set__(made, changes[name] if name in changes else slots[name].__get__(value))
    return made


def _found_out(self: object, name: str) -> object:
    """Return a field that was left to the source: called where the slot is empty."""
    if name not in _names_of(self):
        raise AttributeError(f"{self.__class__.__qualname__!r} object has no attribute {name!r}")
    slots = vars(self.__class__)
    found = getattr(slots[_SOURCE].__get__(self), name)
    slots[name].__set__(self, found)
    return found


def _refuse(self: object, name: str, *_: object) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot change field {name!r} of {type(self).__qualname__}")


class _StandardFields:
    """``__dataclass_fields__`` of a standard dataclass with the same fields, which is made when somebody asks."""

    __slots__ = ("_cls",)

    def __init__(self, cls: type) -> None:
        self._cls = cls

    def __get__(self, value: object, owner: type) -> object:
        """Return the fields by name."""
        if "__dataclass_fields__" not in vars(self._cls):
            from dataclasses import dataclass

            dataclass(frozen=True)(self._cls)
        return vars(self._cls)["__dataclass_fields__"]


class _Page:
    """The docstring of a class and what its fields mean, for ``help``: read out of the source when somebody asks."""

    __slots__ = ("_cls",)

    def __init__(self, cls: type) -> None:
        self._cls = cls

    def __get__(self, value: object, owner: type) -> str:
        """Return the page."""
        from inspect import cleandoc

        rows = [f"    {name}: {comment}" for name, comment in _comments(owner) if name in self._cls.__annotations__]
        return "\n".join([cleandoc(self._cls.__doc__ or ""), *(["", "Fields:", *rows] if rows else [])])


def _comments(cls: type) -> "Iterator[tuple[str, str]]":
    """Yield the names in the body of *cls* that have a comment behind them, and the comment."""
    import re
    from inspect import getsource

    try:
        source = getsource(cls)
    except (OSError, TypeError):  # typed in, or shipped without its source
        return
    for match in re.finditer(r"^ {4}(\w+): [^#\n]*  # (.*)$", source, re.MULTILINE):
        yield match[1], match[2]
