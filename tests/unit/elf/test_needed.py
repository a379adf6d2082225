"""The order of what a file needs."""

import pytest
from tests.support.elves import elves_in
from tests.support.testwheels import manifest

from musl_audit.elf import read_elf
from musl_audit.elf.needed import needed_last

CASES = ("missing_qsort_r", "shadowed_malloc", "unreachable_library")


@pytest.mark.parametrize("case", CASES)
def test_what_is_named_comes_last_and_nothing_else_changes(case: str) -> None:
    """In the order that it had."""
    for name, data in elves_in(manifest()[case].path):
        before = read_elf(data, name)
        for soname in before.needed:
            after = read_elf(needed_last(data, [soname]), name)
            assert after.needed == (*(other for other in before.needed if other != soname), soname)
            assert len(needed_last(data, [soname])) == len(data)


def test_a_file_in_order_is_returned_as_it_is() -> None:
    """Not even copied."""
    ((_, data),) = elves_in(manifest()["missing_qsort_r"].path)

    assert needed_last(data, []) is data
