"""What the gate lets through, and what it answers."""

import pytest
from tests.support.values import codes, extension, judged, library, uses, wheel

from musl_audit.judging.gate import exit_code, gate
from musl_audit.judging.settings import Settings
from musl_audit.model import Failure, Outcome, Report, Severity, Skip

CLEAN = judged(wheel(extension()))
BROKEN = judged(wheel(extension(undefined=uses("qsort_r"), has_text_relocations=True)))
UNJUDGED = judged(wheel(library(), platform="musllinux_1_2_mips64"))
FAILED = Failure("x.whl", "MUSL004", "truncated")
SKIPPED = Skip("x.tar.gz", "sdist")


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([CLEAN], 0),
        ([CLEAN, SKIPPED], 0),
        ([BROKEN, CLEAN], 1),
        ([SKIPPED], 3),
        ([], 3),
        ([FAILED, BROKEN], 4),
        ([UNJUDGED], 4),
    ],
)
def test_incomplete_comes_before_findings_before_nothing(outcomes: list[Outcome], code: int) -> None:
    """4 > 1 > 3 > 0."""
    assert exit_code(outcomes, Settings()) == code


def test_an_empty_run_may_be_allowed() -> None:
    """cibuildwheel audits every platform's wheels."""
    assert exit_code([SKIPPED], Settings(), allow_empty=True) == 0


def test_skips_may_be_refused() -> None:
    """A gate that expects only musllinux wheels."""
    assert exit_code([CLEAN, SKIPPED], Settings(), strict_inputs=True) == 4


@pytest.mark.parametrize(("threshold", "code"), [(Severity.NOTE, 1), (Severity.ERROR, 1), (None, 0)])
def test_the_threshold_decides(threshold: Severity | None, code: int) -> None:
    """--fail-on never passes whatever is found."""
    assert exit_code([BROKEN], Settings(fail_on=threshold)) == code


def test_codes_are_selected_and_ignored_by_prefix() -> None:
    """As in ruff and check-wheel-contents."""
    assert codes(gate(BROKEN, Settings(select=("MUSL4",))).report) == ["MUSL405"]
    assert codes(gate(BROKEN, Settings(ignore=("MUSL1",))).report) == ["MUSL405"]


def test_ignoring_does_not_make_a_tag_kept() -> None:
    """A gate may look away, the loader does not."""
    assert gate(BROKEN, Settings(ignore=("MUSL",))).report.claims[0].kept is False


def test_a_finding_keeps_the_files_that_are_not_ignored() -> None:
    """Per-file ignores take out files, not facts."""
    report: Report = judged(wheel(extension(packed_relocations=8), library("demo/tests/libx.so", packed_relocations=8)))
    gated = gate(report, Settings(per_file_ignores=(("demo/tests/*", ("MUSL401",)),)))

    assert gated.report.findings[0].members == (extension().path,)
    assert gated.used_ignores == {"demo/tests/*"}


def test_ignores_that_matched_nothing_are_known() -> None:
    """They are listed, so that they can be deleted."""
    assert gate(CLEAN, Settings(ignore=("MUSL101",))).used_ignores == frozenset()
