"""
How long `musl-audit env` takes for a site-packages of 100 packages with 1,000 binaries, against reading them at all.

The floor is a bare loop in a Python of its own that opens and reads the same binaries; the two take turns, and each is
told by its cheapest round. The tool runs as an installer leaves it, its modules compiled. ``make installed``
fetches the wheels: ``python -m tools.speed.bench_installed [DIRECTORY]`` prints what ``docs/reference/env.md`` says.
"""

import os
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from tests.support.musl_python import musl_python
from tools.evidence.installed import DIRECTORY

PACKAGES, BINARIES = 100, 1000
ROUNDS = 5
LOOP = """
import sys
for path in open(sys.argv[1]).read().splitlines():
    with open(path, "rb") as file:
        file.read()
"""
LAUNCHER = """
import os, sys, time
begins = time.perf_counter()
nowhere = os.open(os.devnull, os.O_WRONLY)
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 1)])
_, _, usage = os.wait4(process, 0)
print(usage.ru_utime + usage.ru_stime, time.perf_counter() - begins, usage.ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took."""

    cpu: float  # seconds, of all its processes
    clock: float
    memory: int  # bytes, of the largest process


def fill(site: Path) -> tuple[int, list[Path]]:
    """Lay out wheels in *site*, each in a folder of its own, until it is full; return packages and binaries."""
    wheels = sorted(DIRECTORY.glob("*.whl"))
    packages, binaries = 0, list[Path]()
    for wheel in cycle(wheels):
        if packages >= PACKAGES and len(binaries) >= BINARIES:
            return packages, binaries
        packages += 1
        binaries += unpack(wheel, site, f"p{packages}")
    return packages, binaries


def unpack(wheel: Path, site: Path, prefix: str) -> list[Path]:
    """Lay out *wheel* below *site*, its packages in the folder *prefix*; return its binaries."""
    found = []
    with zipfile.ZipFile(wheel) as archive:
        rows = []
        for member in archive.infolist():
            first, _, rest = member.filename.partition("/")
            if member.is_dir() or first.endswith(".data"):
                continue
            is_about = first.endswith(".dist-info")
            name = f"{prefix}_{first}/{rest}" if is_about else f"{prefix}/{member.filename}"
            data = archive.read(member)
            place = site / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            rows.append(f"{name},,{len(data)}\n")
            if data.startswith(b"\x7fELF"):
                found.append(place)
        (record,) = (row.partition(",")[0] for row in rows if row.split(",")[0].endswith(".dist-info/RECORD"))
        (site / record).write_text("".join(rows))
    return found


def environment(folder: Path) -> Path:
    """Make a virtual environment of the real CPython for musl, and return its interpreter."""
    real = musl_python("1.2.5", lambda need: sys.exit(f"needs {need}"))
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(real)
    (folder / "pyvenv.cfg").write_text(f"home = {real.parent}\n")
    return python


def costs(commands: Sequence[Sequence[str | Path]], compiled: Path) -> list[Cost]:
    """Return the least that each of *commands* took in a few rounds; they take turns."""
    rounds = [[_once(command, compiled) for command in commands] for _ in range(ROUNDS)]
    return [
        Cost(min(run.cpu for run in runs), min(run.clock for run in runs), max(run.memory for run in runs))
        for runs in zip(*rounds, strict=True)
    ]


def _once(command: Sequence[str | Path], compiled: Path) -> Cost:
    """Return what one run took; a small process starts it, since Linux has a process begin with its parent's memory."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    told = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER, *command],
        stdout=subprocess.PIPE,
        check=True,
        env=environment | {"PYTHONPYCACHEPREFIX": str(compiled)},
    )
    cpu, clock, memory = map(float, told.stdout.split())
    return Cost(cpu, clock, int(memory) * 1024)


def main(arguments: list[str]) -> int:
    """Measure and print."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(dir=arguments[0] if arguments else None) as scratch:
        python = environment(Path(scratch))
        site = python.parents[1] / "lib" / "python3.11" / "site-packages"
        packages, binaries = fill(site)
        listed = Path(scratch, "list")
        listed.write_text("\n".join(map(str, binaries)))
        env: list[str | Path] = [sys.executable, "-m", "musl_audit", "env", python, "--isolated", "--jobs"]
        compiled = Path(scratch, "compiled")
        loop, one, two = costs(([sys.executable, "-c", LOOP, listed], [*env, "1"], [*env, "2"]), compiled)
        total, largest = sum(path.stat().st_size for path in binaries), max(path.stat().st_size for path in binaries)
    print(f"{packages} packages, {len(binaries)} binaries, {total / 1e6:.0f} MB, the largest {largest / 1e6:.0f} MB")
    print(f"bare loop: {loop.cpu:.2f} s of CPU, {loop.clock:.2f} s by the clock")
    for jobs, found in ((1, one), (2, two)):
        above = (found.memory - largest) / 1e6
        print(
            f"env --jobs {jobs}: {found.cpu:.2f} s of CPU ({found.cpu / loop.cpu:.1f} ×), {found.clock:.2f} s by the "
            f"clock, {found.memory / 1e6:.0f} MB ({above:.0f} above the largest file)"
        )
    print(f"two jobs: {one.clock / two.clock:.2f} times as fast")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
