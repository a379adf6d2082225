"""WHEEL and RECORD as a repair writes them."""

from hypothesis import given
from hypothesis import strategies as st

from musl_audit.model import WheelName
from musl_audit.repair.wheel_metadata import is_dropped, record_text, wheel_text
from musl_audit.wheel.dist_info import parse_wheel_file
from musl_audit.wheel.record import parse_record

NAME = WheelName("demo", "1.0", None, ("cp311", "cp312"), ("abi3",), ("musllinux_1_2_x86_64",))
RIGHT = b"""\
Wheel-Version: 1.0
Generator: demo (1.0)
Root-Is-Purelib: false
Tag: cp311-abi3-musllinux_1_2_x86_64
Tag: cp312-abi3-musllinux_1_2_x86_64
"""


def test_right_text_comes_back_byte_for_byte() -> None:
    """Whatever its line ends."""
    crlf = RIGHT.replace(b"\n", b"\r\n")

    assert (wheel_text(RIGHT, NAME), wheel_text(crlf, NAME)) == (RIGHT, crlf)


def test_tags_and_root_are_corrected_and_all_else_stays() -> None:
    """In its order, unknown fields too, and what follows an empty line."""
    old = b"Wheel-Version: 1.0\nTag: py3-none-any\nX: \xff\xc3\xbc\nroot-is-purelib: TRUE\nBuild: 1\n\nbody: Tag: x\n"

    assert wheel_text(old, NAME) == (
        b"Wheel-Version: 1.0\nX: \xff\xc3\xbc\nRoot-Is-Purelib: false\n"
        b"Tag: cp311-abi3-musllinux_1_2_x86_64\nTag: cp312-abi3-musllinux_1_2_x86_64\n\nbody: Tag: x\n"
    )


def test_tags_stay_where_they_are_not_to_be_updated() -> None:
    """``--no-update-tags``; the root is corrected all the same."""
    old = RIGHT.replace(b"false", b"true").replace(b"musllinux_1_2", b"linux")

    assert wheel_text(old, NAME, updates_tags=False) == old.replace(b"true", b"false")


def test_the_build_tag_is_written() -> None:
    """As the file name says it."""
    named = WheelName("demo", "1.0", "2musl", ("cp312",), ("cp312",), ("musllinux_1_2_x86_64",))

    assert b"\nBuild: 2musl\n" in wheel_text(RIGHT, named)


@given(st.binary(max_size=200))
def test_any_text_becomes_right_and_stays_so(old: bytes) -> None:
    """Written twice is written once, and our own reader agrees."""
    once = wheel_text(old, NAME)

    assert wheel_text(once, NAME) == once


def test_our_reader_reads_what_was_written() -> None:
    """The same tags, and not pure."""
    metadata = parse_wheel_file(("demo-1.0.dist-info",), wheel_text(b"Wheel-Version: 1.0\n", NAME))

    assert (metadata.root_is_purelib, len(metadata.tags)) == (False, 2)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1, unique=True))
def test_record_is_read_as_it_was_written(paths: list[str]) -> None:
    """Any names: commas, quotes, line ends."""
    record = parse_record(record_text([(path, "sha256=x", "1") for path in paths]))

    assert (list(record.rows), record.problems) == (paths, ())


def test_what_is_dropped() -> None:
    """RECORD itself, which is written last, and its signatures; nothing of the same name elsewhere."""
    names = ["RECORD", "RECORD.jws", "RECORD.p7s", "WHEEL", "x/RECORD.jws"]

    assert [name for name in names if is_dropped(f"d.dist-info/{name}", "d.dist-info")] == names[:3]
    assert not is_dropped("RECORD", "d.dist-info")
