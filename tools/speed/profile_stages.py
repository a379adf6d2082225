"""
Where the time of one wheel goes, by stage, measured inside one process: ``python -m tools.speed.profile_stages WHEEL``.

Each stage is what ``show --json`` does, in its order; imports are counted where they happen. It is asked in fresh
processes, and the best of the turns is taken for each stage. Reading and inflating are interleaved in a real run, where
digests are taken piece by piece: here inflating is measured on its own, with the same bytes.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

STAGES = ("start", "open", "find", "inflate", "read", "judge", "report")
MEANING = {
    "start": "Python itself, imports of the command line, its options",
    "open": "the directory, the local headers, the digest of the whole file",
    "find": "the first bytes of every member",
    "inflate": "binaries, with their checksums",
    "read": "their digests held against RECORD, ELF files",
    "judge": "policies, the loader model, rules, verdict",
    "report": "JSON",
}
WORK = """\
import gc, io, json, sys, time
gc.set_threshold(100_000)
if sys.argv[2] == "zlib":
    sys.modules["zlib_ng"] = None
taken = {}
def stage(name):
    now = time.process_time()
    taken[name] = taken.get(name, 0.0) + now - stage.since
    stage.since = time.process_time()
stage.since = 0.0

from musl_audit.cli.dispatch import CommandParser
from musl_audit.cli.commands import show
parser = CommandParser("show", "")
show.add_arguments(parser)
options = parser.read(["--json", "--isolated", sys.argv[1]])
run = show.AuditRun("show", options)
stage("start")

from musl_audit.adapters.archive.zips import open_wheel
with open_wheel(sys.argv[1]) as archive:
    archive.sha256
    stage("open")
    binaries = [member for member in archive.members if archive.head(member)[:4] == b"\\x7fELF"]
    stage("find")
    data = {member: archive.read(member) for member in binaries}
    stage("inflate")
    from musl_audit.wheel.extract import extract
    archive.head = lambda member: data.get(member, b"")[:64]
    def inflated(members, hasher_of):
        for member in members:
            hasher = hasher_of(member)
            if hasher:
                hasher.update(data[member])
            yield member, hasher, iter((data.pop(member),))
    archive.each = inflated
    facts = extract(archive)
    stage("read")
from musl_audit.judging.audit import judge
report = judge(facts, run.catalog, run.settings)
stage("judge")
from musl_audit.reporters.rows import dump, report_row
dump(report_row(report))
stage("report")
print(json.dumps(taken))
"""


def stages(python: Path, wheel: Path, *, library: str, turns: int = 7) -> dict[str, float]:
    """Return the CPU seconds of each stage for *wheel*, inflated by *library* (``zlib`` or ``zlib-ng``)."""
    taken = []
    for _ in range(turns):
        done = subprocess.run([python, "-I", "-c", WORK, wheel, library], capture_output=True, check=True, text=True)
        taken.append(json.loads(done.stdout))
    return {stage: min(turn[stage] for turn in taken) for stage in STAGES}


def table(python: Path, wheels: Sequence[Path]) -> str:
    """Return what each stage of *wheels* takes, as a table."""
    columns = [(wheel, library) for wheel in wheels for library in ("zlib", "zlib-ng")]
    measured = [stages(python, wheel, library=library) for wheel, library in columns]
    titles = [f"{'-'.join(wheel.name.split('-')[:2])}, {library}, ms" for wheel, library in columns]
    lines = [f"| stage | {' | '.join(titles)} | what it is |", "|---|" + "--:|" * len(columns) + "---|"]
    for stage in STAGES:
        cells = " | ".join(f"{column[stage] * 1000:.1f}" for column in measured)
        lines.append(f"| {stage} | {cells} | {MEANING[stage]} |")
    totals = " | ".join(f"{sum(column.values()) * 1000:.1f}" for column in measured)
    return "\n".join([*lines, f"| all | {totals} | |"])


if __name__ == "__main__":
    sys.stdout.write(table(Path(sys.executable), [Path(argument) for argument in sys.argv[1:]]) + "\n")
