"""
``frozen``: the dataclass of this project, at a tenth of the standard one's price.

``dataclasses.dataclass(frozen=True, slots=True)`` imports ``inspect`` and compiles six methods for each class: 30 ms
for those that one wheel needs, which is longer than most wheels take to read. The methods here are closures. What
only the standard one has, and ``dataclasses.replace``, ``fields`` and ``asdict`` ask for, is borrowed from a standard
one when somebody asks (ADR 12).
"""

from operator import attrgetter

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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


def replace(value: "Value", /, **changes: object) -> "Value":
    """Return *value* with some fields changed, as ``dataclasses.replace`` does and without importing it."""
    names: tuple[str, ...] = type(value).__slots__  # type: ignore[attr-defined]  # every frozen class has them
    return type(value)(**{name: getattr(value, name) for name in names} | changes)


def _define(cls: "type[Value]", comparisons: tuple[str, ...]) -> "type[Value]":
    """Return a new class with what *cls* has, slots for its fields, and the methods of a dataclass."""
    names = tuple(cls.__annotations__)
    body = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    defaults = {name: body.pop(name) for name in names if name in body}
    body |= {"__slots__": names, "__match_args__": names, "__dataclass_fields__": _StandardFields(cls)}
    body |= {"__repr__": _repr, "__reduce__": _reduce, "__setattr__": _refuse, "__delattr__": _refuse}
    body["__replace__"] = replace  # what copy.replace calls, from Python 3.13 on
    made = type(cls.__name__, cls.__bases__, body)
    fields_of = _getter(names)
    methods = {"__init__": _initializer(made, names, defaults), "__hash__": _hash(fields_of)}
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


def _initializer(made: type, names: tuple[str, ...], defaults: "Mapping[str, object]") -> "Callable[..., None]":
    setters = [vars(made)[name].__set__ for name in names]
    count = len(names)

    def __init__(self: object, /, *values: object, **named: object) -> None:  # noqa: N807  # its name in a traceback
        if named or len(values) != count:
            values = _bound(made, values, named, names, defaults)
        for assign, value in zip(setters, values, strict=True):
            assign(self, value)

    return __init__


def _bound(
    made: type,
    values: tuple[object, ...],
    named: dict[str, object],
    names: tuple[str, ...],
    defaults: "Mapping[str, object]",
) -> tuple[object, ...]:
    """Return the value of each field; raise ``TypeError`` where one is missing, unknown or given twice."""
    given = {**defaults, **dict(zip(names, values, strict=False)), **named}
    if len(given) != len(names) or len(values) > len(names) or not named.keys().isdisjoint(names[: len(values)]):
        said = f"{len(values)} values and {', '.join(named) or 'no names'}"
        raise TypeError(f"{made.__qualname__}({', '.join(names)}) was given {said}")
    return tuple(given[name] for name in names)


def _comparison(
    made: type, fields_of: "Fields", compare: "Callable[[object, object], bool]"
) -> "Callable[[object, object], bool]":
    return lambda self, other: compare(fields_of(self), fields_of(other)) if other.__class__ is made else NotImplemented


def _repr(self: object) -> str:
    fields = (f"{name}={getattr(self, name)!r}" for name in type(self).__slots__)  # type: ignore[attr-defined]
    return f"{type(self).__qualname__}({', '.join(fields)})"


def _reduce(self: object) -> tuple[type, tuple[object, ...]]:
    return type(self), tuple(getattr(self, name) for name in type(self).__slots__)  # type: ignore[attr-defined]


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
