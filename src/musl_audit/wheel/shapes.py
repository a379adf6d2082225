"""How values are written as JSON and read back: small shapes that combine, each of which checks what it reads."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import NamedTuple

Json = bool | int | str | list["Json"] | dict[str, "Json"] | None

_NOT_PLAIN = re.compile(r"[\\\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(?:(\\)|x([89a-f][0-9a-f])|u(d[89a-f][0-9a-f]{2}))?")
_LARGEST_INTEGER = 1 << 64


class ShapeError(ValueError):
    """A value is not of the shape; ``where`` is the path to it, such as ``elves[3].needed[0]``."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.where = ""

    def inside(self, step: str) -> "ShapeError":
        """Return the error seen from one level further out; *step* is ``.name`` or ``[index]``."""
        self.where = step + self.where
        return self


class Shape(NamedTuple):
    """How one kind of value is written as JSON and read back; ``read`` raises ``ShapeError``."""

    write: Callable[..., Json]  # takes the kind of value that the shape is for
    read: Callable[[object], object]


def escape(text: str) -> str:
    r"""
    Return *text* as valid Unicode from which ``unescape`` gets it back: names out of a wheel may hold any bytes.

    >>> print(escape(b"caf\xe9.so".decode("utf-8", "surrogateescape")), escape("a\\b"))
    caf\xe9.so a\\b
    """
    return _NOT_PLAIN.sub(_escape_one, text)


def _escape_one(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\\":
        return r"\\"
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def unescape(text: str) -> str:
    """Return what ``escape`` was given; raise ``ShapeError`` where it cannot have written *text*."""
    return _ESCAPED.sub(_unescape_one, text) if "\\" in text else text


def _unescape_one(match: re.Match[str]) -> str:
    backslash, byte, surrogate = match.groups()
    if backslash:
        return "\\"
    if byte:
        return chr(0xDC00 + int(byte, 16))
    if surrogate:
        return chr(int(surrogate, 16))
    raise ShapeError(r"expected \\, \xNN or \uNNNN after a backslash")


# --- Single values ------------------------------------------------------------------------------------


def _read_text(value: object) -> str:
    if not isinstance(value, str):
        raise ShapeError("expected a text")
    return unescape(value)


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ShapeError("expected true or false")
    return value


def _read_integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LARGEST_INTEGER:
        raise ShapeError("expected an integer from 0 to 2^64 - 1")
    return value


TEXT = Shape(escape, _read_text)
FLAG = Shape(bool, _read_flag)
INTEGER = Shape(int, _read_integer)


def matching(pattern: str, expected: str) -> Shape:
    """Return the shape of a text that *pattern* matches; *expected* says in words what that is."""
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ShapeError(f"expected {expected}")
        return value

    return Shape(str, read)


def one_of(*choices: str | int) -> Shape:
    """Return the shape of a value out of *choices*."""

    def read(value: object) -> str | int:
        if isinstance(value, bool) or not isinstance(value, str | int) or value not in choices:
            raise ShapeError(f"expected one of {', '.join(map(str, choices))}")
        return value

    return Shape(lambda value: value, read)


def member_of(enumeration: type[StrEnum]) -> Shape:
    """Return the shape of a member of *enumeration*, written as its value."""
    values = one_of(*(str(member) for member in enumeration))
    return Shape(str, lambda value: enumeration(str(values.read(value))))


# --- Combinations -------------------------------------------------------------------------------------


def optional(shape: Shape) -> Shape:
    """Return *shape* that may also be None, ``null`` in JSON."""
    return Shape(
        lambda value: None if value is None else shape.write(value),
        lambda value: None if value is None else shape.read(value),
    )


def many(shape: Shape) -> Shape:
    """Return the shape of a tuple of *shape*, in order."""
    return Shape(
        lambda values: [shape.write(value) for value in values], lambda value: tuple(_read_items(shape, value))
    )


def set_of(shape: Shape) -> Shape:
    """Return the shape of a frozenset of *shape*, written as a sorted list."""
    return Shape(
        lambda values: [shape.write(value) for value in sorted(values)],
        lambda value: frozenset(_read_items(shape, value)),
    )


def _read_items(shape: Shape, value: object) -> Iterable[object]:
    if not isinstance(value, list):
        raise ShapeError("expected a list")
    items: list[object] = []
    try:
        items.extend(map(shape.read, value))
    except ShapeError as error:
        raise error.inside(f"[{_failed_at(shape, value)}]") from None
    return items


def _failed_at(shape: Shape, values: list[object]) -> int:
    """Return the index of the first of *values* that is not of *shape*: looked for only once that is known."""
    for index, value in enumerate(values):
        try:
            shape.read(value)
        except ShapeError:
            return index
    return len(values)


def record_of(cls: type, shapes: Mapping[str, Shape]) -> Shape:
    """
    Return the shape of dataclass *cls* as an object; a field that has its default is left out.

    Unknown keys are passed over: a later version may have written more. *shapes* has every field, in their order;
    ``TypeError`` is raised otherwise, so that a field added to the class cannot be forgotten.
    """
    defaults = {field.name: field.default for field in fields(cls)}
    if list(shapes) != list(defaults):
        raise TypeError(f"{cls.__name__} has the fields {', '.join(defaults)}, and other shapes")

    def write(value: object) -> Json:
        found = ((name, getattr(value, name)) for name in shapes)
        return {name: shapes[name].write(item) for name, item in found if item != defaults[name]}

    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise ShapeError("expected an object")
        items = {}
        for name, shape in shapes.items():
            if name not in value:
                if defaults[name] is MISSING:
                    raise ShapeError(f"{name} is missing")
                continue
            try:
                items[name] = shape.read(value[name])
            except ShapeError as error:
                raise error.inside(f".{name}") from None
        return cls(**items)

    return Shape(write, read)
