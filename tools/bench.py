"""
Measure musl-audit against auditwheel and against the floor, in one run, and write docs/benchmarks.md.

The floor is a bare Python that opens the zip, finds ELF files by their magic and inflates them: nobody who looks into
a wheel can do less. Every question is one process; what counts is its CPU time, user and system, and its peak memory.
Each question is asked in turns, and the best of the turns is taken: what else the machine does can only add.
"""

import argparse
import csv
import math
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / ".cache" / "corpus"
FLOOR = """\
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    for entry in archive.infolist():
        with archive.open(entry) as member:
            if member.read(4) == b"\\x7fELF":
                member.read()
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process used: CPU seconds and peak resident memory in MiB."""

    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Row:
    """The costs of one wheel, by contender; ``largest`` is its largest member in MiB."""

    wheel: str
    size: float
    largest: float
    costs: dict[str, Cost]


def run(command: Sequence[str]) -> Cost:
    """Return what *command* used; its output goes nowhere, its exit code is the contender's business."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def contenders(python: str, auditwheel: str) -> dict[str, Callable[[Path], list[str]]]:
    """Return the command of each contender for a wheel."""
    without_zlib_ng = "import sys; sys.modules['zlib_ng'] = None; from musl_audit.cli import command; command()"
    return {
        "floor": lambda wheel: [python, "-I", "-c", FLOOR, str(wheel)],
        "musl-audit, zlib": lambda wheel: [python, "-c", without_zlib_ng, "show", "--json", "--isolated", str(wheel)],
        "musl-audit, zlib-ng": lambda wheel: [python, "-m", "musl_audit", "show", "--json", "--isolated", str(wheel)],
        "auditwheel": lambda wheel: [auditwheel, "show", str(wheel)],
    }


def measure(wheel: Path, commands: dict[str, Callable[[Path], list[str]]], turns: int) -> Row:
    """Return the best cost of each contender for *wheel*, asked in turns."""
    import zipfile

    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(turns):
        for name, command in commands.items():
            costs[name].append(run(command(wheel)))
    with zipfile.ZipFile(wheel) as archive:
        largest = max(entry.file_size for entry in archive.infolist())
    best = {
        name: Cost(min(cost.cpu for cost in taken), min(cost.memory for cost in taken)) for name, taken in costs.items()
    }
    return Row(wheel.name, wheel.stat().st_size / 2**20, largest / 2**20, best)


def geometric_mean(values: Sequence[float]) -> float:
    """Return the geometric mean of positive *values*."""
    return math.exp(sum(map(math.log, values)) / len(values))


def corpus_wheels(arch: str) -> list[Path]:
    """Return the downloaded wheels of the corpus for *arch*, in the order of the list; complain about missing ones."""
    with (ROOT / "tools" / "data" / "corpus.csv").open(newline="") as file:
        names = [row["file"] for row in csv.DictReader(file) if row["arch"] == arch]
    missing = [name for name in names if not (CORPUS / name).exists()]
    if missing:
        sys.exit(f"{len(missing)} wheels of the corpus are missing, {missing[0]} first: run `make corpus`")
    return [CORPUS / name for name in names]


def table(rows: Sequence[Row]) -> str:
    """Return the costs of every wheel as a table."""
    names = list(rows[0].costs)
    lines = [
        "| wheel | MB | "
        + " | ".join(f"{name}, ms" for name in names)
        + " | ÷ floor | peak MB, of which largest member |",
        "|---|--:|" + "--:|" * len(names) + "--:|--:|",
    ]
    for row in rows:
        ours = row.costs["musl-audit, zlib"]
        cells = [f"{row.costs[name].cpu * 1000:.0f}" for name in names]
        lines.append(
            f"| {row.wheel} | {row.size:.1f} | {' | '.join(cells)} | "
            f"{ours.cpu / row.costs['floor'].cpu:.2f} | {ours.memory:.0f}, {row.largest:.0f} |"
        )
    return "\n".join(lines)


def summary(rows: Sequence[Row]) -> str:
    """Return the figures that the limits are about."""

    def total(name: str) -> float:
        return sum(row.costs[name].cpu for row in rows)

    ratios = [row.costs["musl-audit, zlib"].cpu / row.costs["floor"].cpu for row in rows]
    beyond = max(row.costs["musl-audit, zlib"].memory - row.largest for row in rows)
    plain, fast = total("musl-audit, zlib") / total("auditwheel"), total("musl-audit, zlib-ng") / total("auditwheel")
    return "\n".join(
        (
            f"- CPU of `show --json` over the floor, geometric mean with zlib: **{geometric_mean(ratios):.2f}**",
            f"- Total CPU over auditwheel's, with zlib: **1/{1 / plain:.1f}**",
            f"- Total CPU over auditwheel's, with zlib-ng: **1/{1 / fast:.1f}**",
            f"- Peak memory beyond the largest member, worst wheel: **{beyond:.0f} MB**",
        )
    )


def main() -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--auditwheel", default=str(ROOT / ".venv" / "bin" / "auditwheel"))
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    options = parser.parse_args()
    commands = contenders(sys.executable, options.auditwheel)
    rows = []
    for wheel in corpus_wheels("x86_64"):
        rows.append(measure(wheel, commands, options.turns))
        print(f"{wheel.name}: " + ", ".join(f"{name} {cost.cpu:.3f} s" for name, cost in rows[-1].costs.items()))
    page = (
        "# Benchmarks\n\n"
        "Written by `make bench`; do not edit.\n\n"
        f"Every x86_64 wheel of the corpus ({len(rows)}), each contender in a process of its own, the best of "
        f"{options.turns} turns; CPU time, user and system. "
        f"Python {platform.python_version()}, {os.cpu_count()} cores. "
        "The floor is a bare Python that opens the zip, finds ELF by magic and inflates it.\n\n"
        f"{summary(rows)}\n\n{table(rows)}\n"
    )
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(page)
    print(summary(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
