"""What an index's configuration means, without a server."""

import pytest

from musl_audit import Severity, UsageError, load_catalog
from musl_audit_devpi.settings import defaults, faults, read_settings
from musl_audit_devpi.words import reason

CATALOG = load_catalog()


def test_defaults_refuse_errors_and_what_cannot_be_judged() -> None:
    """An index that is older than the plug-in has the defaults, too."""
    assert read_settings(defaults(), CATALOG) == read_settings({}, CATALOG)
    assert read_settings({}, CATALOG).settings.fail_on is Severity.ERROR
    assert not read_settings({}, CATALOG).admits_unjudgeable


def test_each_setting_is_understood() -> None:
    """Keys of others are theirs."""
    config = {
        "bases": ("root/pypi",),
        "musl_audit_floor": "alpine-3.18",
        "musl_audit_fail_on": "never",
        "musl_audit_ignore": ["MUSL1", "MUSL401"],
        "musl_audit_warn_only": True,
        "musl_audit_unjudgeable": "allow",
    }

    gate = read_settings(config, CATALOG)

    assert (gate.settings.floor, gate.settings.fail_on, gate.settings.ignore) == (
        "alpine-3.18",
        None,
        ("MUSL1", "MUSL401"),
    )
    assert (gate.warns_only, gate.admits_unjudgeable) == (True, True)


WRONG = {
    "floor": ("1.9.9", "unknown musl release 1.9.9"),
    "fail_on": ("fatal", "'fatal' is none of note, warning, error, never"),
    "ignore": (["MUSL9999"], "unknown code 'MUSL9999'"),
    "warn_only": ("maybe", "'maybe' is neither true nor false"),
    "unjudgeable": ("ask", "'ask' is none of refuse, allow"),
}


@pytest.mark.parametrize("key", WRONG)
def test_a_value_that_means_nothing_is_told_with_its_key(key: str) -> None:
    """One line, in the reader's words."""
    value, said = WRONG[key]

    with pytest.raises(UsageError, match=f"^musl_audit_{key}: {said}"):
        read_settings({f"musl_audit_{key}": value}, CATALOG)


@pytest.mark.parametrize("key", ["floor", "ignore", "unjudgeable", "fail_on"])
def test_a_value_of_another_type_is_told_as_well(key: str) -> None:
    """Whoever sends JSON can send anything."""
    with pytest.raises(UsageError, match=f"musl_audit_{key}: "):
        read_settings({f"musl_audit_{key}": 7}, CATALOG)


def test_all_indexes_with_faults_are_named_at_once() -> None:
    """So that a server that does not start says all that keeps it from starting."""
    indexes = [("root/a", {"musl_audit_fail_on": "x"}), ("root/b", {}), ("root/c", {"musl_audit_floor": "alpine-1"})]

    assert [line.partition(":")[0] for line in faults(iter(indexes), CATALOG)] == ["root/a", "root/c"]


def test_a_reason_phrase_is_one_short_line_of_ascii() -> None:
    """HTTP allows no more, and a wheel's name may be hostile."""
    assert reason("Crashes on Alpine 3.13–3.17\r\nX-Evil: “1”\x1b") == "Crashes on Alpine 3.13-3.17 X-Evil: 1"
    assert len(reason("x" * 9000)) == 400
