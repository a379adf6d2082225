r"""
Facts as a line of JSON, and back: how an index is judged again without its wheels.

The line is an object: ``facts_version``, the ``path`` that the wheel was read from, then the fields of ``WheelFacts``.
What they are, ``model`` alone says: msgspec reads and writes its classes as they stand (ADR 16). Names out of a wheel
may hold bytes that are no UTF-8, which JSON cannot say: in every text ``\xNN`` stands for such a byte, ``\uNNNN`` for
another lone surrogate, and ``\\`` for a backslash.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Annotated, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec

from musl_audit.errors import NotJsonError, WheelError
from musl_audit.frozen import replace
from musl_audit.model import WheelFacts

Json = bool | int | str | list["Json"] | dict[str, "Json"] | None

FACTS_VERSION = 2
NUMBERS = range(1 << 64)  # what the fields of an archive and of an ELF file can hold

_BACKSLASH = b"\\"
_NOT_PLAIN = re.compile(r"[\\\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(?:(\\)|x([89a-f][0-9a-f])|u(d[89a-f][0-9a-f]{2}))?")

Value = TypeVar("Value")


class _Version(msgspec.Struct):
    facts_version: int


class _Head(_Version):
    path: str


def _document() -> type[_Head]:
    """Return the type of what is written: the fields of ``WheelFacts`` behind a version and a path."""
    types = get_type_hints(WheelFacts) | {"sha256": _DIGEST}
    defaults = ((field.name, field.default) for field in fields(WheelFacts))
    rows = [(name, types[name], *(() if default is MISSING else (default,))) for name, default in defaults]
    return cast(
        "type[_Head]",
        msgspec.defstruct("Facts", [("facts_version", Literal[FACTS_VERSION]), ("path", str), *rows], bases=(_Head,)),
    )


_DIGEST = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
_FIELDS = attrgetter(*WheelFacts.__annotations__)
_DOCUMENT = _document()
_DECODER = msgspec.json.Decoder(_DOCUMENT)
_ENCODER = msgspec.json.Encoder(order="deterministic")


def facts_to_json(facts: WheelFacts, path: str) -> bytes:
    """Return *facts*, read from *path*, as JSON without a line break: the same facts, the same bytes, all UTF-8."""
    try:
        data = _ENCODER.encode(_DOCUMENT(FACTS_VERSION, path, *_FIELDS(facts)))
    except UnicodeEncodeError:
        data = _BACKSLASH
    if _BACKSLASH not in data:  # hardly any has one, and one byte is found faster than two
        return data
    return _ENCODER.encode(_DOCUMENT(FACTS_VERSION, escape(path), *_FIELDS(_rewritten(facts, escape, "$"))))


def facts_from_json(data: bytes) -> tuple[WheelFacts, str]:
    """
    Return the facts that ``facts_to_json`` wrote as *data*, and the path that they were read from.

    Raise ``WheelError``, with the place in the document, where *data* is anything else.
    """
    try:
        document = _DECODER.decode(data)
    except msgspec.ValidationError as error:
        if not data.lstrip().startswith(b"{"):
            raise NotJsonError("not a facts document: JSON, but not an object") from error
        raise WheelError(f"not a facts document: {_complaint(data, error)}") from error
    except RecursionError as error:
        raise WheelError("not a facts document: it is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotJsonError(f"not a facts document: {error}") from error
    path, facts = document.path, WheelFacts(*_FIELDS(document))
    if _BACKSLASH in data:
        path, facts = _rewritten(path, unescape, "$.path"), _rewritten(facts, unescape, "$")
    numbers = list(chain.from_iterable(_numbers([facts], WheelFacts)))
    if min(numbers) not in NUMBERS or max(numbers) not in NUMBERS:
        _rewritten(facts, str, "$")
    return facts, path


def _complaint(data: bytes, error: Exception) -> str:
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if msgspec.json.decode(data, type=_Version).facts_version != FACTS_VERSION:
            return f"its version is another than {FACTS_VERSION}, which this musl-audit reads"
    return str(error)


def facts_schema() -> Json:
    """Return the JSON schema of a line of facts."""
    _, components = msgspec.json.schema_components([_DOCUMENT], ref_template="#/$defs/{name}")
    root = components.pop("Facts")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "One line of musl-audit show --facts"}
    return _with_ranges({**root, **head, "$defs": components})


def _with_ranges(schema: Json) -> Json:
    """Return *schema* with the range of every number, which is wider than msgspec's own can be."""
    if isinstance(schema, list):
        return [_with_ranges(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    ranges: dict[str, Json] = {}
    if schema.get("type") == "integer":
        ranges = {"minimum": NUMBERS.start, "maximum": NUMBERS.stop - 1}
    return {key: _with_ranges(value) for key, value in schema.items()} | ranges


# --- Numbers and texts, whatever the fields are ------------------------------------------------------------


def _numbers(values: Sequence[object], cls: type) -> Iterator[Iterable[int]]:
    """Yield every number in *values*, all of class *cls*: field by field, which is faster than value by value."""
    plain = _number_fields(cls)
    if len(plain) > 1:  # as one tuple of each value: there are hundreds of members
        yield chain.from_iterable(map(cast("Callable[[object], tuple[int, ...]]", attrgetter(*plain)), values))
    elif plain:
        yield map(attrgetter(plain[0]), values)
    for name, is_many, element in _fields_with_numbers(cls):
        found = [value for value in map(attrgetter(name), values) if value is not None]
        items = list(chain.from_iterable(found)) if is_many else found
        if element is int:
            yield items
        else:
            yield from _numbers(items, element)


@cache
def _number_fields(cls: type) -> tuple[str, ...]:
    """Return the fields of *cls* that are numbers, and nothing else."""
    return tuple(name for name, hint in get_type_hints(cls).items() if hint is int)


@cache
def _fields_with_numbers(cls: type) -> list[tuple[str, bool, type]]:
    """Return the other fields of *cls* that may hold numbers, whether each holds many things, and what things."""
    found: list[tuple[str, bool, type]] = []
    for name, hint in get_type_hints(cls).items():
        if hint is int:
            continue
        element = next(iter(get_args(hint)), hint)
        if not isinstance(element, type):
            continue
        if element is int or (is_dataclass(element) and (_number_fields(element) or _fields_with_numbers(element))):
            found.append((name, get_origin(hint) in (tuple, frozenset), element))
    return found


def _rewritten(value: Value, text: Callable[[str], str], where: str) -> Value:
    """Return *value* with *text* of every text in it; raise ``WheelError`` where that or a number cannot be."""
    return cast("Value", _rewrite(value, text, where))


def _rewrite(value: object, text: Callable[[str], str], where: str) -> object:
    match value:
        case Enum() | bool():
            return value
        case str():
            try:
                return text(value)
            except ValueError as error:
                raise WheelError(f"not a facts document: {error} - at `{where}`") from None
        case int() if value not in NUMBERS:
            raise WheelError(f"not a facts document: Expected a number from 0 to 2^64 - 1 - at `{where}`")
        case tuple():
            return tuple(_rewrite(item, text, f"{where}[{index}]") for index, item in enumerate(value))
        case frozenset():
            return frozenset(_rewrite(item, text, f"{where}[…]") for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    inner = ((field.name, getattr(value, field.name)) for field in fields(value))
    return replace(value, **{name: _rewrite(item, text, f"{where}.{name}") for name, item in inner})


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
    """Return what ``escape`` was given; raise ``ValueError`` where it cannot have written *text*."""
    return _ESCAPED.sub(_unescape_one, text)


def _unescape_one(match: re.Match[str]) -> str:
    backslash, byte, surrogate = match.groups()
    if backslash:
        return "\\"
    if byte:
        return chr(0xDC00 + int(byte, 16))
    if surrogate:
        return chr(int(surrogate, 16))
    raise ValueError(r"Expected `\\`, `\xNN` or `\uNNNN` after a backslash")
