"""The real command, in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHEELS = ROOT / "testwheels" / "wheels"
SCHEMAS = ROOT / "policies" / "schema"
COMMAND = (sys.executable, "-m", "musl_audit")
_OURS = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM", "PYTHONIOENCODING", "PYTHONUNBUFFERED")


@dataclass(frozen=True)
class Answer:
    """What a run of the command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, object]:
        """The JSON on stdout."""
        value: dict[str, object] = json.loads(self.stdout)
        return value


def environment(**changes: str) -> dict[str, str]:
    """Return an environment in which nothing about terminals is said but *changes*."""
    return {**{key: value for key, value in os.environ.items() if key not in _OURS}, **changes}


def musl_audit(
    *arguments: str | bytes | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> Answer:
    """Return the answer of ``musl-audit`` to *arguments*."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(**(env or {})),
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


def wheel(name: str) -> Path:
    """Return the test wheel called *name*."""
    return next(WHEELS.glob(f"{name}-1.0-*.whl"))
