"""What `which` and `index` cost: bytes and time against fetching everything, and against the index itself."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pip
from packaging.requirements import Requirement
from tests.support.indexes import served, site_of
from tests.support.musl_python import directory
from tests.support.servers import nginx
from tools.evidence.index_wheels import DIRECTORY, read_list

from musl_audit import __version__
from musl_audit.adapters.catalogs import load_catalog
from musl_audit.adapters.indexes.asking import AT_ONCE, Asker
from musl_audit.adapters.indexes.configured import Indexes
from musl_audit.adapters.indexes.fetching import fetch_whole
from musl_audit.adapters.indexes.projects import IndexGroup
from musl_audit.adapters.indexes.verdicts import Verdicts
from musl_audit.environment.destination import Destination
from musl_audit.judging.audit import judge
from musl_audit.model import MuslVersion
from musl_audit.wheel.offers import OfferedFile, Wanted
from musl_audit.workflows.choosing import choose
from musl_audit.workflows.reading import read_facts

LATENCY = 0.02  # seconds before each answer
BROKEN = [f"2.{minor}.{patch}" for minor, patches in ((4, 7), (3, 6), (2, 6)) for patch in reversed(range(patches))]
FINE = [f"{major}.{minor}.{patch}" for major, minor in ((2, 1), (2, 0), (1, 26)) for patch in reversed(range(6))]
PLAIN = ("markupsafe", "pyyaml", "cffi", "orjson", "lxml", "grpcio", "pydantic-core")  # none is broken
ROUNDS = 5
PAIRS = 6  # the first is not counted


def numpy_ladder(folder: Path) -> list[Path]:
    """
    Return 37 files like those of numpy for CPython 3.11: the newer half has packed relocations.

    These are of two builds, so that the libraries in one are not those in the other.
    """
    newest, middle, oldest = read_list()["numpy"].paths
    made = []
    for version in (*BROKEN, *FINE):
        source = oldest if version in FINE else middle if version.startswith("2.2.") else newest
        tags = source.name.split("-", 2)[2]
        made.append(folder / f"numpy-{version}-{tags}")
        made[-1].hardlink_to(source)
    return made


def costs() -> Iterator[str]:
    """Yield the lines of the page."""
    yield from ("## What it costs", "", "Measured in the same run; ratios say more than seconds.", "")
    with tempfile.TemporaryDirectory(dir=DIRECTORY) as folder:
        wheels = numpy_ladder(Path(folder))
        yield from _ladder_costs(wheels)
    yield from _install_costs()


def _ladder_costs(wheels: Sequence[Path]) -> Iterator[str]:
    weight = sum(path.stat().st_size for path in wheels)
    with served(site_of(wheels, latency=LATENCY)) as site, tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        found, fetched = _chosen(site.index)
        ours = time.perf_counter() - started
        started = time.perf_counter()
        _everything(site.url, wheels, Path(folder))
        theirs = time.perf_counter() - started
        first, second = _whole_command(site.index, Path(folder))
    chosen = next(path for path in wheels if path.name.startswith(f"numpy-{found}-")).stat().st_size
    yield f"* {len(wheels)} files of numpy, {weight / 1e6:.0f} MB, for musl 1.2.2:"
    yield f"  {found} is found with {fetched / 1e6:.1f} MB, the {chosen / 1e6:.1f} MB of the chosen file"
    yield f"  and {(fetched - chosen) / weight:.2%} of the whole."
    yield f"* With {LATENCY * 1000:.0f} ms before each answer: {ours:.1f} s; fetching and judging all of them,"
    yield f"  {AT_ONCE} at once: {theirs:.1f} s ({ours / theirs:.1%}). The libraries grafted into the newer half are"
    yield "  of two builds: what was read of one file of a build is not read of the others."
    yield f"* The whole command, with its start: {first[0]:.2f} s, {first[1]:.2f} s of them at work; a second run,"
    yield f"  that finds everything kept: {second[0]:.2f} s, {second[1]:.2f} s of them at work."


def _chosen(url: str) -> tuple[str, int]:
    asker = Asker()
    catalog = load_catalog()
    destination = Destination(MuslVersion(1, 2, 2), "x86_64", "3.11")
    verdicts = Verdicts(asker, catalog, destination, store=None, version=__version__)
    wanted = Wanted(destination.tags, destination.pythons)
    choice = choose(Requirement("numpy"), IndexGroup(asker, Indexes((url,))), verdicts, wanted)
    if choice.found is None:
        raise RuntimeError(choice.message)
    return choice.found.version, asker.traffic.received


def _everything(url: str, wheels: Sequence[Path], folder: Path) -> None:
    asker, catalog = Asker(), load_catalog()

    def one(path: Path) -> None:
        whole = fetch_whole(asker, OfferedFile(path.name, f"{url}/files/{path.name}"), folder / path.name)
        judge(read_facts(whole.path), catalog)
        whole.path.unlink()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, wheels))


def _whole_command(url: str, folder: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the shortest time, and what of it was work, of runs that find nothing kept, and of those that do."""
    where = ["--on", "1.2.2", "--python", "3.11", "--arch", "x86_64", "--index", url]
    command = [sys.executable, "-m", "musl_audit", "which", "numpy", *where]
    environment = installed() | {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}

    def taken(cache: str) -> tuple[float, float]:
        return _taken(command, environment | {"MUSL_AUDIT_CACHE_DIR": str(folder / cache)})

    taken("kept")  # compiles, too
    return min(taken(f"cache{number}") for number in range(ROUNDS)), min(taken("kept") for _ in range(ROUNDS))


