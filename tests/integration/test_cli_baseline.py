"""What is known does not fail, what is new does, what is gone is said."""

import json
import zipfile
from pathlib import Path

import pytest
from tests.support.archives import demo_files, wheel_of
from tests.support.cli import musl_audit, wheel

BROKEN, CLEAN = wheel("packed_relocations_x86_64"), wheel("clean_x86_64")


def written(tmp_path: Path, *wheels: Path) -> Path:
    """Return a baseline of *wheels*."""
    file = tmp_path / "baseline.json"
    assert musl_audit("check", "--write-baseline", file, *wheels).code == 0
    return file


def packed(directory: Path, build: str, *libraries: str) -> Path:
    """Return a wheel of that build whose *libraries* have packed relocations."""
    with zipfile.ZipFile(BROKEN) as archive:
        data = next(archive.read(name) for name in archive.namelist() if ".libs/" in name)
    files = {f"demo.libs/{name}": data for name in libraries}
    path = directory / f"demo-1.0-{build}-cp312-cp312-musllinux_1_2_x86_64.whl"
    path.write_bytes(wheel_of({**files, **demo_files()}))
    return path


def test_what_is_known_does_not_fail(tmp_path: Path) -> None:
    """It is counted."""
    file = written(tmp_path, BROKEN, CLEAN)

    answer = musl_audit("check", "--baseline", file, BROKEN, CLEAN)

    assert (answer.code, f"1 known finding, says {file}" in answer.stdout.replace("\n", " ")) == (0, True)
    assert "MUSL401" not in answer.stdout


def test_what_is_new_fails(tmp_path: Path) -> None:
    """Another wheel, or another library."""
    file = written(tmp_path, CLEAN)

    answer = musl_audit("check", "--baseline", file, "--quiet", BROKEN, CLEAN)

    assert (answer.code, "MUSL401 error" in answer.stdout) == (1, True)


def test_another_library_in_the_same_finding_is_new(tmp_path: Path) -> None:
    """Only it is told."""
    (tmp_path / "old").mkdir()
    file = written(tmp_path, packed(tmp_path / "old", "1", "libone-0cd532bd.so.1"))

    new = packed(tmp_path, "1", "libone-0cd532bd.so.1", "libtwo-a3a07607.so.1")
    finding = _packed_finding(musl_audit("check", "--json", "--baseline", file, new).json)

    assert finding["members"] == ["demo.libs/libtwo-a3a07607.so.1"]


def test_a_rebuilt_wheel_is_the_same(tmp_path: Path) -> None:
    """Another build, another digest in the library's name."""
    file = written(tmp_path, packed(tmp_path, "1", "libone-0cd532bd.so.1"))

    answer = musl_audit("check", "--baseline", file, packed(tmp_path, "2", "libone-a3a07607.so.1"))

    assert (answer.code, "MUSL401" in answer.stdout) == (0, False)


def test_what_is_gone_is_said(tmp_path: Path) -> None:
    """So that the baseline can be written again."""
    file = written(tmp_path, packed(tmp_path, "1", "libone-0cd532bd.so.1", "libtwo-a3a07607.so.1"))

    answer = musl_audit("check", "--json", "--baseline", file, packed(tmp_path, "2", "libone-0cd532bd.so.1"))

    summary = answer.json["summary"]
    assert isinstance(summary, dict)
    assert summary["gone"] == ["MUSL401 demo-cp312-cp312-musllinux_1_2_x86_64 demo.libs/libtwo.so.1"]


def test_wheels_that_were_not_asked_about_are_not_gone(tmp_path: Path) -> None:
    """A job of a matrix has only its own wheels."""
    file = written(tmp_path, BROKEN)

    assert "Gone" not in musl_audit("check", "--baseline", file, CLEAN).stdout


def test_the_file_is_the_same_in_any_order(tmp_path: Path) -> None:
    """A diff shows what changed, and nothing else."""
    one, other = (written(tmp_path, *wheels).read_text() for wheels in ((BROKEN, CLEAN), (CLEAN, BROKEN)))

    assert one == other
    assert json.loads(one)["schema_version"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such file; --write-baseline"),
        ("{", "is no JSON"),
        ("[]", "is no baseline"),
        ('{"schema_version": 2}', "has schema_version 2"),
        ('{"schema_version": 1, "wheels": {"x": []}}', "x is no object"),
        ('{"schema_version": 1, "wheels": {"x": {"MUSL401": [{"member": 1}]}}}', "a row of x, MUSL401 is none"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused(text: str | None, words: str, tmp_path: Path) -> None:
    """2, in one line."""
    file = tmp_path / "baseline.json"
    if text is not None:
        file.write_text(text)

    answer = musl_audit("check", "--baseline", file, CLEAN)

    assert (answer.code, answer.stderr.count("\n"), words in answer.stderr) == (2, 1, True)


def _packed_finding(report: dict[str, object]) -> dict[str, object]:
    wheels = report["wheels"]
    assert isinstance(wheels, list)
    finding: dict[str, object] = next(row for row in wheels[0]["findings"] if row["code"] == "MUSL401")
    return finding
