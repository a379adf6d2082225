"""What a repair does where it cannot keep the promise: it says what it could mend and what remains, or writes that."""

import json
import shutil
import zipfile
from pathlib import Path

import jsonschema
import pytest
from tests.conftest import Miss
from tests.support.cli import ROOT, SCHEMAS, Answer, musl_audit, wheel
from tests.support.repairs import repair
from tests.support.testwheels import manifest

PILLOW = ROOT / ".cache" / "corpus" / "pillow-13.0.0-cp312-cp312-musllinux_1_2_x86_64.whl"


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """Return a wheel with packed relocations, which can be mended, and a call of ``qsort_r``, which is to stay."""
    source = manifest()["packed_relocations_x86_64"].path
    target = Path(shutil.copyfile(source, tmp_path / source.name))
    with zipfile.ZipFile(wheel("missing_qsort_r")) as other, zipfile.ZipFile(target, "a") as archive:
        name = next(name for name in other.namelist() if name.endswith(".so"))
        archive.writestr(f"packed_relocations_x86_64/_sorting.{name.partition('.')[2]}", other.read(name))
    return target


def shown(path: Path) -> dict[str, object]:
    rows = musl_audit("show", "--json", path).json["wheels"]
    assert isinstance(rows, list)
    row: dict[str, object] = rows[0]
    return row


def codes(row: dict[str, object]) -> set[str]:
    findings = row["findings"]
    assert isinstance(findings, list)
    return {finding["code"] for finding in findings if finding["severity"] == "error"}


def written(directory: Path) -> list[Path]:
    return [*directory.iterdir()] if directory.exists() else []


def test_what_could_be_mended_what_remains_and_both_ways_on_are_told(half: Path, tmp_path: Path) -> None:
    """Exit 1, and nothing is written."""
    answer = repair(half, tmp_path / "out", "--no-polyfill")

    assert (answer.code, written(tmp_path / "out")) == (1, [])
    assert "  MUSL101 qsort_r: in musl from 1.2.3 on" in answer.stderr
    assert "mended would be: MUSL401 packed-relocations in 1 file\n" in answer.stderr
    assert "`--floor 1.2.3`, which the result would pass, or `--warn`, which writes" in answer.stderr


def test_the_floor_that_is_named_passes(half: Path, tmp_path: Path) -> None:
    """Not only in words; and what older releases lack is mended all the same."""
    answer = repair(half, tmp_path / "out", "--no-polyfill", "--floor", "1.2.3")

    assert answer.code == 0
    (result,) = written(tmp_path / "out")
    assert codes(shown(result)) == {"MUSL101"}


def test_the_best_there_is_is_written_when_asked(half: Path, tmp_path: Path) -> None:
    """Exit 0; what remains is told on stderr; the tag is the one that was promised."""
    answer = repair(half, tmp_path / "out", "--no-polyfill", "--warn")

    assert (answer.code, [path.name for path in written(tmp_path / "out")]) == (0, [half.name])
    assert "the best there is, but it does not keep its promise:\n" in answer.stderr
    assert "  MUSL101 qsort_r: in musl from 1.2.3 on" in answer.stderr
    assert codes(shown(tmp_path / "out" / half.name)) == {"MUSL101"}


def test_a_wheel_with_nothing_to_mend_is_copied_when_asked(tmp_path: Path) -> None:
    """And told about as any other that does not keep its promise."""
    answer = repair(wheel("missing_qsort_r"), tmp_path / "out", "--no-polyfill", "--warn")

    assert (answer.code, written(tmp_path / "out")[0].read_bytes()) == (0, wheel("missing_qsort_r").read_bytes())
    assert "nothing to mend, copied" in answer.stdout
    assert "does not keep its promise" in answer.stderr


def test_a_wheel_that_keeps_its_promise_is_repaired_as_without(tmp_path: Path) -> None:
    """Nobody is warned of anything."""
    source = manifest()["packed_relocations_x86_64"].path

    plain, best = repair(source, tmp_path / "one"), repair(source, tmp_path / "two", "--warn")

    assert (plain.code, best.code, best.stderr) == (0, 0, "")
    assert (tmp_path / "one" / source.name).read_bytes() == (tmp_path / "two" / source.name).read_bytes()


def test_a_library_that_is_not_found_stays_outside(tmp_path: Path) -> None:
    """The rest is done."""
    answer = repair(wheel("external_library"), tmp_path / "out", "--warn")

    assert answer.code == 0
    assert "not found" in answer.stderr or "not searched anywhere" in answer.stderr
    assert len(written(tmp_path / "out")) == 1


@pytest.mark.parametrize("options", [(), ("--warn",), ("--warn", "--dry-run")])
def test_the_report_says_so(options: tuple[str, ...], half: Path, tmp_path: Path) -> None:
    """The same in JSON, by its schema."""
    answer = repair(half, tmp_path / "out", "--no-polyfill", "--json", *options)

    jsonschema.validate(answer.json, json.loads((SCHEMAS / "repair.schema.json").read_text()))
    (row,) = answer.json["wheels"]  # type: ignore[misc]
    assert (row["keeps_promise"], row["passing_floor"]) == (False, "1.2.3")  # type: ignore[has-type]
    assert row["mended"] == ["MUSL401 packed-relocations in 1 file"]  # type: ignore[has-type]
    assert row["reasons"][0].startswith("MUSL101 qsort_r")  # type: ignore[has-type]


def test_what_cannot_be_unpacked_is_left_and_the_rest_is_done(tmp_path: Path) -> None:
    """A signed file next to one that is not."""
    from tests.integration.test_repair_refuses_unpacking import LIBRARY, REFUSED, with_library

    source = with_library(REFUSED["the file is signed"], tmp_path)

    answer = repair(source, tmp_path / "out", "--warn")

    assert answer.code == 0
    assert f"MUSL401 the packed relocations of {LIBRARY} cannot be unpacked: the file is signed" in answer.stderr
    with zipfile.ZipFile(tmp_path / "out" / source.name) as archive:
        assert archive.read(LIBRARY) == REFUSED["the file is signed"]


def test_pillow_13(tmp_path: Path, miss: Miss) -> None:
    """Its packed relocations go, and ``qsort_r`` remains."""
    if not PILLOW.exists():
        miss("corpus")

    refused, best = (
        repair(PILLOW, tmp_path / "one", "--no-polyfill"),
        repair(PILLOW, tmp_path / "two", "--no-polyfill", "--warn"),
    )

    assert (refused.code, written(tmp_path / "one")) == (1, [])
    assert _is_told(refused)
    assert "`--floor 1.2.3`, which the result would pass, or `--warn`" in refused.stderr
    assert best.code == 0
    assert _is_told(best)
    (result,) = written(tmp_path / "two")
    assert codes(shown(result)) == {"MUSL101"}


def _is_told(answer: Answer) -> bool:
    return "MUSL101 qsort_r" in answer.stderr
