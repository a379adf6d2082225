"""``show FILE.so``: an ELF file by itself is judged, and nothing is made up about its tags."""

import json
import zipfile
from pathlib import Path

import jsonschema
import pytest
from tests.support.cli import SCHEMAS, musl_audit, wheel


@pytest.fixture
def extension(tmp_path: Path) -> Path:
    """Return an extension that needs qsort_r, which musl has from 1.2.3 on, out of its wheel."""
    return unpacked("missing_qsort_r", tmp_path)


def unpacked(name: str, directory: Path) -> Path:
    """Return the extension of a test wheel, unpacked with all that is beside it."""
    with zipfile.ZipFile(wheel(name)) as archive:
        names = [name for name in archive.namelist() if not name.partition("/")[0].endswith(".dist-info")]
        archive.extractall(directory, names)
        return directory / next(name for name in names if ".cpython-" in name)


def test_a_file_by_itself_has_a_ladder_and_no_tags(extension: Path) -> None:
    """The loader looks at no tag."""
    answer = musl_audit("show", extension)

    assert answer.code == 0
    text = " ".join(answer.stdout.split())
    assert "Works on Alpine 3.15 and later. A file by itself, no wheel: its tags are unknown" in text
    assert "MUSL001" not in text
    assert "musl-audit repair" not in text


def test_its_report_says_what_it_is(extension: Path) -> None:
    """``file`` is a kind of its own; nothing is promised, so nothing is broken."""
    report = musl_audit("show", "--json", extension).json
    jsonschema.validate(report, json.loads((SCHEMAS / "report.schema.json").read_text(encoding="utf-8")))

    rows = report["wheels"]
    assert isinstance(rows, list)
    found = rows[0]
    assert (found["kind"], found["name"], found["claims"], found["required_musl"]) == ("file", None, [], "1.2.3")


def test_check_fails_for_what_no_musl_loads(tmp_path: Path) -> None:
    """Without a promise that is all that can fail, and no repair of wheels mends it."""
    answer = musl_audit("check", unpacked("initial_exec_extension_x86_64", tmp_path))

    assert answer.code == 1
    assert "MUSL402" in answer.stdout
    assert "musl-audit repair" not in answer.stdout


def test_facts_of_a_file_are_judged_the_same(extension: Path, tmp_path: Path) -> None:
    """Whatever wrote them down says that there was no wheel."""
    facts = tmp_path / "facts.jsonl"
    facts.write_text(musl_audit("show", "--facts", extension).stdout, encoding="utf-8")

    assert musl_audit("check", "--from-facts", facts).stdout == musl_audit("check", extension).stdout


def test_a_damaged_file_is_one_line(extension: Path) -> None:
    """And code 4, as for a wheel that cannot be read."""
    extension.write_bytes(extension.read_bytes()[:100])

    answer = musl_audit("show", extension)

    assert (answer.code, answer.stdout.count("\n")) == (4, 3)
    assert "MUSL901" in answer.stdout
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("command", ["repair", "env"])
def test_other_commands_take_wheels_alone(command: str, extension: Path, tmp_path: Path) -> None:
    """Nothing is written."""
    arguments = ["-w", tmp_path / "out"] if command == "repair" else ["--wheel"]

    answer = musl_audit(command, *arguments, extension)

    assert "not a wheel" in answer.stderr + answer.stdout
    assert not (tmp_path / "out").exists()
