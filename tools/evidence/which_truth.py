"""
Prove `which`: its answers against those of fetching and judging everything, and against real Pythons.

For every project of ``tools/data/index.toml`` and four releases of musl, from four real servers on loopback, the answer
must be that of reading every file. Under a real musl Python, what was chosen is imported, and the next newer version is
not. Then what it costs. Writes ``docs/explanation/which-truth.md``; ``python -m tools.evidence.which_truth [SERVER…]``.
"""

import atexit
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version
from tests.support.musl_python import directory
from tests.support.servers import SERVERS
from tools.evidence.index_wheels import ROOT, IndexedProject, read_list
from tools.speed.which_costs import costs

from musl_audit import __version__
from musl_audit.adapters.catalogs import load_catalog
from musl_audit.adapters.indexes.asking import Asker
from musl_audit.adapters.indexes.configured import Indexes
from musl_audit.adapters.indexes.projects import IndexGroup
from musl_audit.adapters.indexes.verdicts import Verdicts
from musl_audit.adapters.stores.kinds import verdict_store
from musl_audit.environment.destination import Destination
from musl_audit.judging.audit import judge
from musl_audit.judging.loads_at import loads_at
from musl_audit.model import MuslVersion, Report
from musl_audit.policy import Catalog
from musl_audit.wheel.offers import Wanted
from musl_audit.workflows.choosing import choose
from musl_audit.workflows.reading import read_facts

PAGE = ROOT / "docs" / "explanation" / "which-truth.md"
RELEASES = ("1.2.2", "1.2.3", "1.2.4", "1.2.5")
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Truth:
    """What reading all files of a project says: the newest version that loads, by release."""

    project: IndexedProject
    reports: tuple[Report, ...]  # newest first

    def loading(self, release: str) -> list[bool]:
        """Return whether each version loads, newest first."""
        return [loads_at(report, MuslVersion.parse(release)).loads is not False for report in self.reports]

    def newest(self, release: str) -> str | None:
        """Return the newest version that loads, None where none does."""
        answers = zip(self.project.wheels, self.loading(release), strict=True)
        return next((version_of(wheel.file) for wheel, loads in answers if loads), None)

    def path(self, version: str, release: str) -> Path:
        """Return the file of *version* that an installer is given: one that loads, if any does."""
        found = [
            (not loads, number)
            for number, (wheel, loads) in enumerate(zip(self.project.wheels, self.loading(release), strict=True))
            if version_of(wheel.file) == version
        ]
        return self.project.paths[min(found)[1]]


def version_of(file: str) -> str:
    """Return the version that a wheel's name states, as packaging writes it."""
    return str(Version(file.split("-")[1]))


def truths(catalog: Catalog) -> dict[str, Truth]:
    """Return what is true of every project."""
    return {
        name: Truth(project, tuple(judge(read_facts(path), catalog) for path in project.paths))
        for name, project in read_list().items()
    }


def answers_of(url: str, catalog: Catalog, names: Sequence[str], folder: Path) -> dict[tuple[str, str], str | None]:
    """Return what `which` answers, by project and release, from the index at *url*."""
    asker = Asker()
    group, store, answers = IndexGroup(asker, Indexes((url,))), verdict_store(folder), {}
    for release in RELEASES:
        destination = Destination(MuslVersion.parse(release), "x86_64", "3.11")
        verdicts = Verdicts(asker, catalog, destination, store=store, version=__version__)
        wanted = Wanted(destination.tags, destination.pythons)
        for name in names:
            found = choose(Requirement(name), group, verdicts, wanted).found
            answers[name, release] = found.version if found else None
    asker.close()
    return answers


# --- Real Pythons --------------------------------------------------------------------------------------------


