"""What a process costs, and the costs of several contenders that are asked in turns: what the benchmarks share."""

import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / ".cache" / "corpus"
WITH_ZLIB_NG = "from musl_audit.cli import command; command()"
WITHOUT_ZLIB_NG = f"import sys; sys.modules['zlib_ng'] = None; {WITH_ZLIB_NG}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process and its children used: CPU seconds, seconds by the clock, and peak resident memory in MiB."""

    cpu: float
    wall: float
    memory: float


def run(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None, *, must_work: bool = False
) -> Cost:
    """
    Return what *command* used; its output goes nowhere.

    Its exit code is its own business, except where it *must_work*: then end with what it said, for a figure of
    something that failed means nothing.
    """
    with tempfile.TemporaryFile() as said:
        output = said if must_work else subprocess.DEVNULL
        started = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if must_work and process.returncode:
            said.seek(0)
            sys.exit(f"{command}: {said.read().decode(errors='replace')}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def run_beside(command: Sequence[str | Path]) -> float:
    """Return the seconds that two processes of *command* take beside each other."""
    started = time.perf_counter()
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
    for process in processes:
        process.wait()
    return time.perf_counter() - started


def installed(source: Path, directory: Path, *others: str, extras: str = "fast") -> Path:
    """Return the Python of a new environment in *directory* with the wheel of *source*, *extras* and *others*."""
    shutil.rmtree(directory / "dist", ignore_errors=True)
    shutil.rmtree(directory / "venv", ignore_errors=True)
    python = directory / "venv" / "bin" / "python"
    _quietly(sys.executable, "-m", "build", "--quiet", "--outdir", directory / "dist", source)
    _quietly(sys.executable, "-m", "venv", directory / "venv")
    (wheel,) = (directory / "dist").glob("*.whl")
    _quietly(python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", f"{wheel}[{extras}]", *others)
    return python


def _quietly(*command: str | Path) -> None:
    """Run a step of the preparation; what it prints is of interest only if it fails."""
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode:
        sys.exit(f"{command}: {done.stdout}{done.stderr}")


def geometric_mean(values: Sequence[float]) -> float:
    """Return the geometric mean of positive *values*."""
    return math.exp(sum(map(math.log, values)) / len(values))


def in_turns(contenders: Mapping[str, Callable[[], Cost]], turns: int) -> dict[str, list[Cost]]:
    """Return the costs of each contender, in every turn."""
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for _ in range(turns):
        for name, ask in contenders.items():
            costs[name].append(ask())
    return costs


def best_of(costs: Mapping[str, Sequence[Cost]]) -> dict[str, Cost]:
    """Return the lowest figures of each contender."""
    return {
        name: Cost(min(c.cpu for c in taken), min(c.wall for c in taken), min(c.memory for c in taken))
        for name, taken in costs.items()
    }
