"""
Measure a repair against auditwheel's, in one run: a wheel of about 50 MB with one library to graft.

The wheel is put together out of an extension module whose library stands in a directory, and of real wheels of the
corpus (``make corpus``): lxml, grpcio, cryptography, and uv twice.
Each contender is a process of its own; what counts is its CPU time, user and system, its children's included, and
beside it what the clock says. They are asked in turns, and the best of the turns is taken.
"""

import argparse
import os
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from tools.speed.costs import CORPUS, ROOT, WITH_ZLIB_NG, WITHOUT_ZLIB_NG, Cost, best_of, in_turns, run

from musl_audit.wheel.record import digest_of

INPUTS = ROOT / "tests" / "repair_inputs" / "x86_64"
PARTS = {
    "uv-0.13.8-py3-none-musllinux_1_1_x86_64.whl": "one",
    "uv-0.7.8-py3-none-musllinux_1_1_x86_64.whl": "two",
    "lxml-4.9.3-cp311-cp311-musllinux_1_1_x86_64.whl": "",
    "grpcio-1.59.3-cp311-cp311-musllinux_1_1_x86_64.whl": "",
    "cryptography-39.0.2-cp36-abi3-musllinux_1_1_x86_64.whl": "",
}  # and the directory that each goes to
NAME = "single-1.0-cp311-cp311-musllinux_1_1_x86_64.whl"
LIBRARY = "libinner.so.3"


def make_wheel(directory: Path, parts: Mapping[str, str] = MappingProxyType(PARTS)) -> Path:
    """Return the wheel that is repaired, or one of other *parts*: wheels of the corpus, each in a directory."""
    missing = [name for name in parts if not (CORPUS / name).exists()]
    if missing:
        sys.exit(f"{missing[0]} is missing: run `make corpus`")
    wheel = directory / NAME
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as target:
        rows = []
        own = next(INPUTS.glob("single-*.whl"))
        for part, folder in ((own, ""), *((CORPUS / name, folder) for name, folder in parts.items())):
            with zipfile.ZipFile(part) as source:
                for info in source.infolist():
                    is_metadata = ".dist-info/" in info.filename
                    if info.is_dir() or (is_metadata and part is not own) or info.filename.endswith("/RECORD"):
                        continue
                    plain = info.filename.replace(".data/scripts/", "/").replace(".data/platlib/", "/")
                    name = f"{folder}/{plain}".lstrip("/")
                    data = source.read(info)
                    target.writestr(name, data)
                    rows.append(f"{name},sha256={digest_of(data, 'sha256')},{len(data)}\n")
        record = "single-1.0.dist-info/RECORD"
        target.writestr(record, "".join([*rows, f"{record},,\n"]))
    return wheel


def measure(turns: int) -> tuple[float, dict[str, Cost]]:
    """Return the size of the wheel in MB, and the best cost of each contender."""
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        wheel, libraries = make_wheel(directory), directory / "lib"
        libraries.mkdir()
        (libraries / LIBRARY).write_bytes((INPUTS / LIBRARY).read_bytes())
        environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        commands = {
            "musl-audit, zlib": (sys.executable, "-c", WITHOUT_ZLIB_NG, "repair", "--isolated"),
            "musl-audit, zlib-ng": (sys.executable, "-c", WITH_ZLIB_NG, "repair", "--isolated"),
            "auditwheel": (sys.executable, "-m", "auditwheel", "repair"),
        }

        def repair(command: Sequence[str]) -> Cost:
            output = tempfile.mkdtemp(dir=directory)
            return run((*command, "--ldpaths", libraries, "-w", output, wheel), environment, must_work=True)

        best = best_of(in_turns({name: partial(repair, command) for name, command in commands.items()}, turns))
        return wheel.stat().st_size / 1e6, best


def section(turns: int) -> str:
    """Return the part of docs/benchmarks.md about repairs."""
    size, costs = measure(turns)
    theirs = costs["auditwheel"]
    rows = "\n".join(f"| {name} | {cost.cpu:.2f} | {cost.wall:.2f} |" for name, cost in costs.items())
    ratios = "\n".join(
        f"- {name}, over auditwheel's: CPU **1/{theirs.cpu / ours.cpu:.1f}**, clock **1/{theirs.wall / ours.wall:.1f}**"
        for name, ours in costs.items()
        if ours is not theirs
    )
    return (
        "## Repair\n\n"
        f"A wheel of {size:.0f} MB, put together out of real ones, one library to graft and to unpack; the best of "
        f"{turns} turns.\n\n"
        f"{ratios}\n\n"
        f"| | CPU, s | clock, s |\n|---|--:|--:|\n{rows}\n"
    )


def main() -> int:
    """Measure, and print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    print(section(parser.parse_args().turns))
    return 0


if __name__ == "__main__":
    sys.exit(main())
