"""The policy files themselves: schemas, their converter, and the directory that they are read from."""

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
from tests.support.policies import POLICIES, shipped, shipped_files
from tests.support.values import newest
from tools.convert_policies import convert

from musl_audit.adapters.catalogs import load_catalog, policies_directory
from musl_audit.errors import PolicyError
from musl_audit.policy.render import LINE_LENGTH, render


@pytest.mark.parametrize("path", shipped_files())
def test_every_policy_file_fits_its_schema(path: str) -> None:
    """Each names its schema, JSON Schema 2020-12 without additional properties."""
    content = shipped(path)
    schema = json.loads((POLICIES / path).parent.joinpath(str(content["$schema"])).read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(content)

    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("path", shipped_files())
def test_every_policy_file_is_rendered_for_review(path: str) -> None:
    """One layout for files written by hand and by tools, so that a diff shows the change alone."""
    assert (POLICIES / path).read_text(encoding="utf-8") == render(shipped(path))


def test_names_are_filled_into_lines() -> None:
    """2,000 names are a page of lines that no one has to scroll sideways."""
    lines = render({"added": [f"symbol_{number}" for number in range(100)]}).splitlines()
    assert max(map(len, lines)) <= LINE_LENGTH
    assert len(lines) < 20


def test_the_converter_reproduces_the_committed_files() -> None:
    """Byte for byte, from the measured data beside it; releases measured later have files of their own."""
    converted = convert()
    committed = {path: (POLICIES / path).read_text(encoding="utf-8") for path in converted}
    assert converted == committed
    assert len(converted) == 32 + 9 + 2


def test_a_directory_of_ones_own_can_be_named(tmp_path: Path) -> None:
    """``--policies DIR``."""
    shutil.copytree(POLICIES, tmp_path / "mine")
    (tmp_path / "mine" / "musl" / f"{newest()}.json").unlink()

    catalog = load_catalog(tmp_path / "mine")

    assert newest() not in map(str, catalog.releases)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{", "Expecting"), ("[]", "an object was expected"), ('{"version": 5}', "text was expected")],
)
def test_a_malformed_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    """One line with the file's name, whatever is wrong with it."""
    (tmp_path / "policy.json").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=rf"policy\.json.*{complaint}"):
        _ = load_catalog(tmp_path).version


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    """A typing error in ``--policies`` is no traceback."""
    with pytest.raises(PolicyError, match="nowhere"):
        _ = load_catalog(tmp_path / "nowhere").releases


def test_the_policies_are_found_without_being_named() -> None:
    """Inside the installed package, or at the root of an editable install."""
    assert Path(policies_directory(), "musl", "1.2.3.json").is_file()
