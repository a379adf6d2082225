"""The exit codes of the real command: 0 clean, 1 findings, 2 usage, 3 nothing examined, 4 could not complete."""

from pathlib import Path

import pytest
from tests.support.archives import demo_files, wheel_of
from tests.support.cli import musl_audit, wheel

CLEAN = wheel("clean_x86_64")
BROKEN = wheel("packed_relocations_x86_64")
WITH_WARNING = wheel("isa_above_baseline")
WITH_NOTE = wheel("text_relocations")


@pytest.fixture
def truncated(tmp_path: Path) -> Path:
    path = tmp_path / CLEAN.name
    path.write_bytes(CLEAN.read_bytes()[:-30])
    return path


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    path = tmp_path / "foo-1.0-cp312-cp312-win_amd64.whl"
    path.write_bytes(b"")
    return path


def test_a_clean_wheel_is_0() -> None:
    """Nothing at or above the threshold."""
    assert musl_audit("check", CLEAN).code == 0


def test_an_error_is_1() -> None:
    """The default threshold is error."""
    assert musl_audit("check", CLEAN, BROKEN).code == 1


@pytest.mark.parametrize(
    ("path", "fail_on", "code"),
    [
        (BROKEN, "never", 0),
        (WITH_WARNING, "error", 0),
        (WITH_WARNING, "warning", 1),
        (WITH_WARNING, "note", 1),
        (WITH_NOTE, "warning", 0),
        (WITH_NOTE, "note", 1),
    ],
)
def test_the_threshold_decides_what_is_1(path: Path, fail_on: str, code: int) -> None:
    """``--fail-on`` is the lowest severity that fails."""
    assert musl_audit("check", "--fail-on", fail_on, path).code == code


def test_a_floor_that_the_wheel_keeps_is_0() -> None:
    """Packed relocations are applied from 1.2.4 on."""
    assert musl_audit("check", "--floor", "1.2.4", BROKEN).code == 0


def test_a_distribution_is_a_floor() -> None:
    """Alpine 3.18 is the first with 1.2.4."""
    codes = [
        musl_audit("check", "--floor", floor, BROKEN).code for floor in ("alpine-3.17", "alpine-3.18", "supported")
    ]

    assert codes == [1, 0, 0]


@pytest.mark.parametrize("option", ["--ignore", "--select"])
def test_what_the_gate_looks_away_from_is_0(option: str) -> None:
    """Selecting another rule and ignoring this one are the same here."""
    assert musl_audit("check", option, {"--ignore": "MUSL4", "--select": "MUSL1"}[option], BROKEN).code == 0


def test_a_library_that_users_bring_is_no_error() -> None:
    """``--exclude`` takes globs of sonames."""
    path = wheel("external_library")

    codes = [musl_audit("check", *options, path).code for options in ((), ("--exclude", "libodbc.so.*"))]

    assert codes == [1, 0]


def test_every_hash_is_verified_on_demand() -> None:
    """Binaries are anyway; the rest costs time."""
    path = wheel("record_unverified_digest")

    codes = [musl_audit("check", "--fail-on", "warning", *more, path).code for more in ((), ("--verify-hashes",))]

    assert codes == [0, 1]


@pytest.mark.parametrize("option", ["--max-members=3", "--max-member-size=1k", "--max-total-size=1k"])
def test_a_wheel_beyond_a_limit_is_no_clean_wheel(option: str) -> None:
    """Limits are options, since a good wheel may need more."""
    assert musl_audit("check", option, CLEAN).code in (1, 4)


def test_only_other_platforms_is_3(foreign: Path) -> None:
    """Nothing was examined, so nothing was found to be right."""
    answer = musl_audit("check", foreign)

    assert (answer.code, answer.stderr) == (3, "musl-audit: error: no wheel was examined; skipped: 1 win\n")


def test_nothing_examined_may_be_allowed(foreign: Path) -> None:
    """cibuildwheel audits the wheels of every platform."""
    assert musl_audit("check", "--allow-empty", foreign).code == 0


def test_a_skip_may_be_refused(foreign: Path) -> None:
    """``--strict-inputs`` is for a directory that should hold musllinux wheels only."""
    answer = musl_audit("check", "--strict-inputs", CLEAN, foreign)

    assert (answer.code, answer.stderr) == (4, "musl-audit: error: --strict-inputs: skipped 1 win\n")


def test_a_pure_wheel_is_skipped_after_a_look_inside(tmp_path: Path) -> None:
    """Pure means no ELF file, not the tag."""
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    path.write_bytes(wheel_of(demo_files()))

    answer = musl_audit("check", "--json", path)

    assert (answer.code, answer.json["skipped"]) == (3, [{"path": str(path), "reason": "pure"}])


def test_a_wheel_for_any_platform_with_a_binary_is_examined(tmp_path: Path) -> None:
    """The tag promises what the binary cannot keep."""
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    path.write_bytes(wheel("clean_x86_64").read_bytes())

    assert musl_audit("check", "--fail-on", "warning", path).code == 1


def test_a_wheel_that_cannot_be_examined_is_4(truncated: Path) -> None:
    """It comes before findings."""
    assert musl_audit("check", truncated, BROKEN).code == 4


def test_a_series_without_data_is_4(tmp_path: Path) -> None:
    """Where nothing is wrong as far as the data go, what was before them is unknown, and never guessed."""
    path = tmp_path / "clean_x86_64-1.0-cp312-cp312-musllinux_1_0_x86_64.whl"
    path.write_bytes(CLEAN.read_bytes())

    answer = musl_audit("check", path)

    assert (answer.code, answer.stderr) == (4, "musl-audit: error: not every wheel could be judged\n")
    assert "MUSL902 note musllinux_1_0_x86_64: the policies have no data for musl 1.0" in answer.stdout


@pytest.mark.parametrize("arguments", [("--fail-on", "erorr"), ("--floor", "1.9.9"), ("--select", "XYZ"), ("--nope",)])
def test_wrong_usage_is_2_before_anything_is_read(arguments: tuple[str, ...], truncated: Path) -> None:
    """2 before work begins."""
    answer = musl_audit("check", *arguments, truncated)

    assert (answer.code, answer.stdout) == (2, "")


@pytest.mark.parametrize("arguments", [(), ("check",), ("show",), ("policy",), ("rule", "MUSL999")])
def test_too_little_is_2(arguments: tuple[str, ...]) -> None:
    """There is nothing to do."""
    assert musl_audit(*arguments).code == 2


def test_show_is_0_whatever_it_shows() -> None:
    """``show`` is for people; ``check`` is the gate."""
    assert musl_audit("show", BROKEN).code == 0


def test_show_is_4_where_a_wheel_cannot_be_read(truncated: Path) -> None:
    """The others are shown all the same."""
    answer = musl_audit("show", truncated, CLEAN)

    assert (answer.code, "keeps its promise" in answer.stdout.replace("\n  ", " ")) == (4, True)


def test_show_is_3_where_there_is_nothing_to_show(tmp_path: Path) -> None:
    """An empty directory is no wheel."""
    answer = musl_audit("show", tmp_path)

    assert (answer.code, answer.stderr) == (
        3,
        "musl-audit: error: no wheel was examined; skipped: 1 directory without wheels\n",
    )


@pytest.mark.parametrize(
    "arguments", [("--version",), ("--help",), ("check", "--help"), ("policy", "--help"), ("rule",)]
)
def test_asking_is_0(arguments: tuple[str, ...]) -> None:
    """Help and versions go to stdout."""
    answer = musl_audit(*arguments)

    assert (answer.code, answer.stderr, bool(answer.stdout)) == (0, "", True)
