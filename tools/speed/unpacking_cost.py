"""
What unpacking costs: bytes of each library, compressed bytes of each wheel, and milliseconds.

Measured on the wheels of the corpus with packed relocations, so after ``make corpus``:
``python -m tools.speed.unpacking_cost``.
"""

import statistics
import sys
import time
import zipfile
import zlib
from dataclasses import dataclass

from tools.evidence.corpus import read_corpus

from musl_audit.repair.relr import unpack_relocations

LEVEL = 6  # of compression, as repair's default


@dataclass(frozen=True, slots=True)
class Cost:
    """One library of one wheel: bytes before and after, as they are and compressed, and the seconds it took."""

    name: str
    sizes: tuple[int, int]
    compressed: tuple[int, int]
    seconds: float

    @property
    def growth(self) -> float:
        """How much larger it is, in hundredths of what it was."""
        return 100 * (self.sizes[1] - self.sizes[0]) / self.sizes[0]


def costs_of(wheel: zipfile.ZipFile) -> list[Cost]:
    """Return the cost of each file of *wheel* that has packed relocations."""
    costs = []
    for member in wheel.infolist():
        data = wheel.read(member)
        if data[:4] != b"\x7fELF":
            continue
        start = time.perf_counter()
        result = unpack_relocations(data)
        seconds = time.perf_counter() - start
        if result is data:
            continue
        before, after = (len(zlib.compress(each, LEVEL)) for each in (data, result))
        costs.append(Cost(member.filename.rpartition("/")[2], (len(data), len(result)), (before, after), seconds))
    return costs


def main() -> int:
    """Print a line for each wheel, and the extremes among the libraries."""
    rows = [row for row in read_corpus() if "DT_RELR" in row.why]
    if absent := [row.wheel.file for row in rows if not row.path.exists()]:
        print(f"{len(absent)} wheels are not there, first {absent[0]}; run `make corpus`")
        return 1
    everything = []
    for row in rows:
        with zipfile.ZipFile(row.path) as wheel:
            costs = costs_of(wheel)
        everything += costs
        grown = sum(cost.compressed[1] - cost.compressed[0] for cost in costs)
        print(
            f"{row.wheel.file}: {len(costs)} files, {grown / 1000:+.1f} kB compressed, {100 * grown / row.size:+.1f} %"
        )
    times = [1000 * cost.seconds for cost in everything]
    print(f"{len(everything)} libraries; median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms")
    for what, cost in (("least", min(everything, key=growth)), ("most", max(everything, key=growth))):
        print(f"grows {what}: {cost.name}, {cost.sizes[1] - cost.sizes[0]:+} bytes, {cost.growth:+.1f} %")
    return 0


def growth(cost: Cost) -> float:
    """Return how much larger a library is, in hundredths."""
    return cost.growth


if __name__ == "__main__":
    sys.exit(main())
