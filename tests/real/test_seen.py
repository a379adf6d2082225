"""The pages of the rules name real wheels: each has the finding."""

import json

import pytest
from tests.conftest import Miss
from tools.evidence.seen import DATA, PLACES, ROOT, seen

pytestmark = pytest.mark.real
NAMED = json.loads(DATA.read_text(encoding="utf-8"))["rules"]


@pytest.mark.parametrize("code", sorted(NAMED))
def test_a_wheel_that_the_page_of_a_rule_names_has_the_finding(code: str, miss: Miss) -> None:
    """As many as were fetched; one of the corpus, of those that are repaired, or of those that are good."""
    paths = {path.name: path for place in PLACES for path in (ROOT / ".cache" / place).rglob("*.whl")}
    there = [paths[name] for name in NAMED[code] if name in paths]
    if not there:
        miss("corpus")

    for path in there:
        assert code in seen([path])
