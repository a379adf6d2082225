"""The public API: what ``__all__`` lists."""

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.support.cli import ROOT, wheel
from tests.support.cli import musl_audit as command

import musl_audit
from musl_audit import (
    RepairStatus,
    Report,
    Settings,
    UsageError,
    WheelError,
    admit,
    choose,
    examine,
    explain,
    judge,
    load_catalog,
    read_facts,
    repair_wheel,
    to_json,
)


def test_every_public_name_is_there() -> None:
    """Each is imported when it is first used; an outcome is a union of three."""
    values = {name: getattr(musl_audit, name) for name in musl_audit.__all__}

    assert [name for name, value in values.items() if not value.__module__.startswith("musl_audit.")] == ["Outcome"]


def test_public_names_are_listed() -> None:
    """For completion in a shell."""
    assert set(musl_audit.__all__) <= set(dir(musl_audit))


def test_other_names_are_not_there() -> None:
    """As for any module."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        musl_audit.nothing  # noqa: B018


def test_facts_are_read_and_judged() -> None:
    """Three calls from a path to an answer."""
    report = judge(read_facts(wheel("packed_relocations_x86_64")), load_catalog())

    assert str(report.verdict.required_musl) == "1.2.4"


def test_a_gate_says_why() -> None:
    """The verdict, and what speaks against the wheel; a floor above the trouble lets it pass."""
    broken = wheel("packed_relocations_x86_64")

    refused, passed = admit(broken), admit(broken, Settings(floor="1.2.4"))

    assert (refused.is_admitted, refused.codes) == (False, ("MUSL401",))
    assert refused.sentence.startswith("Crashes on Alpine 3.13–3.17. Works on Alpine 3.18 and later.")
    assert (passed.is_admitted, passed.codes) == (True, ())


def test_a_gate_lets_pass_what_is_none_of_its_business(tmp_path: Path) -> None:
    """A wheel for Windows is not opened; what cannot be read passes only where the caller says so."""
    foreign, cut = tmp_path / "demo-1.0-py3-none-win_amd64.whl", tmp_path / "demo-1.0-py3-none-musllinux_1_2_x86_64.whl"
    for path in (foreign, cut):
        path.write_bytes(b"anything")

    assert (admit(foreign).is_admitted, admit(foreign).is_judged) == (True, False)
    assert not admit(cut).is_admitted
    assert admit(cut, admits_unjudgeable=True).is_admitted
    assert admit(cut).sentence.startswith("Cannot be judged: ")


def test_a_gate_wants_one_file(tmp_path: Path) -> None:
    """A directory may have any number."""
    for name in ("clean_x86_64", "clean_cp311"):
        shutil.copy(wheel(name), tmp_path)

    with pytest.raises(UsageError, match="one file is wanted, not 2"):
        admit(tmp_path)


def test_a_path_may_be_text() -> None:
    """As everywhere."""
    path = wheel("clean_x86_64")

    assert read_facts(str(path)) == read_facts(path)


def test_a_wheel_that_cannot_be_read_is_an_error_with_a_code() -> None:
    """For a program that goes on with the next one."""
    with pytest.raises(WheelError, match="No such file") as caught:
        read_facts("none-1.0-py3-none-any.whl")

    assert caught.value.code == "MUSL004"


def test_ignored_findings_are_left_out_as_by_the_command() -> None:
    """``select`` and ``ignore`` mean the same to ``examine`` and to ``check``."""
    path = wheel("packed_relocations_x86_64")
    told = [outcome for outcome in examine([path], Settings(ignore=("MUSL4",))) if isinstance(outcome, Report)]

    assert [finding.code for finding in told[0].findings if finding.code.startswith("MUSL4")] == []
    assert told[0].claims[0].kept is False


def test_a_report_is_the_document_of_the_command() -> None:
    """The same object as under ``wheels``."""
    path = wheel("packed_relocations_x86_64")
    (report,) = examine([path])
    assert isinstance(report, Report)

    assert to_json(report) == json.loads(command("check", "--json", path).stdout)["wheels"][0]


def test_an_unknown_floor_is_told_before_a_wheel_is_read() -> None:
    """Which floors there are is up to the catalog."""
    with pytest.raises(UsageError, match="unknown floor"):
        next(examine(["none.whl"], Settings(floor="alpine-9.9", floor_source="here")))


def test_a_wheel_is_repaired(tmp_path: Path) -> None:
    """Without a word on the terminal."""
    repaired = repair_wheel(wheel("packed_relocations_x86_64"), tmp_path)

    assert repaired.status is RepairStatus.REPAIRED
    assert repaired.output is not None
    assert judge(read_facts(repaired.output), load_catalog()).claims[0].kept


def test_an_environment_is_explained(tmp_path: Path) -> None:
    """An empty system has no Python, and says so."""
    explanation = explain(root=tmp_path)

    assert (explanation.environment.interpreter, explanation.exit_code()) == (None, 0)


def test_the_page_shows_code_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block of docs/reference/api.md, one after the other."""
    (tmp_path / "dist").mkdir()
    name = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
    shutil.copy(wheel("clean_x86_64"), tmp_path / "dist" / name)
    monkeypatch.chdir(tmp_path)
    for variable, value in (("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", "dist"), ("MUSL_AUDIT_CACHE_DIR", "cache")):
        monkeypatch.setenv(variable, value)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/reference/api.md").read_text(), re.DOTALL)

    for block in blocks:
        exec(compile(block, "api.md", "exec"), {})  # noqa: S102

    assert len(blocks) == 8


def test_a_version_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest that loads, with what the newer one fails of; nothing but the folder that is named is asked."""
    pytest.importorskip("httpx")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("MUSL_AUDIT_CACHE_DIR", str(tmp_path / "cache"))
    for version, case in (("2.0", "packed_relocations_x86_64"), ("1.0", "clean_x86_64")):
        shutil.copy(wheel(case), tmp_path / f"demo-{version}-cp312-cp312-musllinux_1_2_x86_64.whl")

    choice = choose("demo", on="1.2.2", python="3.12", arch="x86_64", find_links=[str(tmp_path)])

    assert choice.found is not None
    assert (choice.status, choice.found.version) == ("found", "1.0")
    assert [rung.version for rung in choice.rungs if rung.chosen is None] == ["2.0"]


@pytest.mark.parametrize(("requirement", "on"), [("demo >>", "1.2.2"), ("demo", "alpine-9.9"), ("demo", "./none")])
def test_what_is_no_requirement_or_no_place_is_wrong_usage(requirement: str, on: str) -> None:
    """Before anything is asked."""
    with pytest.raises(UsageError):
        choose(requirement, on=on, python="3.12", arch="x86_64")
