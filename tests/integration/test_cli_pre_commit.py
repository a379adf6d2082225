"""The hook, run by the real pre-commit in an environment that it builds itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import ROOT, wheel

SHIPPED = ("src", "policies", "polyfills", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@example.invalid", "-c", "init.defaultBranch=main")


def run(*command: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Return what is left of *command*."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.run(command, cwd=cwd, env={**environment, **env}, capture_output=True, text=True, check=False)


def committed(directory: Path) -> Path:
    """Return *directory* as a git repository with one commit."""
    for words in (("init", "-q"), ("add", "--all", "--force"), ("commit", "-q", "-m", "All")):
        assert run(*GIT, *words, cwd=directory).returncode == 0
    return directory


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of musl-audit as it is here."""
    directory = tmp_path_factory.mktemp("musl-audit")
    for source in (ROOT / name for name in SHIPPED):
        if source.is_dir():
            shutil.copytree(source, directory / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, directory)
    return committed(directory)


@pytest.mark.network
@pytest.mark.skipif(shutil.which("git") is None, reason="pre-commit needs git")
def test_the_hook_passes_a_clean_wheel_and_stops_a_broken_one(repository: Path, tmp_path: Path) -> None:
    """As in a project that keeps wheels in its repository."""
    project = tmp_path / "project"
    project.mkdir()
    names = [Path(shutil.copy(wheel(name), project)).name for name in ("clean_x86_64", "packed_relocations_x86_64")]
    committed(project)
    hook = (sys.executable, "-m", "pre_commit", "try-repo", repository, "musl-audit", "--files")
    home = str(tmp_path / "home")

    clean, broken = (run(*hook, name, cwd=project, PRE_COMMIT_HOME=home) for name in names)

    assert (clean.returncode, "Passed" in clean.stdout) == (0, True), clean.stdout + clean.stderr
    assert (broken.returncode, "MUSL401 error" in broken.stdout) == (1, True), broken.stdout + broken.stderr
