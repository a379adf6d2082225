"""
Real wheels under a real musl CPython: fetched, repaired, installed by pip, imported, and put to work.

The list is ``tools/data/real.toml``; ``python -m tools.evidence.real_wheels [PROJECT…]`` fetches what is missing.
"""

import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.musl_python import directory
from tools.evidence.pinned_wheels import PinnedWheel, fetch

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "tools" / "data" / "real.toml"
DIRECTORY = ROOT / ".cache" / "real"
SECONDS = 120
PACKED, INITIAL_EXEC, MISSING = "packed relocations", "initial-exec TLS", "missing function"


@dataclass(frozen=True, slots=True)
class RealWheel:
    """
    One wheel of the list.

    ``module`` is what does not load because of ``fault``, and ``work``, a program that prints what it did, what must
    come of it; ``needs`` are other projects of the list. No ``work``: it is only needed, or for another architecture.
    """

    project: str
    wheel: PinnedWheel
    module: str = ""
    work: str = ""
    needs: tuple[str, ...] = ()
    fault: str = PACKED

    @property
    def path(self) -> Path:
        """Where the wheel is fetched to."""
        return DIRECTORY / self.wheel.file


def read_list(path: Path = LIST) -> dict[str, RealWheel]:
    """Return the wheels by project."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    return {project: _row(project, fields) for project, fields in rows.items()}


def _row(project: str, fields: dict[str, str | list[str]]) -> RealWheel:
    text = {name: value for name, value in fields.items() if isinstance(value, str)}
    return RealWheel(
        project,
        PinnedWheel(text["file"], text["sha256"]),
        module=text.get("module", ""),
        work=text.get("work", ""),
        needs=tuple(fields.get("needs", ())),
        fault=text.get("fault", PACKED),
    )


def repaired(wheel: Path, output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Return what ``musl-audit repair`` said; the result is in *output*, under the same name."""
    command = [sys.executable, "-m", "musl_audit", "repair", "-w", str(output), *options, str(wheel)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def needed(row: RealWheel, rows: dict[str, RealWheel], scratch: Path) -> list[Path]:
    """Return the wheels that *row* needs besides; one that would not load by itself is repaired first."""
    wheels = []
    for other in (rows[project] for project in row.needs):
        if other.work:
            repaired(other.path, scratch / "needed").check_returncode()
        wheels.append(scratch / "needed" / other.wheel.file if other.work else other.path)
    return wheels


def install(wheels: Iterable[Path], python: Path, prefix: Path) -> Path:
    """
    Let pip under *python*, a musl CPython without pip of its own, install *wheels*; return its site-packages.

    A wheel for glibc, of a project that has none for musl, is unpacked: it does without what is compiled in it.
    """
    import pip

    wheels = list(wheels)
    foreign = [wheel for wheel in wheels if "manylinux" in wheel.name]
    wheels = [wheel for wheel in wheels if wheel not in foreign]
    tools = prefix / "tools"
    tools.mkdir(parents=True)
    (tools / "pip").symlink_to(Path(pip.__file__).parent)
    options = ["--no-index", "--no-deps", "--quiet", "--root-user-action=ignore", "--prefix", str(prefix)]
    command = [str(python), "-m", "pip", "install", *options, *map(str, wheels)]
    subprocess.run(command, env=_environment(tools), capture_output=True, text=True, check=True)
    site = next((prefix / "lib").glob("python3*")) / "site-packages"
    for wheel in foreign:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
    return site


@cache
def system() -> Path:
    """Return a directory with what every system with musl has: ``libz.so.1``, which wheels may need from outside."""
    libraries = DIRECTORY / "system"
    if not (libraries / "libz.so.1").exists():
        libraries.mkdir(parents=True, exist_ok=True)
        archive = directory() / "dependencies" / "lib" / "libz.a"
        with tempfile.TemporaryDirectory(dir=libraries) as scratch:
            built = Path(scratch, "libz.so.1")
            whole: list[str | Path] = [
                "-Wl,--whole-archive",
                archive,
                "-Wl,--no-whole-archive",
                "-Wl,-soname,libz.so.1",
            ]
            subprocess.run([directory() / "cc", "-shared", "-o", built, *whole], check=True)
            built.replace(libraries / "libz.so.1")  # whole or not at all, whoever builds it beside us
    return libraries


def run(python: Path, program: str, site: Path) -> subprocess.CompletedProcess[str]:
    """Return what became of *program* under *python*, which may import what is in *site*."""
    command = [str(python), "-c", program]
    return subprocess.run(
        command, env=_environment(site), capture_output=True, text=True, check=False, timeout=SECONDS, cwd=site
    )


def _environment(path: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(path),
        "LD_LIBRARY_PATH": str(system()),
    }


def _is_of(project: str, projects: Iterable[str]) -> bool:
    """Whether *project* is one of *projects*, or its wheel for another architecture."""
    return any(project == one or project.startswith(f"{one}-") for one in projects)


def main(projects: list[str]) -> int:
    """Fetch what is missing of *projects*, none: of all; return 1 if something could not be had."""
    failed = 0
    known = read_list()
    wanted = {need for project in projects for need in known[project].needs}
    rows = [row for row in known.values() if not projects or row.project in wanted or _is_of(row.project, projects)]
    for wheel, error in fetch((row.wheel for row in rows), DIRECTORY):
        if error is not None:
            failed += 1
            print(f"not to be had: {wheel.file}: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
