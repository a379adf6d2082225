"""
The quick tests with the oldest versions that we say are enough, or on another Python.

``python -m tools.release.lowest`` installs the lower bound of every direct dependency, extras and tests included, into
``.cache/environments/lowest``; with versions (``3.13 3.14``), the newest of everything on each of those Pythons that is
here: on PATH, with pyenv, or where ``make pythons`` puts them. Nothing of the developers' environment is seen.
"""

import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".cache" / "environments"
PYTHONS = ROOT / ".cache" / "pythons"
_QUICK = ["-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", "tests/unit", "tests/property", "src"]


def main(versions: list[str]) -> int:
    """Return 0 where all quick tests pass in every environment."""
    wanted = versions or [""]
    failed = [version or "lowest" for version in wanted if not _passes(version)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def claimed() -> list[str]:
    """Return the Pythons that the classifiers name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [line.rpartition(" :: ")[2] for line in project["classifiers"] if line.startswith("Programming Language")]
    return [line for line in lines if line.startswith("3.")]


def _passes(version: str) -> bool:
    name = version or "lowest"
    base = _interpreter(version) if version else Path(sys.executable)
    if base is None:
        print(f"{name}: not here", flush=True)
        return True
    python = _made(name, base, is_lowest=not version)
    begun = time.monotonic()
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    code = subprocess.run([python, *_QUICK], cwd=ROOT, env=environment, check=False).returncode
    print(f"{name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - begun:.0f} s", flush=True)
    return code == 0


def _interpreter(version: str) -> Path | None:
    name = f"python{version}"
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    named = shutil.which(name)
    places = (PYTHONS / name, *versions.glob(f"{version}.*/bin/{name}"), *([Path(named)] if named else []))
    return next(filter(Path.exists, places), None)


def _made(name: str, base: Path, *, is_lowest: bool) -> Path:
    """Return the interpreter of a new environment with the tool, all extras, and what the tests need."""
    home = ENVIRONMENTS / name
    uv = Path(sys.executable).parent / "uv"
    python = home / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--clear", "--seed", "--python", base, home], check=True)
    resolution = ["--resolution", "lowest-direct" if is_lowest else "highest"]
    what = ["--editable", f"{ROOT}[fast,index,survey]", "--group", f"{ROOT / 'pyproject.toml'}:test"]
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *resolution, *what], check=True, cwd=ROOT)
    return python


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
