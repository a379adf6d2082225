"""
The whole output for a test wheel of each rule: what ``show`` prints, and the wheel's row of the JSON.

The wheels are those that have files in ``expected/``. ``make golden`` writes them anew, ``make golden NEW=CASE`` with
one more; the difference is reviewed like code. They are judged with the policies of one day, ``policies.json``, so
that a new release of musl or Alpine changes none of them; ``make golden-policies`` takes those of today.
"""

import os
from pathlib import Path

import pytest
from tests.support.cli import WHEELS
from tests.support.policies import frozen_catalog
from tests.support.testwheels import manifest

from musl_audit.errors import WheelError
from musl_audit.judging.audit import judge
from musl_audit.judging.gate import gate
from musl_audit.judging.rules import all_rules
from musl_audit.judging.settings import Settings
from musl_audit.model import Failure, Outcome
from musl_audit.reporters import reporter
from musl_audit.reporters.base import Heading
from musl_audit.reporters.rows import dump, outcome_row
from musl_audit.workflows.reading import read_facts

EXPECTED = Path(__file__).with_name("expected")
IS_REWRITING = os.environ.get("MUSL_AUDIT_GOLDEN") == "rewrite"
CASES = sorted({path.stem for path in EXPECTED.iterdir()})


def outcome_of(case: str) -> Outcome:
    """Return the outcome for a test wheel, as the commands report it."""
    name = manifest()[case].file
    try:
        facts = read_facts(name)
    except WheelError as error:
        return Failure(name, error.code, str(error))
    return gate(judge(facts, frozen_catalog(), Settings(), path=name), Settings()).report


def text_of(outcome: Outcome) -> str:
    """Return what ``show`` prints into a pipe."""
    heading = Heading("show", "1.2.3", frozen_catalog().version, Settings())
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


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("suffix", "make"), [("txt", text_of), ("json", json_of)])
def test_what_is_said_about_a_test_wheel(case: str, suffix: str, make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a byte changes unnoticed."""
    assert callable(make)
    monkeypatch.chdir(WHEELS)
    path = EXPECTED / f"{case}.{suffix}"
    said = make(outcome_of(case))

    if IS_REWRITING:
        path.write_text(said, encoding="utf-8")

    assert said == path.read_text(encoding="utf-8")


def test_every_rule_is_seen_in_one_of_them() -> None:
    """`make golden NEW=CASE` adds the test wheel of a new rule."""
    seen = {code for case in CASES for code in manifest()[case].rules}

    assert {module.rule.code for module in all_rules()} - {"MUSL900"} <= seen
