"""What people type by mistake, and the one line that helps them."""

from pathlib import Path

import pytest
from tests.support.cli import musl_audit, wheel

from musl_audit.cli.dispatch import commands

CLEAN = wheel("clean_x86_64")

MISTAKES: dict[str, tuple[tuple[str, ...], int, str]] = {
    "a wheel for a command": ((CLEAN.name,), 2, f"`musl-audit show {CLEAN.name}` shows"),
    "a path for a command": (("dist/",), 2, "`musl-audit check dist/` is the gate"),
    "a misspelt command": (("chekc", "x.whl"), 2, "did you mean 'check'?"),
    "another tool's command": (("lint", "x.whl"), 2, "`musl-audit check` is the gate"),
    "a misspelt option": (("check", "--flor", "1.2.4", "x.whl"), 2, "did you mean '--floor'?"),
    "ruff's --fix": (("check", "--fix", "x.whl"), 2, "`musl-audit repair` mends"),
    "ruff's --exit-zero": (("check", "--exit-zero", "x.whl"), 2, "--fail-on never"),
    "trivy's --severity": (("check", "--severity=HIGH", "x.whl"), 2, "--fail-on SEVERITY"),
    "--watch": (("check", "--watch", "x.whl"), 2, "run it again"),
    "show --fail-on": (("show", "--fail-on", "error", "x.whl"), 2, "`musl-audit check --fail-on` is the gate"),
    "a misspelt format": (("check", "--format", "sarfi", "x.whl"), 2, "did you mean 'sarif'?"),
    "a severity that is none": (("check", "--fail-on", "warnings", "x.whl"), 2, "did you mean 'warning'?"),
    "no wheel at all": (("check",), 2, "no wheel given: name a wheel, a directory of wheels, or a quoted glob"),
    "a file that is not there": (("check", "none.whl"), 4, "no such file"),
    "a URL": (("show", "https://example.invalid/x.whl"), 4, "cannot be reached"),
    "a glob that matches nothing": (("check", "dist/*.whl"), 4, "no file matches"),
    "an unknown key in the configuration": (
        ("check", "--config", "pyproject.toml", CLEAN.name),
        2,
        "did you mean 'fail-on'?",
    ),
    "a rule that is none": (
        ("check", "--ignore", "packed-relocation", "x.whl"),
        2,
        "did you mean 'packed-relocations'?",
    ),
    "a floor that is none": (("check", "--floor", "alpine-3.81", "x.whl"), 2, "did you mean 'alpine-3."),
    "a Python that is not there": (("env", "python9.9"), 4, "python9.9"),
    "a baseline that is not there": (
        ("check", "--baseline", "b.json", "x.whl"),
        2,
        "--write-baseline b.json writes it",
    ),
}


@pytest.mark.parametrize(("arguments", "code", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gets_one_helpful_line(arguments: tuple[str, ...], code: int, words: str, tmp_path: Path) -> None:
    """It says what to type instead."""
    (tmp_path / CLEAN.name).symlink_to(CLEAN)
    if "--config" in arguments:
        (tmp_path / "pyproject.toml").write_text('[tool.musl-audit]\nfail_on = "error"\n')

    answer = musl_audit(*arguments, cwd=tmp_path)
    said = " ".join((answer.stderr + answer.stdout).split())

    assert (answer.code, words in said) == (code, True), said
    assert "Traceback" not in answer.stderr
    assert answer.stderr.count("\n") <= 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x-1.0.conda", "conda package"),
        ("x-1.0-py312_0.tar.bz2", "conda package"),
        ("x-1.0-py3.12.egg", "egg: older than wheels"),
        ("x-1.0.zip", "of source (sdist)"),
        ("x-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", "built for glibc (manylinux): nothing to say here"),
        ("x-1.0-cp312-cp312-win_amd64.whl", "for Windows"),
    ],
)
def test_what_is_skipped_is_said_in_its_own_words(name: str, words: str, tmp_path: Path) -> None:
    """Not only that it is no wheel for musl."""
    (tmp_path / name).write_bytes(b"")

    answer = musl_audit("check", "--allow-empty", tmp_path / name)

    assert (answer.code, f"Skipped 1 input: 1 {words}" in answer.stdout) == (0, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell: str) -> None:
    """Commands and their options."""
    script = musl_audit("completion", shell).stdout

    assert all(word in script for word in ("musl-audit", "check", "repair", "strict-inputs", "wheel-dir"))


@pytest.mark.parametrize("command", [name for name in commands() if name != "lddtree"])
def test_help_has_an_example_and_the_exit_codes(command: str) -> None:
    """What a person looks for first."""
    said = musl_audit(*command.split(), "--help").stdout

    assert "\nfor example:\n  musl-audit " in said
    assert "\nexit code:\n  0  " in said
