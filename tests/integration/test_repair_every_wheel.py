"""Every test wheel through repair: what comes out keeps its promise, and stays as it is."""

from pathlib import Path

import pytest
from tests.support.cli import WHEELS, musl_audit

Row = dict[str, object]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], Path]:
    """What became of each wheel, and where the results are."""
    output = tmp_path_factory.mktemp("repaired")
    answer = musl_audit("repair", "--json", "--no-delegate", "-w", output, WHEELS)
    assert answer.stderr == ""
    rows = answer.json["wheels"]
    assert isinstance(rows, list)
    return rows, output


def test_each_has_a_row_and_its_output(outcome: tuple[list[Row], Path]) -> None:
    """A wheel for each that was repaired or copied, and no other file."""
    rows, output = outcome

    assert len(rows) == len([*WHEELS.glob("*.whl")])
    assert {row["status"] for row in rows} == {"repaired", "copied", "refused", "failed"}
    written = sorted(str(row["output"]) for row in rows if row["exit_code"] == 0)
    assert written == sorted(str(path) for path in output.iterdir())


def test_each_refusal_has_a_reason(outcome: tuple[list[Row], Path]) -> None:
    """Exit 1 with the finding, or 4 with the error."""
    rows, _ = outcome

    assert not [row["path"] for row in rows if row["exit_code"] != 0 and not row["reasons"]]


def test_what_was_copied_is_the_input(outcome: tuple[list[Row], Path]) -> None:
    """Byte for byte."""
    rows, _ = outcome

    for row in rows:
        if row["status"] == "copied":
            assert Path(str(row["output"])).read_bytes() == Path(str(row["path"])).read_bytes()


def test_every_result_keeps_its_promise(outcome: tuple[list[Row], Path]) -> None:
    """By the judge that everybody asks."""
    _, output = outcome

    report = musl_audit("check", "--json", output).json["wheels"]

    assert isinstance(report, list)
    claims = [claim for row in report for claim in row["claims"] if claim["series"] is not None]
    assert claims
    assert [claim for claim in claims if not claim["kept"]] == []


def test_every_result_is_left_alone_by_another_repair(outcome: tuple[list[Row], Path], tmp_path: Path) -> None:
    """Repaired once is repaired."""
    _, output = outcome

    again = musl_audit("repair", "--json", "-w", tmp_path, output).json["wheels"]

    assert isinstance(again, list)
    assert {row["status"] for row in again} == {"copied"}


def test_a_finding_that_is_called_automatic_is_gone(outcome: tuple[list[Row], Path]) -> None:
    """``show`` promises for each finding whether repair mends it: what it did not mend, it must not promise."""
    rows, output = outcome
    repaired = {Path(str(row["output"])).name for row in rows if row["status"] == "repaired"}

    report = musl_audit("show", "--json", output).json["wheels"]

    assert isinstance(report, list)
    left = [
        (row["wheel"], finding["code"])
        for row in report
        if row["wheel"] in repaired
        for finding in row["findings"]
        if finding["fix"] and finding["fix"]["automatic"]
    ]
    assert left == []


def test_no_finding_that_vanished_was_called_beyond_repair(outcome: tuple[list[Row], Path]) -> None:
    """Nor the other way round: what a repair mends, ``show`` says that it mends. What could not be told is no fault."""
    rows, _ = outcome
    repaired = {Path(str(row["path"])): Path(str(row["output"])) for row in rows if row["status"] == "repaired"}
    befores, afters = (
        {row["path"]: {finding["code"]: finding["fix"] for finding in row["findings"]} for row in report}
        for paths in (repaired.keys(), repaired.values())
        if isinstance(report := musl_audit("show", "--json", *paths).json["wheels"], list)
    )

    wrong = [
        (source.name, code)
        for source, result in repaired.items()
        for code, fix in befores[str(source)].items()
        if code not in (*afters[str(result)], "MUSL902") and not (fix and fix["automatic"])
    ]
    assert wrong == []
