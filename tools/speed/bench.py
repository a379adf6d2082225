"""
Measure musl-audit against auditwheel and against the floor, in one run, and write docs/benchmarks.md.

The floor is a bare Python that opens the zip, finds ELF files by their magic and inflates them: nobody who looks into
a wheel can do less. What is measured is the wheel that ``make build`` would ship, installed into an environment of its
own beside auditwheel. Every question is one process; what counts is its CPU time, user and system, and its peak memory.
Contenders are asked in turns, and the best of the turns is taken: whatever else the machine does can only add.

The corpus as a whole is asked for twice: a process for each wheel, which is how auditwheel takes them, and one command
for all of them (ADR 0014 says why both).
"""

import argparse
import csv
import os
import platform
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.speed import bench_before, bench_facts, bench_repair, profile_stages
from tools.speed.costs import (
    CORPUS,
    ROOT,
    WITH_ZLIB_NG,
    WITHOUT_ZLIB_NG,
    Cost,
    best_of,
    geometric_mean,
    in_turns,
    installed,
    run,
    run_beside,
)

AUDITWHEEL = "6.8.2"
FLOOR = """\
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    for entry in archive.infolist():
        with archive.open(entry) as member:
            if member.read(4) == b"\\x7fELF":
                member.read()
"""
# What a batch cannot do without: the same members inflated, and the same two digests, of the file and of the members.
FLOOR_OF_ALL = """\
import sys, zipfile
from hashlib import sha256
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        sha256(file.read()).digest()
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as member:
                head = member.read(4)
                if head == b"\\x7fELF":
                    sha256(head + member.read()).digest()
"""
FLOOR_WITH_ZLIB_NG = f"import sys; from zlib_ng import zlib_ng; sys.modules['zlib'] = zlib_ng\n{FLOOR}"
RUN_AUDITWHEEL = "import sys; from auditwheel.main import main; sys.exit(main())"
PROFILED = (
    "numpy-2.5.5-cp312-cp312-musllinux_1_2_x86_64.whl",
    "markupsafe-3.0.4-cp312-cp312-musllinux_1_2_x86_64.whl",
)
FLOOR_NAME, FAST_FLOOR_NAME = "floor, zlib", "floor, zlib-ng"
PLAIN, FAST, OTHER = "musl-audit, zlib", "musl-audit, zlib-ng", "auditwheel"


@dataclass(frozen=True, slots=True)
class Row:
    """The costs of one wheel, by contender; ``size`` and ``largest``, of its largest member, in MiB."""

    wheel: str
    size: float
    largest: float
    best: Mapping[str, Cost]
    spread: float  # median of the turns over the best of them, of all contenders on average


def contenders(python: Path) -> dict[str, list[str | Path]]:
    """Return the command of each contender, to which the wheel is added; all are isolated from the surroundings."""
    ours = ["show", "--json", "--isolated"]
    return {
        FLOOR_NAME: [python, "-I", "-c", FLOOR],
        FAST_FLOOR_NAME: [python, "-I", "-c", FLOOR_WITH_ZLIB_NG],
        PLAIN: [python, "-I", "-c", WITHOUT_ZLIB_NG, *ours],
        FAST: [python, "-I", "-c", WITH_ZLIB_NG, *ours],
        OTHER: [python, "-I", "-c", RUN_AUDITWHEEL, "show"],
    }


def measure(wheel: Path, commands: Mapping[str, Sequence[str | Path]], turns: int) -> Row:
    """Return the best cost of each contender for *wheel*."""
    costs = in_turns({name: partial(run, [*command, wheel]) for name, command in commands.items()}, turns)
    with zipfile.ZipFile(wheel) as archive:
        largest = max(entry.file_size for entry in archive.infolist())
    best = best_of(costs)
    spreads = [statistics.median(cost.cpu for cost in taken) / best[name].cpu for name, taken in costs.items()]
    return Row(wheel.name, wheel.stat().st_size / 2**20, largest / 2**20, best, statistics.mean(spreads))


