"""Mends that need one field of a program header: segments of no length, executable stacks."""

from dataclasses import replace

from musl_audit.elf.headers import PF_X, PT_NULL, Segment
from musl_audit.elf.image import Image, read_image
from musl_audit.elf.view import ET_DYN, PT_GNU_STACK, PT_INTERP, PT_LOAD


def drop_zero_length_segments(data: bytes) -> bytes:
    """
    Return *data* with every ``PT_LOAD`` of no length made ``PT_NULL``; *data* itself where there is none.

    Such a segment maps nothing, and musl before 1.2.3 (but for 1.1.11 and 1.1.12) refuses to load the file for it.
    """
    image = read_image(data)
    return _with_segments(image, tuple(_without_zero_length(segment) for segment in image.segments))


def clear_executable_stack(data: bytes) -> bytes:
    """
    Return the library *data* without the executable flag of ``PT_GNU_STACK``; *data* itself where it is not set.

    musl ignores the flag of a library, on all releases, so nothing that works depends on it. An executable is left
    alone: there the kernel honours the flag.
    """
    image = read_image(data)
    if image.header.type != ET_DYN or any(segment.type == PT_INTERP for segment in image.segments):
        return data
    return _with_segments(image, tuple(_without_executable_stack(segment) for segment in image.segments))


def _without_zero_length(segment: Segment) -> Segment:
    if segment.type == PT_LOAD and segment.memory_size == 0:
        return replace(segment, type=PT_NULL)
    return segment


def _without_executable_stack(segment: Segment) -> Segment:
    if segment.type == PT_GNU_STACK:
        return replace(segment, flags=segment.flags & ~PF_X)
    return segment


def _with_segments(image: Image, segments: tuple[Segment, ...]) -> bytes:
    if segments == image.segments:
        return image.content
    return replace(image, segments=segments).to_bytes()
