"""Libraries with initial-exec TLS, damaged: a clear refusal, or a result that was verified."""

import random
import zipfile
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.mutations import mutated
from tests.support.testwheels import manifest
from tests.support.thread_locals import OWN, built, built_libraries

from musl_audit.elf import read_elf
from musl_audit.elf.image import read_image
from musl_audit.errors import ElfError
from musl_audit.repair.tls import rewrite_accesses


@cache
def libraries() -> tuple[bytes, ...]:
    """Return small libraries of both architectures."""
    with zipfile.ZipFile(manifest()["initial_exec_exported"].path) as archive:
        x86_64 = next(archive.read(name) for name in archive.namelist() if name.endswith(".so"))
    return (x86_64, *(built(name) for name in built_libraries() if "small" in name or "clang-O2" in name))


def is_sound(data: bytes) -> None:
    """Rewrite *data*; nothing but our own errors may come of it, and what is written is read again."""
    try:
        result = rewrite_accesses(data, OWN | {"counter"})
    except ElfError:
        return
    assert result == data or not read_elf(result, "").initial_exec_slots


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2), st.integers(0, 2**32))
def test_structures_that_lie_are_refused_or_left_right(which: int, seed: int) -> None:
    """Header fields, program headers, dynamic entries, words of tables."""
    is_sound(mutated(libraries()[which], random.Random(seed)))  # noqa: S311 - no secret


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 2), st.data())
def test_code_that_is_damaged_is_refused_or_left_right(which: int, data: st.DataObject) -> None:
    """Bytes of the code, wherever instructions begin."""
    image = read_image(libraries()[which])
    code = next(load for load in image.loads if load.flags & 1)
    at = data.draw(st.integers(code.offset, code.file_end - 4))
    is_sound(image.overwritten(at, data.draw(st.binary(min_size=1, max_size=4))).to_bytes())