def corpus_wheels(arch: str) -> list[Path]:
    """Return the downloaded wheels of the corpus for *arch*, in the order of the list; complain about missing ones."""
    with (ROOT / "tools" / "data" / "corpus.csv").open(newline="") as file:
        names = [row["file"] for row in csv.DictReader(file) if row["arch"] == arch]
    missing = [name for name in names if not (CORPUS / name).exists()]
    if missing:
        sys.exit(f"{len(missing)} wheels of the corpus are missing, {missing[0]} first: run `make corpus`")
    return [CORPUS / name for name in names]


def version_of(python: Path, project: str) -> str:
    """Return the version of *project* in the environment of *python*."""
    code = f"import importlib.metadata; print(importlib.metadata.version({project!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, check=True, text=True).stdout.strip()


# --- Figures ----------------------------------------------------------------------------------------------


def total(rows: Sequence[Row], name: str) -> float:
    """Return the CPU seconds of a contender over all wheels."""
    return sum(row.best[name].cpu for row in rows)


def over_floor(rows: Sequence[Row], name: str) -> float:
    """Return the geometric mean of a contender's CPU over the floor's."""
    return geometric_mean([row.best[name].cpu / row.best[FLOOR_NAME].cpu for row in rows])


def start_up(python: Path, turns: int) -> tuple[float, float]:
    """Return the CPU milliseconds of a bare Python, and of ``--version``."""
    script: list[str | Path] = [python.with_name("musl-audit"), "--version"]
    best = best_of(in_turns({"bare": partial(run, [python, "-c", "pass"]), "version": partial(run, script)}, turns * 4))
    return best["bare"].cpu * 1000, best["version"].cpu * 1000


@dataclass(frozen=True, slots=True)
class Together:
    """The costs of all wheels in one command: of the floor, in one process with zlib and with zlib-ng, on two cores."""

    floor: Cost
    plain: Cost
    fast: Cost
    two_jobs: Cost
    beside: float  # seconds that two processes need for all wheels each: what two cores are worth at that time


def several_wheels(python: Path, wheels: Sequence[Path], turns: int) -> Together:
    """Return the best cost of each way to ask about all *wheels* at once."""
    asked = contenders(python)
    alone = [*asked[PLAIN], "--jobs", "1", *wheels]
    ways = {
        FLOOR_NAME: partial(run, [python, "-c", FLOOR_OF_ALL, *wheels]),
        PLAIN: partial(run, alone),
        FAST: partial(run, [*asked[FAST], "--jobs", "1", *wheels]),
        "two": partial(run, [*asked[PLAIN], "--jobs", "2", *wheels]),
    }
    best = best_of(in_turns(ways, turns))
    beside = min(run_beside(alone) for _ in range(turns))
    return Together(best[FLOOR_NAME], best[PLAIN], best[FAST], best["two"], beside)


# --- The page -----------------------------------------------------------------------------------------------


def summary(rows: Sequence[Row], together: Together) -> str:
    """Return the figures that the limits are about."""
    worst = max(rows, key=lambda row: row.best[PLAIN].memory - row.largest)
    beyond = worst.best[PLAIN].memory - worst.largest
    kept = together.plain.memory - max(row.largest for row in rows)
    plain_ratio = over_floor(rows, PLAIN)
    theirs = total(rows, OTHER)
    batch = "CPU of all wheels in one process over the floor that inflates and digests the same, with zlib"
    whole = "CPU for all wheels over auditwheel's"

    def share(seconds: float) -> str:
        return f"1/{theirs / seconds:.1f}"

    def shares(*names: str) -> str:
        return ", ".join(share(total(rows, name)) for name in names)

    return "\n".join(
        (
            "| figure | limit | measured |",
            "|---|---|--:|",
            f"| {batch} | at most 1.15 | **{together.plain.cpu / together.floor.cpu:.2f}** |",
            f"| CPU of `show --json` over the floor, a process for each, with zlib | | {plain_ratio:.2f} |",
            f"| the same with zlib-ng, over the floor with zlib | | {over_floor(rows, FAST):.2f} |",
            f"| {whole}, one command, with zlib | at most 1/4 | **{share(together.plain.cpu)}** |",
            f"| the same with zlib-ng | at most 1/6 | **{share(together.fast.cpu)}** |",
            f"| {whole}, a process for each, with zlib, with zlib-ng | | {shares(PLAIN, FAST)} |",
            f"| the floor's, a process for each, with zlib, with zlib-ng | | {shares(FLOOR_NAME, FAST_FLOOR_NAME)} |",
            f"| peak memory beyond the largest member ({worst.wheel}) | at most 40 MB | **{beyond:.0f} MB** |",
            f"| the same of one process for all wheels, which the C library lets grow | | {kept:.0f} MB |",
        )
    )