def installed() -> dict[str, str]:
    """Return this environment, but that modules are compiled once, as an installer leaves them."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _install_costs() -> Iterator[str]:
    """Yield what it adds to an install, under a real musl Python, that meets no broken file."""
    projects = read_list()
    wheels = [projects[name].paths[0] for name in PLAIN] + [projects["numpy"].paths[-1]]
    python = str(directory() / "py" / "bin" / "python3.11-1.2.2")
    names = ("direct", "through", "again")
    clock, work = {name: list[float]() for name in names}, {name: list[float]() for name in names}
    with tempfile.TemporaryDirectory() as folder, nginx(Path(folder), wheels) as url:
        (tools := Path(folder) / "tools").mkdir()
        (tools / "pip").symlink_to(Path(pip.__file__).parent)
        ours = [sys.executable, "-m", "musl_audit", "index", "-q", "--on", python, "--index", url, "--"]
        for number in range(PAIRS):
            environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tools), "PIP_CONFIG_FILE": os.devnull}
            environment |= {"PIP_INDEX_URL": url, "MUSL_AUDIT_CACHE_DIR": f"{folder}/cache{number}"}
            environment |= {"PYTHONPYCACHEPREFIX": f"{folder}/compiled"}
            for name, before in (("direct", []), ("through", ours), ("again", ours)):
                install = [python, "-m", "pip", "install", "-q", "--no-deps", "--no-cache-dir"]
                command = [*before, *install, "--prefix", f"{folder}/{number}-{name}", *PLAIN, "numpy"]
                taken = _taken(command, environment)
                if number:  # the first round compiles
                    clock[name].append(taken[0])
                    work[name].append(taken[1])
    yield f"* `pip install` of {len(wheels)} wheels of which none is broken, from nginx, under a real musl Python:"
    yield f"  {median(clock['direct']):.1f} s; through `musl-audit index` {_more(clock, 'through')} by the clock, with"
    yield f"  verdicts kept {_more(clock, 'again')}; of CPU {_more(work, 'through')} and {_more(work, 'again')}"
    yield f"  (medians of {PAIRS - 1} pairs)."


def _taken(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """Return how long *command* takes by the clock, and how much of CPU with all that it starts."""
    before, started = os.times(), time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = os.times()
    work = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - started, work


def _more(times: dict[str, list[float]], name: str) -> str:
    """Return how much longer it took, by the median of pairs."""
    return f"{median(one / other for one, other in zip(times[name], times['direct'], strict=True)) - 1:+.0%}"


if __name__ == "__main__":
    print(*costs(), sep="\n")
