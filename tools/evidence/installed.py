"""
Installed packages and real interpreters: what ``musl-audit env`` says is what the import of each module does.

The wheels of ``tools/data/installed.csv`` are installed by pip into a folder of their own under a real CPython for musl
of each release; ``env`` is asked once; then every extension module is imported in a process of its own, the whole
package and, where that never gets so far, the file alone. ``installed_emulated`` asks the same about another processor.
The tables go into ``docs/explanation/installed.md``.
Run from the root of the repository: ``python -m tools.evidence.installed``; exits with 1 on any disagreement.
"""

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.support.musl_python import RELEASES, directory
from tools.evidence.installed_emulated import answers, section
from tools.evidence.pinned_wheels import PinnedWheel, fetch
from tools.evidence.real_wheels import install

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "tools" / "data" / "installed.csv"
DIRECTORY = ROOT / ".cache" / "installed"
PAGE = ROOT / "docs" / "explanation" / "installed.md"
SECONDS = 120
JOBS = 2

# Printed before and after each extension module is opened, so that a crash has a name; then the import.
IMPORTER = """
import importlib, importlib.machinery, importlib.util, os, sys
told = int(sys.argv[1])
loader = importlib.machinery.ExtensionFileLoader
create = loader.create_module
def say(*words):
    os.write(told, (" ".join(words) + chr(10)).encode())
def watched(self, spec):
    say("opens", spec.origin)
    try:
        module = create(self, spec)
    except ImportError as error:
        say("refused" if error.path == spec.origin and is_of_the_loader(str(error)) else "loads", spec.origin)
        raise
    except BaseException:
        say("loads", spec.origin)
        raise
    say("loads", spec.origin)
    return module
def is_of_the_loader(text):
    words = ("Error relocating", "Error loading shared library", "symbol not found", "initial-exec TLS", "Exec format")
    return any(word in text for word in words) or "Unsupported relocation" in text
loader.create_module = watched
name, path = sys.argv[2:]
try:
    importlib.import_module(name) if not path else loader(name, path).create_module(
        importlib.util.spec_from_file_location(name, path))
except BaseException as error:
    print(type(error).__name__, error)
"""


@dataclass(frozen=True, slots=True)
class Ours:
    """What we say about one extension module, or program."""

    package: str
    path: Path
    outcome: str  # loads, refused, crashes


@dataclass(frozen=True, slots=True)
class Theirs:
    """What became of it: the same words."""

    outcome: str
    said: str


def read_list(path: Path = LIST) -> tuple[PinnedWheel, ...]:
    """Return the wheels of the list, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(PinnedWheel(row["file"], row["sha256"]) for row in csv.DictReader(file))


def folders(wheels: Iterable[PinnedWheel]) -> Iterator[list[PinnedWheel]]:
    """Yield wheels that can be installed together: one version of each project."""
    left = list(wheels)
    while left:
        chosen = {wheel.file.split("-")[0].lower(): wheel for wheel in reversed(left)}
        yield list(chosen.values())
        left = [wheel for wheel in left if wheel not in chosen.values()]


def asked(python: Path, site: Path) -> list[Ours]:
    """Return what ``musl-audit env`` says about every extension module in *site*."""
    command = [sys.executable, "-m", "musl_audit", "env", str(python), "--isolated", "--json", "--path", str(site)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (environment,) = json.loads(done.stdout)["installed"]["environments"]
    return [
        Ours(f"{package['name']} {package['version']}", Path(file["path"]), file["outcome"])
        for package in environment["packages"]
        for file in package["files"]
        if is_module(Path(file["path"]))
    ]


def is_module(path: Path) -> bool:
    """Whether Python imports the file at *path* by its name."""
    return path.name.endswith(".so") and b"PyInit_" + path.name.partition(".")[0].encode() in path.read_bytes()


def module_name(path: Path, site: Path) -> str:
    """Return what the module at *path* is imported as."""
    *above, name = path.relative_to(site).parts
    return ".".join([*above, name.partition(".")[0]])


def truth(python: Path, site: Path, found: Iterable[Ours]) -> dict[Path, Theirs]:
    """Return what becomes of each module, by path: what an import of it, or of another, showed, else of it alone."""
    known: dict[Path, Theirs] = {}
    with ThreadPoolExecutor(JOBS) as pool:
        for shown in pool.map(lambda item: imported(python, site, module_name(item.path, site), ""), found):
            known |= {path: theirs for path, theirs in shown.items() if path not in known}
        rest = [item for item in found if item.path not in known]
        for shown in pool.map(lambda item: imported(python, site, module_name(item.path, site), item.path), rest):
            known |= {path: theirs for path, theirs in shown.items() if path not in known}
    return known


def imported(python: Path, site: Path, name: str, path: Path | str) -> dict[Path, Theirs]:
    """Return what one process shows: an outcome for every module that it opened."""
    with tempfile.TemporaryFile() as told:
        descriptor = told.fileno()
        command = [str(python), "-c", IMPORTER, str(descriptor), name, str(path)]
        try:
            done = subprocess.run(
                command, env=_environment(site), pass_fds=[descriptor], capture_output=True, text=True, check=False,
                timeout=SECONDS, cwd=site,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {}
        told.seek(0)
        lines = [line.split(" ", 1) for line in told.read().decode().splitlines()]
    outcomes = {Path(where): Theirs(word, done.stdout.strip()) for word, where in lines if word != "opens"}
    unanswered = [Path(where) for word, where in lines if word == "opens" and Path(where) not in outcomes]
    # What opened another one while it was being opened itself was mapped, and its code was running.
    outcomes |= {where: Theirs("loads", "") for where in unanswered[:-1]}
    if done.returncode < 0 or done.returncode > 128:
        outcomes |= {where: Theirs("crashes", f"signal {done.returncode}") for where in unanswered[-1:]}
    return outcomes


def _environment(site: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(site), "HOME": "/nonexistent"}


# --- The table ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One package under one release: how many of its modules were asked about, and where the answers differ."""

    package: str
    release: str
    modules: int
    ours: str  # loads, fails
    differences: tuple[str, ...]


