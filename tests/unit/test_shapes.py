"""Shapes that write values as JSON and read them back."""

from dataclasses import dataclass

import pytest

from musl_audit.wheel.shapes import FLAG, INTEGER, TEXT, ShapeError, escape, many, record_of, unescape


@dataclass(frozen=True)
class Point:
    """A value with a default."""

    x: int
    is_seen: bool = False


def test_a_forgotten_field_is_an_error_at_once() -> None:
    """Whoever adds one to a class hears of it at the next import."""
    with pytest.raises(TypeError, match="Point has the fields x, is_seen"):
        record_of(Point, {"x": INTEGER})


def test_the_place_of_an_error_is_a_path() -> None:
    """From the outside in."""
    shape = many(record_of(Point, {"x": INTEGER, "is_seen": FLAG}))

    with pytest.raises(ShapeError) as caught:
        shape.read([{"x": 1}, {"x": 1, "is_seen": 0}])

    assert caught.value.where == "[1].is_seen"


@pytest.mark.parametrize("text", ["\\", "\\x", "\\x41", "\\xZZ", "\\u0041", "\\ud8", "a\\n", "\\xE9"])
def test_escapes_that_are_never_written_are_refused(text: str) -> None:
    """So that there is one spelling for each name."""
    with pytest.raises(ShapeError):
        TEXT.read(text)


@pytest.mark.parametrize("code", [0xD800, 0xDBFF, 0xDC00, 0xDC7F, 0xDC80, 0xDCFF, 0xDD00, 0xDFFF])
def test_every_surrogate_is_escaped(code: int) -> None:
    """JSON in UTF-8 has none."""
    assert escape(chr(code)).isascii()
    assert unescape(escape(chr(code))) == chr(code)
