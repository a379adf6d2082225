"""Our verdict about each test wheel, and musl's own loaders': they must be the same, in both directions."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Miss, Tally
from tests.support.installed_wheels import agrees, ask_wheel, installed
from tests.support.loaders import Loader, every_loader, what_is_missing

from musl_audit import judge, load_catalog, read_facts

TESTWHEELS = Path(__file__).resolve().parents[2] / "testwheels"
Row = dict[str, Any]


def _questions() -> list[tuple[Row, Loader]]:
    rows: list[Row] = list(tomllib.loads((TESTWHEELS / "MANIFEST.toml").read_text(encoding="utf-8"))["wheels"].values())
    asked = [row for row in rows if row["outcome"] == "report" and row["judged_by_loader"]]
    return [(row, loader) for row in asked for loader in every_loader() if loader.arch == row["arch"]]


@pytest.mark.parametrize(
    ("row", "loader"), _questions(), ids=lambda part: part["file"] if isinstance(part, dict) else str(part)
)
def test_the_verdict_is_the_loaders(row: Row, loader: Loader, tmp_path: Path, miss: Miss, tally: Tally) -> None:
    """We say that a wheel loads on a release exactly if that release's loader loads everything in it."""
    if need := what_is_missing(loader):
        miss(need)
    wheel = TESTWHEELS / "wheels" / row["file"]
    report = judge(read_facts(str(wheel)), load_catalog())

    answer = ask_wheel(loader, tmp_path, installed(wheel, loader.arch, tmp_path))

    is_right = agrees(report, answer)
    tally("test wheels, musl's loaders", 1, int(is_right))
    assert is_right, "\n".join([f"{row['why']}: we say the contrary", *answer.refusals])
