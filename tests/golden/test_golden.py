"""
The whole output for every test wheel: what ``show`` prints, and the wheel's row of the JSON.

``make golden`` writes the files in ``expected/`` anew; the difference is reviewed like code.
"""

import os
from pathlib import Path

import pytest
from tests.support.cli import WHEELS

from musl_audit import __version__
from musl_audit.judging.gate import gate
from musl_audit.model import Outcome, Report
from musl_audit.reporters import reporter
from musl_audit.reporters.base import Heading
from musl_audit.reporters.rows import dump, outcome_row
from musl_audit.workflows.examining import Examination

EXPECTED = Path(__file__).with_name("expected")
IS_REWRITING = os.environ.get("MUSL_AUDIT_GOLDEN") == "rewrite"
EXAMINE = Examination()
NAMES = sorted(path.name for path in WHEELS.iterdir())


def outcome_of(name: str) -> Outcome:
    """Return the outcome for the test wheel *name*, as the commands report it."""
    outcome = EXAMINE(name)
    return gate(outcome, EXAMINE.settings).report if isinstance(outcome, Report) else outcome


def text_of(outcome: Outcome) -> str:
    """Return what ``show`` prints into a pipe."""
    heading = Heading("show", __version__, EXAMINE.catalog.version, EXAMINE.settings)
    return reporter("text", heading).outcome(outcome)


def json_of(outcome: Outcome) -> str:
    """Return the row of the JSON, a field to a line, and so is each object in one."""
    kind, row = outcome_row(outcome)
    fields = ",\n".join(f"  {dump(key)}: {_lines(value)}" for key, value in row.items())
    return f'{{"{kind}": {{\n{fields}\n}}}}\n'


def _lines(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"    {dump(item)}" for item in value) + "\n  ]"
    return dump(value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("suffix", "make"), [("txt", text_of), ("json", json_of)])
def test_what_is_said_about_each_test_wheel(
    name: str, suffix: str, make: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a byte changes unnoticed."""
    assert callable(make)
    monkeypatch.chdir(WHEELS)
    path = EXPECTED / f"{name.partition('-')[0]}.{suffix}"
    said = make(outcome_of(name))

    if IS_REWRITING:
        path.parent.mkdir(exist_ok=True)
        path.write_text(said, encoding="utf-8")

    assert said == path.read_text(encoding="utf-8")


def test_every_expectation_belongs_to_a_test_wheel() -> None:
    """A wheel that is gone leaves nothing behind."""
    stems = {name.partition("-")[0] for name in NAMES}

    assert {path.stem for path in EXPECTED.iterdir()} == stems
    assert len(stems) == len(NAMES)
