"""
What pip and uv make of archives that can be read in two ways, and what we say of each.

Whatever ``check`` passes, both install, and the same files; whatever one of them refuses, or where they differ, is at
least a warning, and a warning names the installer. The cases are listed in ``docs/explanation/installers.md``.
"""

from pathlib import Path

import pytest
from tests.support.cli import ROOT
from tests.support.double_readings import CASES, NAME
from tests.support.installers import INSTALLERS, Installed

from musl_audit.model import Failure, Outcome, Report, Severity
from musl_audit.workflows.examining import examine

PAGE = ROOT / "docs" / "explanation" / "installers.md"


def ours(wheel: Path) -> Outcome:
    """Return what check makes of *wheel*."""
    (outcome,) = examine([str(wheel)])
    return outcome


def passes(outcome: Outcome) -> bool:
    """Whether *outcome* has nothing against the wheel: notes at most."""
    return isinstance(outcome, Report) and all(one.severity is Severity.NOTE for one in outcome.findings)


@pytest.mark.parametrize("case", CASES)
def test_what_check_passes_both_install_alike(case: str, tmp_path: Path) -> None:
    """The same files with the same bytes."""
    wheel = tmp_path / NAME
    wheel.write_bytes(CASES[case]())
    outcome = ours(wheel)

    installed = {name: install(wheel, tmp_path / name) for name, install in INSTALLERS.items()}

    refused = [name for name, answer in installed.items() if answer.refused]
    if passes(outcome):
        assert not refused, "\n".join(answer.said for answer in installed.values())
        assert installed["pip"].files == installed["uv"].files
    elif refused and is_warned(outcome):
        assert any(name in text_of(outcome) for name in (*refused, "installers"))


def is_warned(outcome: Outcome) -> bool:
    """Whether the worst that is said is a warning."""
    return isinstance(outcome, Report) and not any(one.severity is Severity.ERROR for one in outcome.findings)


def text_of(outcome: Outcome) -> str:
    """Return all that is said of the wheel."""
    if isinstance(outcome, Report):
        return " ".join(one.sentence for one in outcome.findings)
    return outcome.message if isinstance(outcome, Failure) else outcome.reason


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("good")])
def test_a_sound_wheel_passes(case: str, tmp_path: Path) -> None:
    """Or the other test would say nothing."""
    wheel = tmp_path / NAME
    wheel.write_bytes(CASES[case]())

    assert passes(ours(wheel)), text_of(ours(wheel))


def row(case: str, directory: Path) -> str:
    """Return the row of the page for *case*."""
    directory.mkdir()
    wheel = directory / NAME
    wheel.write_bytes(CASES[case]())
    outcome = ours(wheel)
    said = _worst(outcome)
    answers = [_word(install(wheel, directory / name)) for name, install in INSTALLERS.items()]
    return f"| {case} | {said} | {answers[0]} | {answers[1]} |"


def _worst(outcome: Outcome) -> str:
    if not isinstance(outcome, Report):
        return "cannot be read (MUSL004)"
    rows = sorted(outcome.findings, key=lambda one: -one.severity.rank)
    return f"{rows[0].severity} {rows[0].code}" if rows else "nothing"


def _word(answer: Installed) -> str:
    return "refuses" if answer.refused else "installs"


def test_the_page_lists_every_case() -> None:
    """``python -m tools.installers`` writes it."""
    rows = PAGE.read_text(encoding="utf-8").splitlines()

    assert {line.split(" | ")[0].removeprefix("| ") for line in rows if line.startswith("| ")} >= set(CASES)
