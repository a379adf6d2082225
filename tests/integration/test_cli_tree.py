"""``musl-audit tree``: who needs whom, and found where."""

import json
import zipfile
from pathlib import Path

import jsonschema
import pytest
from tests.support.cli import SCHEMAS, musl_audit
from tests.support.repairs import INPUTS, graftee, repaired, sysroot


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return repaired(graftee(), tmp_path / "out", "--sysroot", sysroot(tmp_path / "root"))


@pytest.mark.parametrize("command", ["tree", "lddtree"])
def test_a_wheel(command: str, wheel: Path) -> None:
    """Each root, and below each file what it needs; told once."""
    answer = musl_audit(command, wheel)

    assert answer.code == 0
    lines = answer.stdout.splitlines()
    root = next(index for index, line in enumerate(lines) if line.startswith("graftee/_graftee"))
    shown = [line.partition("-")[0].partition(".so")[0].rpartition("/")[2].strip() for line in lines[root + 1 :]]
    depths = [(len(line) - len(line.lstrip())) // 2 for line in lines[root + 1 :]]
    assert list(zip(depths, shown, strict=True))[:3] == [(1, "libouter"), (2, "libmiddle"), (3, "libinner")]
    assert any(line.endswith(" (above)") for line in lines)
    assert "    libc.musl-x86_64.so.1: musl" in answer.stdout


def test_a_file_of_an_installed_package(wheel: Path, tmp_path: Path) -> None:
    """What the search paths lead to on disk is told as in the wheel."""
    site = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (extension,) = site.glob("graftee/*.so")

    answer = musl_audit("tree", "--json", extension)

    (load,) = json.loads(answer.stdout)["loads"]
    files = [name.rpartition("/")[2].partition("-")[0].partition(".")[0] for name in load["files"]]
    assert files == ["_graftee", "libouter", "libmiddle", "libside", "libinner"]
    assert {need["provider"] for need in load["needs"]} == {"in-wheel", "libc"}


def test_its_json_is_as_the_schema_says(wheel: Path) -> None:
    """With every field described."""
    answer = musl_audit("tree", "--json", wheel)

    schema = json.loads((SCHEMAS / "tree.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(answer.json, schema)
    (load,) = (load for load in answer.json["loads"] if "_graftee" in load["root"])  # type: ignore[attr-defined]
    described = schema["properties"]["loads"]["items"]["properties"]
    assert set(load) == set(described)
    assert {key for need in load["needs"] for key in need} == set(described["needs"]["items"]["properties"])


def test_an_elf_file_alone() -> None:
    """What is not beside it is from outside."""
    answer = musl_audit("tree", INPUTS / "aarch64" / "libouter.so.1.2")

    assert answer.stdout.splitlines()[:3] == [
        "libouter.so.1.2",
        "  libmiddle.so.2: from outside",
        "  libside.so: from outside",
    ]


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"\x7fELF" + b"\xff" * 100, b"PK\x03\x04"])
def test_a_file_that_is_none_is_one_line(content: bytes, tmp_path: Path) -> None:
    """Exit 4."""
    (tmp_path / "x.so").write_bytes(content)

    answer = musl_audit("tree", tmp_path / "x.so")

    assert (answer.code, answer.stderr.count("\n"), answer.stdout) == (4, 1, "")