def is_imported(truth: Truth, version: str, release: str, all_truths: dict[str, Truth]) -> bool | None:
    """Return whether a real Python on musl *release* imports *version*; None where there is no such Python."""
    python = directory() / "py" / "bin" / f"python3.11-{release}"
    if not python.exists() or not truth.project.module:
        return None
    with tempfile.TemporaryDirectory() as folder:
        _unpack(truth.path(version, release), Path(folder))
        for need in truth.project.needs:
            other = all_truths[need]
            chosen = other.newest(release)
            if chosen is not None:
                _unpack(other.path(chosen, release), Path(folder))
        command = [str(python), "-c", f"import {truth.project.module}"]
        environment = {"PYTHONPATH": folder, "PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": str(system_libraries())}
        done = subprocess.run(command, env=environment, capture_output=True, timeout=SECONDS, check=False)
    return done.returncode == 0


@cache
def system_libraries() -> Path:
    """Return a directory with the libz that every musl system has, made of the static one of the real Pythons."""
    folder = Path(tempfile.mkdtemp(prefix="which-truth-"))
    atexit.register(shutil.rmtree, folder)
    static = directory() / "dependencies" / "lib" / "libz.a"
    whole = ["-Wl,--whole-archive", str(static), "-Wl,--no-whole-archive"]
    command = ["musl-gcc", "-shared", "-o", str(folder / "libz.so.1"), "-Wl,-soname,libz.so.1", *whole]
    subprocess.run(command, check=True)
    return folder


def _unpack(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)


def next_newer(truth: Truth, version: str | None) -> str | None:
    """Return the version of the list that is next to *version* among the newer ones."""
    versions = [version_of(wheel.file) for wheel in truth.project.wheels]
    where = versions.index(version) if version is not None else len(versions)
    return versions[where - 1] if where else None


# --- The page --------------------------------------------------------------------------------------------------


def cells(truth: Truth, all_truths: dict[str, Truth]) -> Iterator[str]:
    """Yield what the table says of one project by release."""
    for release in RELEASES:
        chosen = truth.newest(release)
        newer = next_newer(truth, chosen)
        said = chosen or "none"
        if chosen is not None and (imported := is_imported(truth, chosen, release, all_truths)) is not None:
            said += " imported" if imported else " **not imported**"
        if newer is not None and (imported := is_imported(truth, newer, release, all_truths)) is not None:
            said += f"; {newer} **imported**" if imported else f"; {newer} not"
        yield said


def page(rows: Sequence[tuple[str, Sequence[str]]], servers: dict[str, tuple[int, int]]) -> str:
    """Return the page."""
    lines = [
        "# Which version: the answers, and what real Pythons say",
        "",
        "Written by `make which-truth`. For each project, several versions lie on an index on loopback; the table",
        "names the newest that loads, by release of musl. *imported*: a real CPython 3.11 on that musl imports it;",
        "behind the semicolon, what it makes of the next newer version. There is no such Python for 1.2.4, and some",
        "projects need more than the list has.",
        "",
        f"| project | {' | '.join(RELEASES)} |",
        f"|---|{'---|' * len(RELEASES)}",
        *(f"| {name} | {' | '.join(row)} |" for name, row in rows),
        "",
        "`musl-audit which` gave the same answers as reading every file:",
        "",
        "| server | questions | same answer |",
        "|---|---|---|",
        *(f"| {name} | {asked} | {same} |" for name, (asked, same) in servers.items()),
    ]
    return "\n".join([*lines, "", *costs()]) + "\n"


def main(names: list[str]) -> int:
    """Ask every server, write the page, and return 1 where an answer is not the truth."""
    catalog = load_catalog()
    known = truths(catalog)
    wheels = [path for truth in known.values() for path in truth.project.paths]
    servers = {}
    for name in names or SERVERS:
        with (
            tempfile.TemporaryDirectory() as folder,
            tempfile.TemporaryDirectory() as kept,
            SERVERS[name](Path(folder), wheels) as url,
        ):
            answers = answers_of(url, catalog, list(known), Path(kept))
        wrong = {key: answer for key, answer in answers.items() if answer != known[key[0]].newest(key[1])}
        servers[name] = (len(answers), len(answers) - len(wrong))
        print(f"{name}: {servers[name][1]} of {servers[name][0]}", *wrong.items(), flush=True)
    rows = [(name, list(cells(truth, known))) for name, truth in known.items()]
    PAGE.write_text(page(rows, servers), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
    return 1 if any(asked != same for asked, same in servers.values()) or "**" in str(rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
