"""Nothing is executed without ``--run``; with it, the interpreter is asked."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import musl_audit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="interpreters of other systems are no ELF files")
_WATCHED = """
import sys
def watch(event, arguments):
    if event.startswith(("subprocess", "os.exec", "os.posix_spawn", "os.system", "os.fork")):
        raise SystemExit(f"executed: {event} {arguments}")
sys.addaudithook(watch)
from musl_audit.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def marked_environment(tmp_path: Path) -> tuple[Path, Path]:
    """Return the interpreter of an environment that leaves a marker when it starts, and the marker."""
    directory, marker = tmp_path / "environment", tmp_path / "started"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", directory], check=True)
    site = next(directory.glob("lib*/python3.*/site-packages"))
    (site / "marker.pth").write_text(f"import pathlib; pathlib.Path({str(marker)!r}).touch()\n")
    return directory / "bin" / "python", marker


def test_the_interpreter_is_not_executed_unless_that_is_asked_for(marked_environment: tuple[Path, Path]) -> None:
    """And it is, where it is."""
    python, marker = marked_environment

    assert musl_audit("env", python, "--isolated").code == 0
    assert not marker.exists()
    assert musl_audit("env", python, "--isolated", "--run").code == 0
    assert marker.exists()


def test_no_process_is_started_without_run(marked_environment: tuple[Path, Path]) -> None:
    """Python's own audit events say so, for every way to start one."""
    python, _ = marked_environment
    arguments = ["env", str(python), "--isolated", "--json", "--require", "AF_NETLINK"]

    quiet, asked = (
        subprocess.run([sys.executable, "-c", _WATCHED, *arguments, *run], capture_output=True, text=True, check=False)
        for run in ([], ["--run"])
    )

    assert "executed:" not in quiet.stderr
    assert "executed: subprocess.Popen" in asked.stderr


def test_an_environment_leads_to_the_python_behind_it(marked_environment: tuple[Path, Path]) -> None:
    """What is known about it is known from the files of that one."""
    python, _ = marked_environment

    found = musl_audit("env", python, "--isolated", "--json").json["interpreter"]

    assert isinstance(found, dict)
    assert found["virtual_environment"] == str(python.parents[1])
    assert found["executable"] == str(Path(sys.executable).resolve())
    assert found["version"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}")


def test_what_cannot_be_executed_cannot_be_answered(tmp_path: Path) -> None:
    """The user asked for it; what the files say is reported all the same."""
    python = tmp_path / "python3"
    python.write_bytes(Path(sys.executable).resolve().read_bytes())
    python.chmod(0o644)

    answer = musl_audit("env", python, "--isolated", "--run", "--json")

    assert answer.code == 4
    assert isinstance(answer.json["interpreter"], dict)
    assert "could not be executed: Permission denied" in answer.stdout


def default(*command: str | Path, **changes: str) -> dict[str, object]:
    """Return the interpreter that is explained where none is named."""
    without = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    done = subprocess.run(
        [*command, "env", "--isolated", "--json"],
        env={**without, **changes},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout)["interpreter"]
    return found


def script() -> Path:
    """Return the command as it is installed."""
    return Path(sys.executable).parent / "musl-audit"


def test_the_default_is_the_python_on_the_path(marked_environment: tuple[Path, Path]) -> None:
    """The first one that is a program."""
    python, _ = marked_environment

    found = default(script(), PATH=str(python.parent))

    assert (found["path"], found["chosen"]) == (str(python.parent / "python3"), "the first on PATH")


def test_before_it_comes_the_python_that_runs_musl_audit() -> None:
    """Where it was started by its name: `python -m musl_audit`."""
    found = default(sys.executable, "-m", "musl_audit")

    assert (found["path"], found["chosen"]) == (sys.executable, "it runs musl-audit")


def test_before_both_comes_the_active_environment(marked_environment: tuple[Path, Path]) -> None:
    """VIRTUAL_ENV."""
    python, _ = marked_environment

    found = default(sys.executable, "-m", "musl_audit", VIRTUAL_ENV=str(python.parents[1]))

    assert (found["path"], found["chosen"]) == (str(python.parent / "python3"), "of the active virtual environment")
