"""Mends of one field of a program header."""

from dataclasses import replace

from tests.support.packed_library import DATA, PackedLibrary, write_packed_library

from musl_audit.elf import read_elf
from musl_audit.elf.headers import Segment
from musl_audit.elf.image import read_image
from musl_audit.elf.segments import clear_executable_stack, drop_zero_length_segments

GNU_STACK = 0x6474E551
LIBRARY = write_packed_library(PackedLibrary("s390x"))


def with_segment(kind: int, changed: Segment) -> bytes:
    """Return the library with *changed* in place of the first segment of that kind."""
    image = read_image(LIBRARY)
    index = [segment.type for segment in image.segments].index(kind)
    return replace(image, segments=(*image.segments[:index], changed, *image.segments[index + 1 :])).to_bytes()


def test_a_segment_of_no_length_is_dropped() -> None:
    """musl before 1.2.3 refuses to map nothing; nothing is what the file then asks for."""
    data = with_segment(4, Segment(1, 4, 0, DATA - 0x1000, DATA - 0x1000, 0, 0, 0x1000))

    mended = drop_zero_length_segments(data)

    assert (read_elf(data, "").zero_length_segments, read_elf(mended, "").zero_length_segments) == (1, 0)
    assert len(mended) == len(data)
    assert read_image(mended).loads == read_image(data).loads


def test_without_segments_of_no_length_nothing_changes() -> None:
    """The same object comes back."""
    assert drop_zero_length_segments(LIBRARY) is LIBRARY


def test_the_executable_stack_of_a_library_is_cleared() -> None:
    """musl ignores the flag; scanners and hardened kernels do not."""
    data = with_segment(GNU_STACK, Segment(GNU_STACK, 7, 0, 0, 0, 0, 0, 16))

    mended = clear_executable_stack(data)

    assert (read_elf(data, "").is_stack_executable, read_elf(mended, "").is_stack_executable) == (True, False)
    assert mended == LIBRARY


def test_without_the_flag_nothing_changes() -> None:
    """The same object comes back."""
    assert clear_executable_stack(LIBRARY) is LIBRARY


def test_an_executable_keeps_its_stack() -> None:
    """The kernel honours the flag of a program, which may need it."""
    image = read_image(with_segment(GNU_STACK, Segment(GNU_STACK, 7, 0, 0, 0, 0, 0, 16)))
    interpreted = replace(image.segments[0], type=3)
    program = replace(image, segments=(interpreted, *image.segments[1:])).to_bytes()
    assert clear_executable_stack(program) is program


def test_both_mends_are_idempotent() -> None:
    """A second time there is nothing left to do."""
    data = with_segment(GNU_STACK, Segment(GNU_STACK, 7, 0, 0, 0, 0, 0, 16))
    once = drop_zero_length_segments(clear_executable_stack(data))
    assert drop_zero_length_segments(clear_executable_stack(once)) is once
