"""``[tool.musl-audit]``: found upwards, named, checked, overridden by options."""

from pathlib import Path

import pytest
from tests.support.cli import musl_audit, wheel

BROKEN = wheel("packed_relocations_x86_64")
MISSING = wheel("missing_qsort_r")


def project(directory: Path, *lines: str, table: str = "[tool.musl-audit]") -> Path:
    """Return *directory* with a ``pyproject.toml`` that configures musl-audit."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "pyproject.toml").write_text("\n".join([table, *lines]), encoding="utf-8")
    return directory


def test_the_configuration_in_the_working_directory_counts(tmp_path: Path) -> None:
    """And the output names it."""
    answer = musl_audit("check", BROKEN, cwd=project(tmp_path, 'floor = "1.2.4"'))

    assert (answer.code, "Configuration: pyproject.toml\n" in answer.stdout) == (0, True)


def test_the_nearest_configuration_above_counts(tmp_path: Path) -> None:
    """A ``pyproject.toml`` without the table is passed by."""
    project(tmp_path, 'floor = "1.2.4"')
    inner = project(tmp_path / "a" / "b", "line-length = 120", table="[tool.ruff]")

    answer = musl_audit("check", BROKEN, cwd=inner)

    assert (answer.code, f"Configuration: {tmp_path}/pyproject.toml\n" in answer.stdout) == (0, True)


def test_the_nearest_of_two_counts_alone(tmp_path: Path) -> None:
    """They are not merged."""
    project(tmp_path, 'floor = "1.2.4"')
    inner = project(tmp_path / "inner", 'exclude = ["x"]')

    assert musl_audit("check", BROKEN, cwd=inner).code == 1


def test_isolated_reads_no_configuration(tmp_path: Path) -> None:
    """For reproducing a report elsewhere."""
    assert musl_audit("check", "--isolated", BROKEN, cwd=project(tmp_path, 'floor = "1.2.4"')).code == 1


def test_a_configuration_can_be_named(tmp_path: Path) -> None:
    """It replaces the nearest."""
    project(tmp_path, 'floor = "1.2.4"')
    named = tmp_path / "strict.toml"
    named.write_text('[tool.musl-audit]\nfloor = "1.2.2"\n')

    answer = musl_audit("check", "--config", named, "--json", BROKEN, cwd=tmp_path)

    settings = answer.json["settings"]
    assert isinstance(settings, dict)
    assert (answer.code, settings["config_file"]) == (1, str(named))


def test_options_win(tmp_path: Path) -> None:
    """Over every key that has one."""
    lines = ('floor = "1.2.4"', 'ignore = ["MUSL4"]', 'select = ["MUSL1"]', 'fail-on = "never"', 'exclude = ["a"]')
    options = ("--floor", "1.2.2", "--ignore", "MUSL2", "--select", "MUSL4", "--fail-on", "error", "--exclude", "b")

    answer = musl_audit("check", "--json", *options, BROKEN, cwd=project(tmp_path, *lines))

    assert answer.code == 1
    assert answer.json["settings"] == {
        "floor": "1.2.2",
        "fail_on": "error",
        "select": ["MUSL4"],
        "ignore": ["MUSL2"],
        "exclude": ["b"],
        "per_file_ignores": {},
        "config_file": "pyproject.toml",
    }


def test_the_source_of_the_floor_is_stated(tmp_path: Path) -> None:
    """Policy, option or configuration."""
    here = project(tmp_path, 'floor = "1.2.4"')

    answers = [musl_audit("show", *options, BROKEN, cwd=here).stdout for options in ((), ("--isolated",))]
    by_option = musl_audit("show", "--floor", "1.2.3", BROKEN, cwd=here).stdout

    said = [" ".join(text.split()) for text in (*answers, by_option)]
    sources = ("(floor 1.2.4, pyproject.toml: 1.2.4)", "(floor 1.2.2, policy)", "(floor 1.2.3, --floor 1.2.3)")
    assert all(source in text for source, text in zip(sources, said, strict=True))


def test_files_can_be_ignored_by_glob(tmp_path: Path) -> None:
    """Per file, codes or names of rules."""
    here = project(tmp_path, '"*.libs/*" = ["packed-relocations"]', table="[tool.musl-audit.per-file-ignores]")

    assert musl_audit("check", BROKEN, cwd=here).code == 0


def test_ignoring_does_not_change_what_is_kept(tmp_path: Path) -> None:
    """A gate may look away; the loader does not."""
    here = project(tmp_path, 'ignore = ["MUSL401"]')

    answer = musl_audit("check", "--json", BROKEN, cwd=here)

    wheels = answer.json["wheels"]
    assert isinstance(wheels, list)
    assert (answer.code, wheels[0]["claims"][0]["kept"]) == (0, False)


def test_ignores_that_matched_nothing_are_listed(tmp_path: Path) -> None:
    """They are what is left of mended wheels."""
    lines = ('ignore = ["MUSL302", "MUSL401"]', "[tool.musl-audit.per-file-ignores]", '"none/*" = ["MUSL4"]')
    here = project(tmp_path, *lines)

    assert "Ignored nothing: MUSL302, none/*\n" in musl_audit("check", BROKEN, cwd=here).stdout


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (('flor = "1.2.4"',), "configuration pyproject.toml: unknown key 'flor'; did you mean 'floor'?"),
        (('fail_on = "error"',), "unknown key 'fail_on'; did you mean 'fail-on'?"),
        (('ignore = ["MUSL40x"]',), "configuration pyproject.toml: unknown code 'MUSL40x'; did you mean 'MUSL40"),
        (('fail-on = "eror"',), "fail-on is 'eror', not one of note, warning, error, never; did you mean 'error'?"),
        (('exclude = "libfoo.so"',), "exclude must be a list of strings"),
        (("ignore = [401]",), "ignore must be a list of strings"),
        (("floor = 1.2",), "floor must be a string"),
        (('floor = "1.2.99"',), "configuration pyproject.toml: unknown musl release 1.2.99"),
        (('per-file-ignores = ["x"]',), "per-file-ignores must be a table of globs and lists of codes"),
        (('per-file-ignores = {"x" = "MUSL401"}',), "per-file-ignores.'x' must be a list of strings"),
        (("floor = ",), "configuration pyproject.toml: Invalid value (at "),
    ],
)
def test_a_mistake_in_the_configuration_is_2(lines: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """An ignored key would be a gate that is open without anybody knowing."""
    answer = musl_audit("check", BROKEN, cwd=project(tmp_path, *lines))

    assert (answer.code, answer.stderr.count("\n"), words in answer.stderr) == (2, 1, True)


def test_a_configuration_that_is_no_text_is_2(tmp_path: Path) -> None:
    """One line, with the name of the file."""
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.musl-audit]\n# caf\xe9\n")

    answer = musl_audit("check", BROKEN, cwd=tmp_path)

    assert (answer.code, answer.stderr.startswith("musl-audit: error: configuration pyproject.toml: ")) == (2, True)


@pytest.mark.parametrize("table", ["[tool . musl-audit]", "[tool.'musl-audit']", '["tool".musl-audit]'])
def test_every_spelling_of_the_table_counts(table: str, tmp_path: Path) -> None:
    """TOML has several."""
    assert musl_audit("check", BROKEN, cwd=project(tmp_path, 'floor = "1.2.4"', table=table)).code == 0


def test_a_named_configuration_without_the_table_is_2(tmp_path: Path) -> None:
    """Whoever names a file wants it to count."""
    project(tmp_path, table="[tool.ruff]")

    answer = musl_audit("check", "--config", "pyproject.toml", BROKEN, cwd=tmp_path)

    assert (answer.code, "there is no table [tool.musl-audit] in it" in answer.stderr) == (2, True)


def test_a_named_configuration_that_is_missing_is_2(tmp_path: Path) -> None:
    """With the reason."""
    answer = musl_audit("check", "--config", "none.toml", BROKEN, cwd=tmp_path)

    assert (answer.code, answer.stderr) == (
        2,
        "musl-audit: error: configuration none.toml: No such file or directory\n",
    )


def test_show_takes_the_same_configuration(tmp_path: Path) -> None:
    """One project, one answer."""
    assert "keeps its" in musl_audit("show", MISSING, cwd=project(tmp_path, 'floor = "1.2.3"')).stdout
