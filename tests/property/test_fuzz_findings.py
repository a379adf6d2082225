"""What fuzzing found once is a test from then on (``make fuzz``)."""

from pathlib import Path

import pytest
from tests.fuzz.targets import TARGETS

FINDINGS = Path(__file__).resolve().parents[1] / "fuzz" / "findings"
WHEELS = Path(__file__).resolve().parents[2] / "testwheels" / "wheels"


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_what_was_found_is_answered_or_refused(target: str) -> None:
    """Every reader takes every input: those that it was made for and the others."""
    for path in sorted(FINDINGS.glob("*/*")):
        TARGETS[target](path.read_bytes())


def test_the_target_for_archives_takes_every_test_wheel() -> None:
    """Real ones, and those that are broken on purpose."""
    for path in sorted(WHEELS.glob("*.whl")):
        TARGETS["archive"](path.read_bytes())
