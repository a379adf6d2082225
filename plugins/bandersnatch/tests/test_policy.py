"""What a mirror's settings mean, without bandersnatch."""

import pytest

from musl_audit import Sighting, UsageError
from musl_audit_bandersnatch.policy import Counts, read_policy

MIXED = Sighting("a.whl", is_for_musl=True, loads_on=("alpine-3.18",), fails_on=(("alpine-3.15", "crash"),))
BROKEN = Sighting("a.whl", is_for_musl=True, fails_on=(("alpine-3.15", "crash"), ("alpine-3.18", "crash")))
UNKNOWN = Sighting("a.whl", is_for_musl=True, unknown_on=("alpine-3.15", "alpine-3.18"))
OTHER = Sighting("a-1.0.tar.gz", is_for_musl=False)


@pytest.mark.parametrize(
    ("settings", "left_out"),
    [
        ({}, ["broken"]),
        ({"keep": "all"}, ["mixed", "broken"]),
        ({"unjudgeable": "drop"}, ["broken", "unknown"]),
    ],
    ids=str,
)
def test_what_is_left_out(settings: dict[str, str], left_out: list[str]) -> None:
    """By default what loads nowhere; a file that is none of musl's stays always."""
    policy = read_policy({"on": "alpine-3.15 alpine-3.18", **settings})
    files = {"mixed": MIXED, "broken": BROKEN, "unknown": UNKNOWN, "other": OTHER}

    assert [name for name, sighting in files.items() if policy.reason_against(sighting)] == left_out


def test_the_reason_names_each_place() -> None:
    """With what is in the way there."""
    assert read_policy({"on": "alpine-3.15\nalpine-3.18"}).reason_against(BROKEN) == (
        "does not load on alpine-3.15: crash, alpine-3.18: crash"
    )


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({}, "on: name what the mirror serves"),
        ({"on": "alpine-3.15", "kep": "all"}, "kep: no such setting; there are on, keep, judge, unjudgeable, dry-run"),
        ({"on": "alpine-3.15", "keep": "some"}, "keep: 'some' is none of any, all"),
        ({"on": "alpine-3.15", "judge": "guess"}, "judge: 'guess' is none of probe, file"),
        ({"on": "alpine-3.15", "dry-run": "perhaps"}, "dry-run: 'perhaps' is neither true nor false"),
    ],
    ids=str,
)
def test_settings_that_mean_nothing_are_told(section: dict[str, str], said: str) -> None:
    """With the section and the key."""
    with pytest.raises(UsageError) as raised:
        read_policy(section)

    assert str(raised.value).startswith(f"[musl_audit] {said}")


def test_counts_name_what_was_left_out_most() -> None:
    """In one line."""
    counts = Counts(others=3, kept=2, unknown=1)
    for project in ("numpy", "numpy", "pillow"):
        counts.leave_out(project, 1_000_000)

    assert counts.line(is_dry_run=False) == (
        "musl-audit left out 3 of 5 wheels for musl, 3.0 MB (numpy 2, pillow 1); "
        "1 could not be judged, 3 files are others"
    )
