"""Each way to break the code on purpose finds what it would break."""

import pytest
from tools.mutants import MUTANTS, ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_breaks_is_there(mutant: Mutant) -> None:
    """Code that moved takes its mutants along."""
    assert mutant.old in (ROOT / mutant.path).read_text()
    assert mutant.old != mutant.new
