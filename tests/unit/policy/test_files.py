"""The policy files themselves: schemas, their converter, and the directory that they are read from."""

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
from tests.support.policies import POLICIES, shipped, shipped_files
from tools.policies.convert_policies import convert

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
    mine = copied(tmp_path)
    about = mine / "policy.json"
    about.write_text(about.read_text(encoding="utf-8").replace('"version": "', '"version": "mine-'), encoding="utf-8")

    assert load_catalog(mine).version.startswith("mine-")


def test_a_directory_of_ones_own_is_checked_whole(tmp_path: Path) -> None:
    """Each fault is named with its file, those that no question of today would meet as well."""
    mine = copied(tmp_path)
    (mine / "musl" / "1.2.6.json").unlink()
    (mine / "hints.json").write_text("{")

    with pytest.raises(PolicyError) as caught:
        load_catalog(mine)

    assert "hints.json: Expecting" in str(caught.value)
    assert "distributions.json: alpine-3.24 ships musl 1.2.6, which is not known" in str(caught.value)


def copied(tmp_path: Path) -> Path:
    """Return a copy of the policies."""
    return Path(shutil.copytree(POLICIES, tmp_path / "mine"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{", "Expecting"), ("[]", "an object was expected"), ('{"version": 5}', "text was expected")],
)
def test_a_malformed_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    """One line with the file's name, whatever is wrong with it."""
    (tmp_path / "policy.json").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=rf"policy\.json.*{complaint}"):
        load_catalog(tmp_path)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    """A typing error in ``--policies`` is no traceback."""
    with pytest.raises(PolicyError, match="nowhere"):
        load_catalog(tmp_path / "nowhere")


def test_the_policies_are_found_without_being_named() -> None:
    """Inside the installed package, or at the root of an editable install."""
    assert Path(policies_directory(), "musl", "1.2.3.json").is_file()
