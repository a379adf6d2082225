"""
What musl's loaders and a real CPython make of real wheels before and after ``musl-audit repair``.

Writes the tables of ``docs/explanation/before-and-after.md`` between its two marks. Needs ``make corpus``,
``make musl-python`` and what ``python -m tools.evidence.real_wheels`` fetches; loaders of other architectures run under
qemu.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.installed_wheels import ask_wheel, installed
from tests.support.loaders import Answer, Loader, Outcome, all_loaders, what_is_missing
from tests.support.musl_python import RELEASES, directory
from tools.evidence.corpus import CorpusRow, read_corpus
from tools.evidence.real_wheels import MISSING, ROOT, RealWheel, install, read_list, repaired, run
from tools.evidence.real_wheels import needed as needed_wheels
from tools.evidence.seen import fetched as fetched_wheels

from musl_audit import examine, judge, load_catalog, read_facts
from musl_audit.model import MuslVersion, Report, Severity

PAGE = ROOT / "docs" / "explanation" / "before-and-after.md"
BEGIN, END = "<!-- make before-after writes from here … -->", "<!-- … to here -->"
SEGFAULT = -11
TURNS = 5  # of a measurement, the shortest of which counts
REWRITING = ("--strip",)  # every binary is written anew then, with polyfills and without
COSTS = """\
CPU of `repair`, and of `repair --no-polyfill --warn`, the tools that they run included. Without polyfills most of these
wheels are copied as they are, so that the first figures are what it takes to rewrite and to compress a binary; with
`--strip` both write every binary anew, and the rest is what polyfills cost (—: what strip makes of it is refused).

