"""Building what is committed, twice, as far apart as one machine allows; the bytes must be equal."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = {"musl-audit": ".", "musl-audit-devpi": "plugins/devpi", "musl-audit-bandersnatch": "plugins/bandersnatch"}
# Another time zone, language, umask, hash seed and order of the environment: all that has crept into archives before.
_ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
_HERE = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}


class ReleaseError(Exception):
    """What keeps a release from being made, in one line."""


@dataclass(frozen=True)
class Clone:
    """A clean clone, and the second of its commit."""

    path: Path
    epoch: int


def clone(folder: Path) -> Clone:
    """Return a clone of what is committed here, without anything that is not."""
    run("git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder), cwd=ROOT)
    head = run("git", "rev-parse", "HEAD", cwd=ROOT).strip()
    run("git", "checkout", "--quiet", "--detach", head, cwd=folder)
    return Clone(folder, int(run("git", "log", "-1", "--format=%ct", cwd=folder)))


def build_twice(folder: Path) -> tuple[Clone, dict[str, list[Path]]]:
    """
    Return a clone and, for each project, its sdist and wheel; raise ``ReleaseError`` where two builds differ.

    The wheel is built out of the sdist.
    """
    first, second = clone(folder / "first"), clone(folder / "a second one, elsewhere")
    built = {}
    for project, place in PROJECTS.items():
        one = _build(first, place, folder / "dist" / project, _HERE, 0o022)
        other = _build(second, place, folder / "again" / project, _ELSEWHERE, 0o077)
        differing = differences(one, other)
        if differing:
            raise ReleaseError(f"two builds of {project} differ: {', '.join(differing)}")
        built[project] = one
    return first, built


def differences(one: Iterable[Path], other: Iterable[Path]) -> list[str]:
    """Return the names of the files that are not the same in both."""
    ours, theirs = ({path.name: path.read_bytes() for path in paths} for paths in (one, other))
    return sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))


def _build(clone: Clone, place: str, out: Path, environment: Mapping[str, str], umask: int) -> list[Path]:
    command = [sys.executable, "-m", "build", "--quiet", "--outdir", str(out), str(clone.path / place)]
    run(*command, cwd=clone.path, umask=umask, environment={**environment, "SOURCE_DATE_EPOCH": str(clone.epoch)})
    return sorted(path for path in out.iterdir() if not path.name.startswith("."))


def run(*command: str, cwd: Path, environment: Mapping[str, str] | None = None, umask: int = -1) -> str:
    """Return what *command* prints; raise ``ReleaseError`` with its output where it fails."""
    hidden = ("PYTHONPATH", "VIRTUAL_ENV", "SOURCE_DATE_EPOCH")
    variables = {name: value for name, value in os.environ.items() if name not in hidden} | dict(environment or {})
    done = subprocess.run(
        command, cwd=cwd, env=variables, umask=umask, capture_output=True, text=True, check=False, errors="replace"
    )
    if done.returncode:
        raise ReleaseError(f"{' '.join(command[:6])}: {(done.stdout + done.stderr).strip()}")
    return done.stdout
