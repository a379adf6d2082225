"""The action, its shell run as a runner would: variables for inputs, files for outputs, ``bash -e -o pipefail``."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.support.cli import ROOT, wheel

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
(INSTALL, CHECK) = ACTION["runs"]["steps"]
BROKEN, CLEAN = wheel("packed_relocations_x86_64"), wheel("clean_x86_64")


class Runner:
    """A directory to work in, and what the action left there."""

    def __init__(self, directory: Path) -> None:
        self.work = directory / "work"
        self._temp = directory / "temp"
        (self.work / "dist").mkdir(parents=True)
        programs = self._temp / "musl-audit" / "bin"
        programs.mkdir(parents=True)
        program = programs / "musl-audit"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m musl_audit "$@"\n')
        program.chmod(0o755)
        self.output, self.summary = directory / "output", directory / "summary"

    def check(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Return what became of the step that checks, with the defaults of the action where nothing is said."""
        values = {name: row["default"] for name, row in ACTION["inputs"].items()} | inputs
        variables = {
            name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: values[match[1]], text)
            for name, text in CHECK["env"].items()
        }
        runner = {
            "RUNNER_TEMP": str(self._temp),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_ACTION_PATH": str(ROOT),
        }
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", CHECK["run"]]
        env = {**os.environ, **runner, **variables}
        return subprocess.run(command, cwd=self.work, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner with both wheels in ``dist/``."""
    made = Runner(tmp_path)
    for path in (BROKEN, CLEAN):
        shutil.copy(path, made.work / "dist")
    return made


def test_a_broken_wheel_stops_the_job_and_is_reported(runner: Runner) -> None:
    """Annotations in the log, SARIF in a file, the matrix in the summary, both outputs set."""
    done = runner.check()

    assert (done.returncode, done.stdout.startswith("::error file=dist/packed_relocations_x86_64")) == (1, True)
    assert json.loads((runner.work / "musl-audit.sarif").read_text())["version"] == "2.1.0"
    assert "| wheel, on Alpine |" in runner.summary.read_text()
    assert runner.output.read_text() == "sarif=musl-audit.sarif\nexit-code=1\n"


def test_a_floor_and_a_threshold_are_passed_on(runner: Runner) -> None:
    """As ``--floor`` and ``--fail-on``."""
    assert runner.check(floor="supported").returncode == 0
    assert runner.check(**{"fail-on": "never"}).returncode == 0


def test_wheels_can_be_repaired_first(runner: Runner) -> None:
    """What is checked is what was repaired."""
    done = runner.check(repair="true")

    assert (done.returncode, "Found nothing wrong in 2 wheels" in done.stdout) == (0, True)
    assert {path.name for path in (runner.work / "wheelhouse").iterdir()} == {BROKEN.name, CLEAN.name}


def test_an_input_is_no_command(runner: Runner) -> None:
    """Whoever opens a pull request may choose file names."""
    done = runner.check(paths='dist\n$(touch pwned)\n"; touch pwned; "\n--fail-on=never', sarif="$(touch pwned)")

    assert done.returncode == 4
    assert not (runner.work / "pwned").exists()


def test_inputs_reach_the_shell_as_variables_only() -> None:
    """``${{ }}`` in a script would be text of the script."""
    assert not [step for step in ACTION["runs"]["steps"] if "${{" in step["run"]]


def test_the_action_installs_what_it_comes_with() -> None:
    """The version of the action is the version of the tool."""
    assert '"$GITHUB_ACTION_PATH"' in INSTALL["run"]
