"""
Measure surveys in one run, and write docs/benchmarks-survey.md.

A mirror of 2,000 wheels is looked at by processes of this machine and by a Dask cluster, again, and again with other
policies; a million verdicts, those of the mirror replayed under new keys, are asked what the documentation asks.
With ``--before COMMIT`` one large wheel is shown by that musl-audit, too. Each is installed as users have it, its
modules compiled. What counts is CPU time, user and system, of all processes, and what the clock says: the machine
should have nothing else to do.
"""

import argparse
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread

from tools.speed import bench_repair
from tools.speed.bench_before import installed_commit
from tools.speed.costs import ROOT, WITH_ZLIB_NG, WITHOUT_ZLIB_NG, Cost, best_of, in_turns, installed, run
from tools.speed.survey_inputs import mirror, other_policies, replayed

from musl_audit.adapters.stores.queries import StoreViews
from musl_audit.adapters.stores.survey import open_store

PAGE = ROOT / "docs" / "benchmarks-survey.md"
STORE_PAGE = ROOT / "docs" / "reference" / "store.md"
SIZES = (10_000, 100_000, 1_000_000)
ONE_MORE = ROOT / "testwheels" / "wheels" / "clean_x86_64-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
WHEELS = 2000
TURNS = 9  # of one large wheel
MIRROR_TURNS = 2
SEVERAL = {
    "numpy-2.5.5-cp312-cp312-musllinux_1_2_x86_64.whl": "one",
    "numpy-2.4.6-cp311-cp311-musllinux_1_2_x86_64.whl": "",
    "grpcio-1.85.1-cp312-cp312-musllinux_1_2_x86_64.whl": "",
    "cryptography-50.0.2-cp311-abi3-musllinux_1_2_x86_64.whl": "",
    "lxml-6.1.3-cp312-cp312-musllinux_1_2_x86_64.whl": "",
}  # what a wheel with several large members is made of
_GLANCE = 0.5  # seconds; what is looked at are peaks, and who looks takes CPU time from who works


@dataclass(frozen=True, slots=True)
class Survey:
    """What a survey cost; ``worker`` is the peak memory of the largest process below the one that was started, MiB."""

    cost: Cost
    worker: float


@dataclass(frozen=True, slots=True)
class Size:
    """A store of some number of verdicts, and what it costs to ask it."""

    wheels: int
    disk: float  # MB, without facts
    report: Cost
    page: float  # kB
    slowest: float  # seconds, of the documented questions
    more: Cost  # of looking at one wheel more


