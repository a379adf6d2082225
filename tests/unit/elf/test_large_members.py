"""Memory for a large member: zeros that can be written to, and that nobody has before they are."""

import mmap
import resource

import pytest

from musl_audit.wheel import chunks
from musl_audit.wheel.chunks import blank, gathered

MEBIBYTE = 1 << 20


@pytest.mark.parametrize("is_mapped", [True, False])
def test_zeros_that_can_be_written_to(is_mapped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where memory cannot be had from the system in this way."""
    if not is_mapped:
        monkeypatch.delattr(mmap, "MAP_ANONYMOUS")
    memory = blank(10)
    memory[2:4] = b"ab"

    assert bytes(memory) == b"\0\0ab\0\0\0\0\0\0"


def test_nobody_has_it_before_it_is_written_to() -> None:
    """A gigabyte that is declared and never comes costs nothing."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    whole = gathered(iter([b"the beginning"]), 1 << 30)

    assert isinstance(whole, memoryview)
    assert bytes(whole[:14]) == b"the beginning\0"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


def test_a_large_member_is_one_and_a_small_one_its_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is one already stays what it is."""
    monkeypatch.setattr(chunks, "LARGE", MEBIBYTE)
    pieces = [b"a" * MEBIBYTE, b"b" * MEBIBYTE]
    whole = gathered(iter(pieces), 2 * MEBIBYTE)
    alone = gathered(iter(pieces[:1]), MEBIBYTE)
    several = gathered(iter([b"ab", b"cd"]), 4)

    assert isinstance(whole, memoryview)
    assert whole == b"".join(pieces)
    assert isinstance(alone, memoryview)
    assert alone.obj is pieces[0]
    assert not isinstance(several, memoryview)
    assert bytes(several.bytes_at(1, 3)) == b"bc"