def compared(release: str, python: Path, wheels: list[PinnedWheel]) -> Iterator[Row]:
    """Install *wheels* for *python* and yield a row for each package."""
    with tempfile.TemporaryDirectory() as scratch:
        site = install([DIRECTORY / wheel.file for wheel in wheels], python, Path(scratch))
        found = asked(python, site)
        theirs = truth(python, site, found)
        packages: dict[str, list[Ours]] = {}
        for item in found:
            packages.setdefault(item.package, []).append(item)
        for package, items in sorted(packages.items()):
            differences = tuple(filter(None, (difference(item, theirs.get(item.path), site) for item in items)))
            ours = "loads" if all(item.outcome == "loads" for item in items) else "fails"
            yield Row(package, release, len(items), ours, differences)


def difference(ours: Ours, theirs: Theirs | None, site: Path) -> str:
    """Return how the two answers differ; empty where they agree."""
    if theirs is None:
        return f"{ours.path.relative_to(site)}: we say {ours.outcome}, and no process got an answer"
    if (ours.outcome == "loads") == (theirs.outcome == "loads"):
        return ""
    return f"{ours.path.relative_to(site)}: we say {ours.outcome}, it {theirs.outcome} ({theirs.said})"


def page(rows: list[Row]) -> str:
    """Return the page of the documentation."""
    packages = sorted({row.package for row in rows}, key=str.lower)
    projects = {package.split()[0] for package in packages}
    modules, different = sum(row.modules for row in rows), sum(len(row.differences) for row in rows)
    cells = {(row.package, row.release): _cell(row) for row in rows}
    lines = [
        "# Installed packages against real interpreters",
        "",
        "Written by `make installed`. Wheels are installed by pip under a real CPython 3.11 for musl, `musl-audit env`",
        "is asked, and then every extension module is imported in a process of its own. A cell says what both found,",
        "and of how many modules; an empty one was not asked in that run.",
        "",
        f"{len(packages)} packages of {len(projects)} projects, {modules} modules on {len(RELEASES)} releases:",
        f"**{different} disagreements**.",
        "",
        f"| package | {' | '.join(RELEASES)} |",
        f"|---|{'---|' * len(RELEASES)}",
    ]
    lines += [
        f"| {package} | {' | '.join(cells.get((package, release), '') for release in RELEASES)} |"
        for package in packages
    ]
    return "\n".join(lines) + "\n"


def _cell(row: Row) -> str:
    if row.differences:
        return f"**{len(row.differences)} of {row.modules} differ**"
    return f"{row.ours} ({row.modules})" if row.modules else ""


def main(arguments: list[str]) -> int:
    """Fetch, install, ask and import; write the page unless only some wheels were named."""
    releases = [word for word in arguments if word in RELEASES] or list(RELEASES)
    names = [word for word in arguments if word not in RELEASES]
    wheels = [wheel for wheel in read_list() if not names or any(name in wheel.file for name in names)]
    for wheel, error in fetch(wheels, DIRECTORY):
        if error is not None:
            print(f"not to be had: {wheel.file}: {error}", flush=True)
            return 1
    rows: list[Row] = []
    for release in releases:
        python = directory() / "py" / "bin" / f"python3.11-{release}"
        for group in folders(wheels):
            for row in compared(release, python, group):
                rows.append(row)
                print(
                    f"{release} {row.package}: {row.modules} modules, {row.ours}",
                    *row.differences,
                    sep="\n  ",
                    flush=True,
                )
    if arguments:
        return 1 if any(row.differences for row in rows) else 0
    emulated = answers()
    PAGE.write_text(f"{page(rows)}\n{section(emulated)}", encoding="utf-8")
    agree = all(item.agrees for items in emulated.values() for item in items)
    return 0 if agree and not any(row.differences for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
