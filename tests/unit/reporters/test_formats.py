"""Formats are found by file name, and offer the same three methods."""

import pytest
from tests.support.values import catalog, extension, judged, wheel

from musl_audit.judging.settings import Settings
from musl_audit.model import Failure, Outcome, Severity, Skip
from musl_audit.reporters import formats, reporter
from musl_audit.reporters.base import Heading, Tally

CLEAN = judged(wheel(extension()))
NOTED = judged(wheel(extension(has_text_relocations=True)))
OUTCOMES: list[Outcome] = [NOTED, CLEAN, Failure("x.whl", "MUSL004", "truncated"), Skip("y.whl", "win")]


def heading(command: str, *, is_quiet: bool = False) -> Heading:
    """Return what a reporter is told."""
    return Heading(command, "0.1.0", catalog().version, Settings(), is_quiet=is_quiet)


def test_formats_are_found_by_file_name() -> None:
    """A new one is one new file."""
    assert set(formats()) >= {"csv", "github", "gitlab", "html", "json", "jsonl", "junit", "markdown", "sarif", "text"}


@pytest.mark.parametrize("name", formats())
@pytest.mark.parametrize("command", ["show", "check"])
@pytest.mark.parametrize("is_quiet", [True, False])
def test_a_report_is_whole_lines(name: str, command: str, is_quiet: bool) -> None:
    """However it is cut into pieces."""
    report = reporter(name, heading(command, is_quiet=is_quiet))
    tally = Tally()
    pieces = [report.begin()]
    for outcome in OUTCOMES:
        tally.add(outcome)
        pieces.append(report.outcome(outcome))
    pieces.append(report.end(tally.summary(exit_code=4)))

    assert "".join(pieces).endswith("\n")
    assert all(piece == "" or piece.endswith("\n") for piece in pieces)


def test_a_tally_counts_what_passes() -> None:
    """Findings by severity, skips by reason."""
    tally = Tally()
    for outcome in OUTCOMES:
        tally.add(outcome)

    summary = tally.summary(exit_code=4)
    assert (summary.examined, summary.failed, summary.skipped, summary.notes) == (2, 1, 1, 1)
    assert summary.skip_reasons == (("win", 1),)
    assert {finding.severity for finding in NOTED.findings} == {Severity.NOTE}
