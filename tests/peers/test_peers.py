"""auditwheel's cases through both tools: nothing is worse."""

from pathlib import Path

import pytest
from tests.peers.cases import CASES
from tests.peers.run import Case, Grade, grade, run
from tests.support.cli import ROOT

PAGE = ROOT / "docs" / "explanation" / "auditwheel.md"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_case_is_worse_and_the_table_says_so(case: Case, tmp_path: Path) -> None:
    """``make peers`` writes the table."""
    theirs, ours = run(case, tmp_path)

    found = grade(case, theirs, ours)
    assert found is not Grade.WORSE, ours.said
    assert f"| {case.name} | {found} |" in PAGE.read_text(encoding="utf-8")