| wheel | polyfills | added, compressed | with, without: ratio | the same with `--strip` |
|---|---|---|---|---|""".splitlines()
Answers = dict[str, str]  # by release: works, crashes, refused


@dataclass(frozen=True, slots=True)
class Comparison:
    """One wheel before and after: the lowest musl that we say it needs, and what became of it on each release."""

    name: str
    needs: tuple[str, str]
    before: Answers
    after: Answers
    note: str = ""


def loaded(row: CorpusRow, loaders: Iterable[Loader], scratch: Path) -> Comparison:
    """Return what *loaders* make of a wheel of the corpus; what no repair can mend is in the note."""
    answer = repaired(row.path, scratch / "out")
    note = ""
    if answer.returncode:  # repaired all the same, for a floor that it can keep
        note = next(line.strip() for line in answer.stderr.splitlines() if " MUSL" in line)
        note = note[note.index("MUSL") :].partition(";")[0]
        answer = repaired(row.path, scratch / "out", "--floor", "1.2.3")
        answer.check_returncode()
    (result,) = (scratch / "out").iterdir()
    before = _asked(row.path, row.arch, loaders, scratch / "before")
    after = _asked(result, row.arch, loaders, scratch / "after")
    return Comparison(row.wheel.file, (needed(row.path), needed(result)), before, after, note)


def needed(wheel: Path) -> str:
    """Return the musl that we say *wheel* needs."""
    lowest: MuslVersion | None = judge(read_facts(str(wheel)), load_catalog()).verdict.required_musl
    return str(lowest) if lowest else "none"


def _asked(wheel: Path, arch: str, loaders: Iterable[Loader], prefix: Path) -> Answers:
    found = installed(wheel, arch, prefix)
    return {one.release: _word(ask_wheel(one, prefix, found, is_ours=False).answers.values()) for one in loaders}


def _word(answers: Iterable[Answer]) -> str:
    outcomes = {answer.outcome for answer in answers}
    if Outcome.CRASHED in outcomes:
        return "crashes"
    return "works" if outcomes <= {Outcome.OK} else "refused"


def imported(row: RealWheel, rows: dict[str, RealWheel], scratch: Path) -> Comparison:
    """Return what becomes of the import before, and of the work after."""
    repaired(row.path, scratch / "out").check_returncode()
    result = scratch / "out" / row.wheel.file
    others = needed_wheels(row, rows, scratch)
    pythons = {release: directory() / "py" / "bin" / f"python3.11-{release}" for release in RELEASES}
    newest = pythons[RELEASES[-1]]
    sites = [install([wheel, *others], newest, scratch / str(n)) for n, wheel in enumerate((row.path, result))]
    before = {release: run(python, row.work, sites[0]) for release, python in pythons.items()}
    after = {release: run(python, row.work, sites[1]) for release, python in pythons.items()}
    words = {0: "works", SEGFAULT: "crashes"}
    return Comparison(
        row.wheel.file,
        (needed(row.path), needed(result)),
        {release: words.get(done.returncode, "fails") for release, done in before.items()},
        {release: words.get(done.returncode, "fails") for release, done in after.items()},
        note=after[RELEASES[-1]].stdout.strip(),
    )


def table(comparisons: list[Comparison], releases: list[str], last: str) -> Iterator[str]:
    """Yield the lines of a table: a cell says what was, an arrow and what is, or one word where nothing changed."""
    yield f"| wheel | needs musl | {' | '.join(releases)} | {last} |"
    yield "|---" * (len(releases) + 3) + "|"
    for one in comparisons:
        cells = [_change(one.before.get(release, "—"), one.after.get(release, "—")) for release in releases]
        yield f"| {one.name.removesuffix('.whl')} | {_change(*one.needs)} | {' | '.join(cells)} | {one.note} |"


def _change(before: str, after: str) -> str:
    return after if before == after else f"{before} → **{after}**"


def lines() -> Iterator[str]:
    """Yield the generated part of the page."""
    rows = read_list()
    yield "## Imports under a real CPython 3.11"
    yield ""
    imports = []
    for real in filter(lambda real: real.work, rows.values()):
        with tempfile.TemporaryDirectory() as scratch:
            imports.append(imported(real, rows, Path(scratch)))
    yield from table(imports, list(RELEASES), "what it did")
    yield ""
    yield _count("imports", imports)
    yield ""
    yield "## What polyfills cost"
    yield ""
    yield from COSTS
    for real in filter(lambda real: real.work and real.fault == MISSING, rows.values()):
        with tempfile.TemporaryDirectory() as scratch:
            yield _cost(real, Path(scratch))
    yield ""
    yield "## All real wheels that fail `check`"
    yield ""
    with tempfile.TemporaryDirectory() as mended:
        yield from _mended(Path(mended))
    yield ""
    yield "## All wheels of the corpus with packed relocations, under musl's own loaders"
    yield ""
    packed = [row for row in read_corpus() if "DT_RELR" in row.why]
    corpus = []
    for row in packed:
        available = [one for one in all_loaders() if one.arch == row.arch and what_is_missing(one) is None]
        print(row.wheel.file, file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            corpus.append(loaded(row, available, Path(scratch)))
    yield from table(corpus, sorted({release for one in corpus for release in one.before}), "what repair cannot mend")
    yield ""
    yield _count(f"answers of loaders about {len(packed)} wheels", corpus)


def _mended(scratch: Path) -> Iterator[str]:
    """Yield how many of the real wheels that fail ``check`` are mended, and of the others what is in the way."""
    wheels = fetched_wheels()
    reports = [report for report in examine(map(str, wheels)) if isinstance(report, Report)]
    failing = [report for report in reports if any(item.severity is Severity.ERROR for item in report.findings)]
    command = [sys.executable, "-m", "musl_audit", "repair", "--json", "-w", str(scratch)]
    answer = subprocess.run(
        [*command, *(report.path for report in failing)], capture_output=True, text=True, check=False
    )
    rows = json.loads(answer.stdout)["wheels"]
    left = [row for row in rows if row["status"] != "repaired"]
    yield f"Of {len(wheels)} real wheels for musl that were fetched, {len(failing)} fail `check`, and `repair` mends"
    yield f"{len(failing) - len(left)} of these{'. What is left, and why:' if left else '.'}"
    yield from [""] if left else []
    for row in left:
        yield f"* {Path(row['path']).name.removesuffix('.whl')}: {row['reasons'][0].partition(':')[0]}"


def _cost(row: RealWheel, scratch: Path) -> str:
    """Return the line of a table: what was added to a wheel, and the CPU time that it took."""
    plain, rewriting = _compared(row.path, scratch / "plain"), _compared(row.path, scratch / "rewriting", *REWRITING)
    with zipfile.ZipFile(scratch / "plain" / "with0" / row.wheel.file) as archive:
        added = [one for one in archive.infolist() if "/libmusl-polyfill-" in one.filename]
    size = sum(one.compress_size for one in added)
    symbols = ", ".join(one.filename.rpartition("libmusl-polyfill-")[2].rpartition("-")[0] for one in added)
    return f"| {row.wheel.file.removesuffix('.whl')} | {symbols} | {size:,} bytes | {plain} | {rewriting} |"


def _compared(wheel: Path, scratch: Path, *options: str) -> str:
    """Return the CPU times of a repair with polyfills and without, in turns, and their ratio; "—" if it fails."""
    pairs = []
    for turn in range(TURNS):
        with_them = _cpu(wheel, scratch / f"with{turn}", *options)
        without = _cpu(wheel, scratch / f"without{turn}", "--no-polyfill", "--warn", *options)
        if with_them is None or without is None:
            return "—"
        pairs.append((with_them, without))
    best = [min(column) for column in zip(*pairs, strict=True)]
    return f"{best[0]:.2f} s, {best[1]:.2f} s: {best[0] / best[1]:.2f}"


def _cpu(wheel: Path, output: Path, *options: str) -> float | None:
    """Return the CPU time of one repair, in seconds, that of the tools that it runs included; None if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if repaired(wheel, output, *options).returncode:
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _count(what: str, comparisons: list[Comparison]) -> str:
    before, after = ([word for one in comparisons for word in words(one).values()] for words in (_before, _after))
    failures = sum(word == "fails" for word in before)
    crashes = f"Of {len(before)} {what}, {before.count('crashes')} were crashes"
    if not failures:
        return f"{crashes} before and {after.count('crashes')} after."
    left = after.count("crashes") + after.count("fails")
    return f"{crashes} and {failures} failures before; {left or 'none'} is either after."


def _before(comparison: Comparison) -> Answers:
    return comparison.before


def _after(comparison: Comparison) -> Answers:
    return comparison.after


def main() -> None:
    """Write the tables into the page."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each command would compile all that it imports
    text = PAGE.read_text(encoding="utf-8")
    head, tail = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text("\n".join([head + BEGIN, "", *lines(), "", END]) + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
