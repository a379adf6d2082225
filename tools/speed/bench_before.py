"""
Measure what `show` of one wheel costs, and how facts are judged, against another commit in the same run.

``make bench BEFORE=COMMIT``, or by itself ``python -m tools.speed.bench_before COMMIT``. Both are built and installed
as users have them. Start-up is what the smallest wheel costs: what `show` of another wheel costs beyond it is compared.
"""

import argparse
import io
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tools.speed import bench_facts
from tools.speed.costs import CORPUS, ROOT, WITHOUT_ZLIB_NG, best_of, geometric_mean, in_turns, installed, run

SMALLEST = "markupsafe-3.0.4-cp312-cp312-musllinux_1_2_x86_64.whl"
NOW, BEFORE = "now", "before"


def installed_commit(commit: str) -> Path:
    """Return the Python of a new environment with the musl-audit of *commit*."""
    directory = ROOT / ".cache" / "bench-before"
    shutil.rmtree(directory, ignore_errors=True)
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as source:
        source.extractall(directory / "source", filter="data")
    return installed(directory / "source", directory)


def section(python: Path, commit: str, wheels: Sequence[Path], turns: int) -> str:
    """Return a section of the page: *python* has the musl-audit of today."""
    pythons = {NOW: python, BEFORE: installed_commit(commit)}
    costs: dict[str, dict[str, float]] = {}
    for wheel in (CORPUS / SMALLEST, *wheels):
        ask = {
            name: partial(run, [it, "-I", "-c", WITHOUT_ZLIB_NG, "show", "--json", "--isolated", wheel])
            for name, it in pythons.items()
        }
        costs[wheel.name] = {name: cost.cpu for name, cost in best_of(in_turns(ask, turns)).items()}
    bare = best_of(in_turns({"bare": partial(run, [python, "-I", "-c", "pass"])}, turns))["bare"].cpu
    start = costs.pop(SMALLEST)
    # What is as small as the smallest tells nothing but noise.
    worth = [cost for cost in costs.values() if cost[BEFORE] > 1.2 * start[BEFORE]]
    ratio = geometric_mean([(cost[NOW] - start[NOW]) / (cost[BEFORE] - start[BEFORE]) for cost in worth])
    facts = bench_facts.section(python, turns, pythons[BEFORE])
    return (
        f"## Against another commit\n\nEach measured beside `{commit}`, in turns.\n\n"
        "| figure | limit | measured |\n|---|---|--:|\n"
        f"| CPU of `show` of one wheel beyond that of the smallest, over the commit's (geometric mean of {len(worth)}) "
        f"| at most 1.05 | **{ratio:.2f}** |\n"
        f"| `show` of the smallest beyond a bare Python, the commit's | | {(start[NOW] - bare) * 1000:.0f} ms, "
        f"{(start[BEFORE] - bare) * 1000:.0f} ms |\n"
        f"{facts}\n"
    )


def main() -> int:
    """Measure, and print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth wheel")
    options = parser.parse_args()
    python = installed(ROOT, ROOT / ".cache" / "bench")
    wheels = sorted(CORPUS.glob("*x86_64.whl"))[:: options.every]
    print(section(python, options.commit, wheels, options.turns))
    return 0


if __name__ == "__main__":
    sys.exit(main())