def questions() -> list[str]:
    """Return the questions that the page about the store shows."""
    return re.findall(r"```sql\n(.*?)```", STORE_PAGE.read_text(), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Surveyor:
    """A musl-audit with the extra ``survey``, by the Python that has it."""

    python: Path

    def cost(self, *words: str | Path) -> Cost:
        """Return what `musl-audit survey` with *words* costs."""
        return run([self.python, "-m", "musl_audit", "survey", *words], must_work=True)

    def surveyed(self, *words: str | Path) -> Survey:
        """Return what a survey costs, and what its workers do."""
        with _watched() as peaks:
            cost = run([self.python, "-m", "musl_audit", "survey", *words, "--quiet"])
        return Survey(cost, max(peaks.values(), default=0.0))


@contextmanager
def _watched() -> Iterator[dict[int, float]]:
    """Yield the peak memory, in MiB, of each process two steps below this one, by its number, until the block ends."""
    peaks: dict[int, float] = {}
    ended = Event()

    def watch() -> None:
        while not ended.wait(_GLANCE):
            workers = (worker for child in _children(os.getpid()) for worker in _below(child))
            for worker in workers:
                peaks[worker] = max(peaks.get(worker, 0.0), _peak(worker))

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        ended.set()
        watcher.join()


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except OSError:  # it ended
        pass
    return found


def _below(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _below(child)


def _peak(pid: int) -> float:
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def rows_of(store: Path) -> list[tuple[object, ...]]:
    """Return what a store says, but for times."""
    query = "SELECT path, sha256, kept, loads_on, codes, summary FROM wheels ORDER BY path"
    return StoreViews(open_store(str(store))).rows(query)


# --- The mirror -----------------------------------------------------------------------------------------------


def mirror_section(surveyor: Surveyor, scratch: Path, count: int) -> Iterator[str]:
    """Yield the rows about a mirror of *count* wheels; the store ``processes`` stays."""
    surveyed = surveyor.surveyed
    wheels = mirror(scratch / "mirror", count)
    processes, dask_store = scratch / "processes", scratch / "dask"
    firsts, dasks, judgements = list[Survey](), list[Survey](), list[Survey]()
    for _ in range(MIRROR_TURNS):
        shutil.rmtree(processes, ignore_errors=True)
        firsts.append(surveyed(wheels, "--store", processes, "--jobs", "2"))
        dasks.append(surveyed(wheels, "--store", dask_store, "--jobs", "2", "--scheduler", "local"))
        if rows_of(processes) != rows_of(dask_store):
            sys.exit("Dask's rows are not those of --jobs 2")
        shutil.rmtree(dask_store)
    again = surveyed(wheels, "--store", processes, "--jobs", "2")
    policies = other_policies(scratch / "policies")
    for turn in range(MIRROR_TURNS):
        store = shutil.copytree(processes, scratch / f"judged-{turn}")
        judgements.append(surveyed(wheels, "--store", store, "--jobs", "2", "--policies", policies))
        shutil.rmtree(store)
    first, dask, judged = map(_best, (firsts, dasks, judgements))
    shutil.rmtree(wheels)
    speed = count / first.cost.wall
    each = 1000 * first.cost.cpu / count
    yield f"| {count:,} wheels, `--jobs 2` | | {speed:.0f} a second, {each:.0f} ms of CPU each |"
    yield (
        f"| Dask with two workers, over the throughput of `--jobs 2` | at least 0.85 | "
        f"**{first.cost.wall / dask.cost.wall:.2f}** ({count / dask.cost.wall:.0f} a second) |"
    )
    yield (
        f"| a second run, over the CPU of the first | at most 2% | **{again.cost.cpu / first.cost.cpu:.1%}** "
        f"({again.cost.cpu:.1f} s) |"
    )
    yield (
        f"| judging all of it by other policies, over the CPU of the first | at most 8% | "
        f"**{judged.cost.cpu / first.cost.cpu:.1%}** ({1000 * judged.cost.cpu / count:.1f} ms a wheel) |"
    )
    workers = f"{first.worker:.0f} MB, {dask.worker:.0f} MB, {judged.worker:.0f} MB"
    yield f"| largest worker: `--jobs`, Dask, judging again | at most 250 MB | **{workers}** |"
    facts = sum(path.stat().st_size for path in (scratch / "processes" / "facts").iterdir()) / count
    yield f"| facts on disk, a wheel | | {facts / 1000:.1f} kB |"


def _best(turns: list[Survey]) -> Survey:
    """Return the least of each cost that any of *turns* had, and the largest worker of them all."""
    cost = best_of({"": [turn.cost for turn in turns]})[""]
    return Survey(cost, max(turn.worker for turn in turns))


# --- Stores of any size -----------------------------------------------------------------------------------------


def sized(surveyor: Surveyor, scratch: Path, count: int) -> Size:
    """Return what a store of *count* wheels costs."""
    place = scratch / f"replayed-{count}"
    _apart(_replay, scratch / "processes", place, count)
    page = scratch / "page.html"
    report = surveyor.cost("report", "--store", place, "--output", page)
    slowest = _apart(_slowest, place)
    size = sum(path.stat().st_size for path in place.rglob("*.parquet"))
    more = surveyor.surveyed(ONE_MORE, "--store", place, "--jobs", "1").cost
    shutil.rmtree(place)
    return Size(count, size / 1e6, report, page.stat().st_size / 1000, slowest, more)


def _apart(work: Callable[..., float], *arguments: object) -> float:
    """Return what *work* does in a process of its own: its memory is no part of what is measured of later ones."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def _replay(source: Path, place: Path, count: int) -> float:
    replayed(open_store(str(source)), place, count)
    return 0.0


def _slowest(place: Path) -> float:
    """Return how long the slowest of the documented questions takes whoever has the store open, in seconds."""
    return max(min(_asked(place, text) for _ in range(2)) for text in questions())


def _asked(place: Path, question: str) -> float:
    answers = StoreViews(open_store(str(place)))
    began = time.perf_counter()
    answers.rows(question)
    return time.perf_counter() - began


def sizes_section(sizes: list[Size]) -> Iterator[str]:
    """Yield the table of sizes."""
    yield (
        "| wheels | on disk without facts, MB | `report`, s | its peak memory, MB | page, kB | slowest question, s "
        "| one wheel more, s | its peak memory, MB |"
    )
    yield "|--:|--:|--:|--:|--:|--:|--:|--:|"
    for size in sizes:
        report = f"{size.report.wall:.1f} | {size.report.memory:.0f}"
        more = f"{size.more.wall:.1f} | {size.more.memory:.0f}"
        yield f"| {size.wheels:,} | {size.disk:.1f} | {report} | {size.page:.0f} | {size.slowest:.2f} | {more} |"


# --- One large wheel ----------------------------------------------------------------------------------------------


def threads_section(surveyor: Surveyor, scratch: Path, before: str | None) -> Iterator[str]:
    """Yield the rows about one large wheel, whose members are inflated in threads."""
    if before is None:
        return
    pythons = {"now": surveyor.python, "before": installed_commit(before)}
    for what, parts, limit in (("", SEVERAL, "at most 0.65"), (", most of it in two members", bench_repair.PARTS, "")):
        wheel = bench_repair.make_wheel(scratch, parts)
        for name, code in (("zlib", WITHOUT_ZLIB_NG), ("zlib-ng", WITH_ZLIB_NG)):
            options = ("-c", code, "show", "--json", wheel)
            asked = {who: partial(run, [python, *options]) for who, python in pythons.items()}
            yield from _thread_rows(f"{wheel.stat().st_size / 1e6:.0f} MB{what}, {name}", limit, asked)


def _thread_rows(what: str, limit: str, asked: Mapping[str, Callable[[], Cost]]) -> Iterator[str]:
    best = best_of(in_turns(asked, TURNS))
    now, old = best["now"], best["before"]
    clock = f"**{now.wall / old.wall:.2f}** ({now.wall:.2f} s, {old.wall:.2f} s)"
    yield f"| `show` of a wheel of {what}, over before, by the clock | {limit} | {clock} |"
    memory = f"{now.memory:.0f} MB, {old.memory:.0f} MB"
    yield f"| the same, CPU | at most 1.05 | **{now.cpu / old.cpu:.2f}** ({memory}) |"


def main() -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheels", type=int, default=WHEELS)
    parser.add_argument("--before", metavar="COMMIT", help="show one large wheel by that, too")
    parser.add_argument("--print", action="store_true", help="write the page to stdout")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as folder:
        scratch = Path(folder)
        surveyor = Surveyor(installed(ROOT, scratch / "installed", extras="fast,survey"))
        rows = [*threads_section(surveyor, scratch, options.before), *mirror_section(surveyor, scratch, options.wheels)]
        sizes = [sized(surveyor, scratch, count) for count in SIZES]
    million = sizes[-1]
    report = million.report
    rows += [
        f"| report of {million.wheels:,} verdicts, by the clock | at most 60 s | **{report.wall:.1f} s** |",
        f"| its peak memory | at most 1 GB | **{report.memory:.0f} MB** |",
        f"| slowest of {len(questions())} documented questions to them | at most 1 s | **{million.slowest:.2f} s** |",
    ]
    text = "\n".join(
        [
            "# Benchmarks of surveys",
            "",
            "Written by `make bench-survey`; do not edit. What is measured: `tools/speed/bench_survey.py` says it.",
            "",
            f"Python {platform.python_version()}, {os.cpu_count()} cores.",
            "",
            "| figure | limit | measured |",
            "|---|---|--:|",
            *rows,
            "",
            "## What a store of a size takes",
            "",
            "Verdicts replayed under new keys. Beside them lie the facts, at the size above for each wheel; to read",
            "wheels takes the CPU time above for each, and as long as they take to come.",
            "",
            *sizes_section(sizes),
            "",
        ]
    )
    if options.print:
        sys.stdout.write(text)
    else:
        PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
