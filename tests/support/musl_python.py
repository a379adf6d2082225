"""The real CPython for musl: where it is, and what needs it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.support.cli import ROOT

RELEASES = ("1.2.2", "1.2.3", "1.2.5")
VARIABLE = "MUSL_AUDIT_MUSL_PYTHON"


def directory() -> Path:
    """Return where ``make musl-python`` puts it, or where the environment says that it is."""
    return Path(os.environ.get(VARIABLE) or ROOT / ".cache" / "musl-python").absolute()


def musl_python(release: str, miss: Callable[[str], None]) -> Path:
    """Return the executable that runs under musl *release*; *miss* is called where it is not there."""
    path = directory() / "py" / "bin" / f"python3.11-{release}"
    if not path.exists():
        miss("musl-python")
    return path


def run(python: Path, *arguments: str | Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run *python* with nothing of this process's environment but, as *path*, what it may import."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"} | (
        {"PYTHONPATH": str(path)} if path else {}
    )
    return subprocess.run(
        [python, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