def table(rows: Sequence[Row]) -> str:
    """Return the costs of every wheel as a table."""
    names = list(rows[0].best)
    titles = [f"{name}, ms" for name in names]
    lines = [
        f"| wheel | MB | {' | '.join(titles)} | zlib ÷ floor | peak MB | largest member, MB |",
        "|---|--:|" + "--:|" * len(names) + "--:|--:|--:|",
    ]
    for row in rows:
        ours = row.best[PLAIN]
        cells = " | ".join(f"{row.best[name].cpu * 1000:.0f}" for name in names)
        ratio = ours.cpu / row.best[FLOOR_NAME].cpu
        lines.append(
            f"| {row.wheel} | {row.size:.1f} | {cells} | {ratio:.2f} | {ours.memory:.0f} | {row.largest:.1f} |"
        )
    totals = " | ".join(f"{total(rows, name) * 1000:.0f}" for name in names)
    return "\n".join([*lines, f"| all | {sum(row.size for row in rows):.1f} | {totals} | | | |"])


def page(rows: Sequence[Row], together: Together, python: Path, turns: int, before: str) -> str:
    """Return the whole page; *before* is its section about another commit."""
    bare, version = start_up(python, turns)
    one, two = together.plain.wall, together.two_jobs.wall
    spread = statistics.mean(row.spread for row in rows) - 1
    return (
        "# Benchmarks\n\nWritten by `make bench`; do not edit.\n\n"
        f"Every x86_64 wheel of the corpus ({len(rows)}), each contender in a process of its own, the best of {turns} "
        "turns; CPU time, user and system. The floor is a bare Python that opens the zip, finds ELF files by their "
        "magic and inflates them. musl-audit is the built wheel, installed beside "
        f"auditwheel {AUDITWHEEL} and pyelftools {version_of(python, 'pyelftools')}. "
        f"Python {platform.python_version()}, {os.cpu_count()} cores; the median of the turns was {spread:.0%} above "
        "the best of them.\n\n"
        f"{summary(rows, together)}\n"
        f"| `--version` beyond a bare Python | at most 40 ms | **{version - bare:.1f} ms** "
        f"({version:.1f}, {bare:.1f}) |\n"
        f"| `--jobs 2` on all of them, by the clock | at least 1.8 times as fast | **{one / two:.2f}** "
        f"({one:.2f} s, {two:.2f} s; two separate processes: {2 * one / together.beside:.2f}) |\n"
        f"{bench_facts.section(python, turns)}\n"
        "auditwheel takes one wheel at a time, so its figure for all of them is always that of a process for each. "
        "With a process for each, nobody can reach a quarter of it where the floor does not: see "
        "[ADR 0014](adr/0014-two-ways-to-count-a-corpus.md). "
        "Surveys have [a page of their own](benchmarks-survey.md).\n\n"
        "## Where the time goes\n\nCPU time in one process, its imports where they happen.\n\n"
        f"{profile_stages.table(python, [CORPUS / name for name in PROFILED])}\n\n"
        f"{before}{bench_repair.section(turns)}\n"
        f"## Every wheel\n\n{table(rows)}\n"
    )


def main() -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", metavar="COMMIT", help="compare with that, too")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    options = parser.parse_args()
    python = installed(ROOT, ROOT / ".cache" / "bench", f"auditwheel=={AUDITWHEEL}")
    wheels = corpus_wheels("x86_64")
    commands = contenders(python)
    rows = []
    for wheel in wheels:
        rows.append(measure(wheel, commands, options.turns))
        costs = ", ".join(f"{name} {cost.cpu * 1000:.0f} ms" for name, cost in rows[-1].best.items())
        print(f"{wheel.name}: {costs}", flush=True)
    together = several_wheels(python, wheels, options.turns)
    before = bench_before.section(python, options.before, wheels, options.turns) if options.before else ""
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(page(rows, together, python, options.turns, before))
    print(summary(rows, together))
    return 0


if __name__ == "__main__":
    sys.exit(main())
