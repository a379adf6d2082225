"""From what a user names to outcomes."""

from pathlib import Path

import pytest
from tests.support.cli import wheel
from tests.support.values import extension, judged
from tests.support.values import wheel as facts_of

from musl_audit.cli.inputs import inputs_of
from musl_audit.errors import UsageError
from musl_audit.model import Failure, Report, Skip
from musl_audit.workflows.examining import Examination, outcomes_of, reason_to_skip


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl", None),
        ("demo-1.0-cp312-cp312-manylinux_2_17_x86_64.musllinux_1_2_x86_64.whl", None),
        ("demo-1.0-cp312-cp312-linux_x86_64.whl", None),
        ("demo-1.0-py3-none-any.whl", None),
        ("demo.whl", None),
        ("demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", "manylinux"),
        ("demo-1.0-cp312-cp312-macosx_11_0_arm64.whl", "macosx"),
        ("demo-1.0-cp312-cp312-win_amd64.whl", "win"),
        ("demo-1.0.tar.gz", "sdist"),
    ],
)
def test_only_other_platforms_and_sources_are_skipped_by_name(name: str, reason: str | None) -> None:
    """A wheel for any platform must be opened to know; a name that is no wheel's is a finding."""
    assert reason_to_skip(name) == reason


def test_facts_of_a_pure_wheel_are_skipped() -> None:
    """Pure means that there is no ELF file in it."""
    assert Examination().judged(facts_of(platform="any"), "x") == Skip("x", "pure")


def test_facts_are_judged_as_they_were_read() -> None:
    """With the path that is given, not the one they were read from."""
    facts = facts_of(extension())
    report = Examination().judged(facts, "elsewhere")

    assert isinstance(report, Report)
    assert (report.path, report.verdict) == ("elsewhere", judged(facts).verdict)


def test_nothing_named_is_wrong_usage() -> None:
    """There is no default directory."""
    with pytest.raises(UsageError, match="no wheel given"):
        inputs_of([])


def test_outcomes_come_in_the_order_of_the_inputs(tmp_path: Path) -> None:
    """Whatever they are."""
    clean = wheel("clean_x86_64")
    found = list(outcomes_of(inputs_of([str(tmp_path), str(clean), "none.whl"]), Examination(), 1))

    assert [type(outcome) for outcome in found] == [Skip, Report, Failure]
