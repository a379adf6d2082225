"""What every rule owes: a page, a hint, a real wheel that triggers exactly it, and a near miss that does not."""

import pytest
from tests.support.testwheels import Expected, manifest, releases

from musl_audit.judging.rules import WheelRule, all_rules, rule_of
from musl_audit.model import Failure, Outcome, Report, Severity, Skip
from musl_audit.workflows.examining import examine

CASES = sorted(manifest().values(), key=lambda case: case.case)
RULES = all_rules()
OF_WHEELS = [module for module in RULES if module.rule.code != "MUSL900"]  # which is about what is none


def outcome_of(expected: Expected) -> Outcome:
    """Return what ``check`` makes of a test wheel."""
    return next(examine([expected.path]))


def name_of(value: Expected | WheelRule) -> str:
    """Return the name of a test's case."""
    return value.case if isinstance(value, Expected) else value.rule.code


@pytest.mark.parametrize("module", RULES, ids=name_of)
def test_a_rule_explains_itself(module: WheelRule) -> None:
    """The docstring is the documentation page: a first sentence, and more than that."""
    first, _, rest = module.page.strip().partition("\n\n")

    assert first.endswith(".")
    assert len(rest) > 80


@pytest.mark.parametrize("module", RULES, ids=name_of)
def test_a_rule_has_an_identity(module: WheelRule) -> None:
    """Code and name from one file name; a severity, a hint where something can be done, and a fix as data."""
    rule = module.rule

    assert rule.code == f"MUSL{rule.code[4:]}"
    assert rule.name == rule.name.lower().strip("-")
    assert rule.severity in Severity
    assert rule.hint or rule.severity is Severity.NOTE
    assert rule.fix.kind


def test_codes_and_names_are_unique() -> None:
    """A code is never reused."""
    assert len({module.rule.code for module in RULES}) == len({module.rule.name for module in RULES}) == len(RULES)


@pytest.mark.parametrize("module", OF_WHEELS, ids=name_of)
def test_a_real_wheel_triggers_exactly_this_rule(module: WheelRule) -> None:
    """Nothing but this rule has something to say about it."""
    assert any(case.rules == (module.rule.code,) for case in CASES)


@pytest.mark.parametrize("module", OF_WHEELS, ids=name_of)
def test_a_near_miss_does_not_trigger_it(module: WheelRule) -> None:
    """The edge of the rule is known from both sides."""
    assert any(case.near_miss_of == module.rule.code and module.rule.code not in case.rules for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_test_wheel_gets_the_findings_that_its_manifest_names(case: Expected) -> None:
    """These codes, at these severities, and no others."""
    outcome = outcome_of(case)

    match outcome:
        case Report(findings=findings):
            worst: dict[str, Severity] = {}
            for finding in findings:
                worst[finding.code] = max(finding.severity, worst.get(finding.code, finding.severity), key=rank)
            assert (case.outcome, worst) == ("report", case.severities)
            assert not [item.code for item in findings if item.fails_on and not rule_of(item.code).tells_releases]
        case Failure(code=code):
            assert (case.outcome, case.rules) == ("failure", (code,))
        case Skip():
            assert case.outcome == "skip"


def rank(severity: Severity) -> int:
    """Return how much *severity* weighs."""
    return severity.rank


@pytest.mark.parametrize("case", [case for case in CASES if case.loads_on is not None], ids=name_of)
def test_a_test_wheel_loads_where_its_manifest_says(case: Expected) -> None:
    """On these releases, of those that the manifest speaks about, and on no others."""
    outcome = outcome_of(case)

    assert isinstance(outcome, Report)
    ours = {str(release) for release in outcome.verdict.loads_on} & releases()
    assert ours == set(case.loads_on or ())
